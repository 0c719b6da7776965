// What a pod does with the AWS SDK for Go: nothing but the variables of its environment tells it who it is.
//
// An argument `path` keeps buckets in the path of requests; without it they are where the SDK puts them.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const (
	bucket = "insights"
	table  = "insights"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	client := awshttp.NewBuildableClient().WithTransportOptions(func(transport *http.Transport) {
		transport.DialContext = dial
	})
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(client))
	if err != nil {
		return err
	}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		return err
	}
	fmt.Println(*who.Arn)
	if err := useBucket(ctx, cfg); err != nil {
		return err
	}
	return useTable(ctx, cfg)
}

func useBucket(ctx context.Context, cfg aws.Config) error {
	objects := s3.NewFromConfig(cfg, func(options *s3.Options) {
		options.UsePathStyle = slices.Contains(os.Args, "path")
	})
	for _, object := range []struct {
		name string
		body []byte
	}{
		{"bytes", []byte("hello")},
		{"large", bytes.Repeat([]byte("0123456789abcdef"), 1<<16)},
		{"empty", nil},
	} {
		key := aws.String("bot/go " + object.name)
		put := &s3.PutObjectInput{Bucket: aws.String(bucket), Key: key, Body: bytes.NewReader(object.body)}
		if _, err := objects.PutObject(ctx, put); err != nil {
			return err
		}
		answer, err := objects.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: key})
		if err != nil {
			return err
		}
		got, err := io.ReadAll(answer.Body)
		if err != nil {
			return err
		}
		verdict := "different"
		if bytes.Equal(got, object.body) {
			verdict = "equal"
		}
		fmt.Println(object.name, verdict)
	}
	list := &s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: aws.String("bot/go")}
	page, err := objects.ListObjectsV2(ctx, list)
	if err != nil {
		return err
	}
	var shown []string
	for _, object := range page.Contents {
		shown = append(shown, fmt.Sprint(*object.Key, " ", *object.Size))
	}
	fmt.Println(strings.Join(shown, ", "))
	return nil
}

func useTable(ctx context.Context, cfg aws.Config) error {
	items := dynamodb.NewFromConfig(cfg)
	pk := &types.AttributeValueMemberS{Value: "go"}
	item := map[string]types.AttributeValue{"pk": pk, "text": &types.AttributeValueMemberS{Value: "hello"}}
	put := &dynamodb.PutItemInput{TableName: aws.String(table), Item: item}
	if _, err := items.PutItem(ctx, put); err != nil {
		return err
	}
	got, err := items.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      aws.String(table),
		Key:            map[string]types.AttributeValue{"pk": pk},
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return err
	}
	found, err := items.Query(ctx, &dynamodb.QueryInput{
		TableName:                 aws.String(table),
		KeyConditionExpression:    aws.String("pk = :pk"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":pk": pk},
	})
	if err != nil {
		return err
	}
	text, ok := got.Item["text"].(*types.AttributeValueMemberS)
	if !ok {
		return fmt.Errorf("the item is %v", got.Item)
	}
	fmt.Printf("item %s, %d by query\n", text.Value, found.Count)
	return nil
}

// Every name under `localhost` is loopback here, as RFC 6761 has it and few resolvers do: it stands in for the wildcard
// in DNS by which buckets have names of their own. Nothing else is dialled, so that a test tells what would have been.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if host != "127.0.0.1" && host != "localhost" && !strings.HasSuffix(host, ".localhost") {
		return nil, fmt.Errorf("not on loopback: %s", address)
	}
	return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
}
