// What a pod does with the AWS SDK for Java: nothing but the variables of its environment tells it who it is.
//
// An argument `path` keeps buckets in the path of requests; without it they are where the SDK puts them.

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.sts.StsClient;

public class Pod {
    static final String BUCKET = "insights";
    static final String TABLE = "insights";

    public static void main(String[] arguments) {
        try (var sts = StsClient.create()) {
            System.out.println(sts.getCallerIdentity().arn());
        }
        var bodies = new LinkedHashMap<String, byte[]>();
        bodies.put("bytes", "hello".getBytes());
        bodies.put("large", "0123456789abcdef".repeat(1 << 16).getBytes());
        bodies.put("empty", new byte[0]);
        var pathStyle = Arrays.asList(arguments).contains("path");
        try (var s3 = S3Client.builder().forcePathStyle(pathStyle).build()) {
            for (Map.Entry<String, byte[]> object : bodies.entrySet()) {
                var key = "bot/java " + object.getKey();
                s3.putObject(put -> put.bucket(BUCKET).key(key), RequestBody.fromBytes(object.getValue()));
                var got = s3.getObjectAsBytes(get -> get.bucket(BUCKET).key(key)).asByteArray();
                System.out.println(object.getKey() + (Arrays.equals(got, object.getValue()) ? " equal" : " different"));
            }
            var page = s3.listObjectsV2(list -> list.bucket(BUCKET).prefix("bot/java"));
            System.out.println(page.contents().stream()
                .map(object -> object.key() + " " + object.size())
                .collect(Collectors.joining(", ")));
        }
        try (var dynamodb = DynamoDbClient.create()) {
            var pk = AttributeValue.fromS("java");
            dynamodb.putItem(put -> put.tableName(TABLE).item(Map.of("pk", pk, "text", AttributeValue.fromS("hello"))));
            var got = dynamodb.getItem(get -> get.tableName(TABLE).key(Map.of("pk", pk)).consistentRead(true));
            var found = dynamodb.query(query -> query.tableName(TABLE)
                .keyConditionExpression("pk = :pk").expressionAttributeValues(Map.of(":pk", pk)));
            System.out.println("item " + got.item().get("text").s() + ", " + found.count() + " by query");
        }
    }
}
