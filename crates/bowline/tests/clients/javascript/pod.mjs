// What a pod does with the AWS SDK for JavaScript: nothing but the variables of its environment tells it who it is.
//
// An argument `path` keeps buckets in the path of requests; without it they are where the SDK puts them.

import { Readable } from "node:stream";

import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const Bucket = "insights";
const TableName = "insights";
const large = Buffer.alloc(1 << 20, "0123456789abcdef");

const { Arn } = await new STSClient().send(new GetCallerIdentityCommand());
console.log(Arn);

const s3 = new S3Client({ forcePathStyle: process.argv.includes("path") });
for (const [name, given, body] of [
  ["bytes", "hello", Buffer.from("hello")],
  ["stream", Readable.from([large.subarray(0, 100_000), large.subarray(100_000)]), large],
  ["empty", "", Buffer.alloc(0)],
]) {
  const Key = `bot/js ${name}`;
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: given, ContentLength: body.length }));
  const answer = await s3.send(new GetObjectCommand({ Bucket, Key }));
  const got = await answer.Body.transformToByteArray();
  console.log(name, body.equals(got) ? "equal" : "different");
}
const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "bot/js" }));
console.log(Contents.map(({ Key, Size }) => `${Key} ${Size}`).join(", "));

const dynamodb = new DynamoDBClient();
const Key = { pk: { S: "js" } };
await dynamodb.send(new PutItemCommand({ TableName, Item: { ...Key, text: { S: "hello" } } }));
const { Item } = await dynamodb.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
const { Count } = await dynamodb.send(
  new QueryCommand({ TableName, KeyConditionExpression: "pk = :pk", ExpressionAttributeValues: { ":pk": Key.pk } }),
);
console.log(`item ${Item.text.S}, ${Count} by query`);
