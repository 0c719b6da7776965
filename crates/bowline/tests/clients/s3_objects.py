"""Buckets and objects as boto3 sends them over plain HTTP: put, get, head, list, range, stream, delete."""

import hashlib
import io

from transcript import call, client

s3 = client("s3")


def got(**parameters):
    answer = s3.get_object(**parameters)
    body = answer["Body"].read()
    print(f"get_object {parameters} -> {answer['ResponseMetadata']['HTTPStatusCode']} {body[:20]!r} of {len(body)}, {answer['ContentType']}, {answer['Metadata']}, {answer['ETag']}")
    return body


call(s3.create_bucket, Bucket="docs")
call(s3.create_bucket, Bucket="docs")
print([bucket["Name"] for bucket in s3.list_buckets()["Buckets"]])
print("head_bucket", s3.head_bucket(Bucket="docs")["ResponseMetadata"]["HTTPStatusCode"])
call(s3.head_bucket, Bucket="nowhere")
call(s3.get_bucket_location, Bucket="docs")

call(s3.put_object, Bucket="docs", Key="a b/ü+c.txt", Body=b"hello", ContentType="text/x-test", Metadata={"k": "v"}, CacheControl="no-cache")
got(Bucket="docs", Key="a b/ü+c.txt")
got(Bucket="docs", Key="a b/ü+c.txt", Range="bytes=1-3")
head = s3.head_object(Bucket="docs", Key="a b/ü+c.txt")
print(head["ContentLength"], head["ContentType"], head["Metadata"], head["CacheControl"], head["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"')
call(s3.get_object, Bucket="docs", Key="none")
call(s3.head_object, Bucket="docs", Key="none")
call(s3.put_object, Bucket="nowhere", Key="a", Body=b"x")

stream = io.BytesIO(bytes(range(256)) * 4096)
call(s3.put_object, Bucket="docs", Key="stream", Body=stream)
print(got(Bucket="docs", Key="stream") == stream.getvalue())
call(s3.put_object, Bucket="docs", Key="empty", Body=b"")
got(Bucket="docs", Key="empty")

for n in range(12):
    s3.put_object(Bucket="docs", Key=f"many/{n % 3}/{n:02}", Body=b"x")
pages = s3.get_paginator("list_objects_v2").paginate(Bucket="docs", Prefix="many/", PaginationConfig={"PageSize": 5})
print([[entry["Key"] for entry in page["Contents"]] for page in pages])
folders = s3.list_objects_v2(Bucket="docs", Delimiter="/")
print([folder["Prefix"] for folder in folders["CommonPrefixes"]], [entry["Key"] for entry in folders["Contents"]])
print([folder["Prefix"] for folder in s3.list_objects_v2(Bucket="docs", Prefix="many/", Delimiter="/")["CommonPrefixes"]])
print([entry["Key"] for entry in s3.list_objects_v2(Bucket="docs", StartAfter="many/2/05")["Contents"]])
print(s3.list_objects_v2(Bucket="docs", Prefix="nothing")["KeyCount"])

call(s3.delete_bucket, Bucket="docs")
for page in s3.get_paginator("list_objects_v2").paginate(Bucket="docs"):
    for entry in page["Contents"]:
        s3.delete_object(Bucket="docs", Key=entry["Key"])
print("delete_object", s3.delete_object(Bucket="docs", Key="none")["ResponseMetadata"]["HTTPStatusCode"])
print("delete_bucket", s3.delete_bucket(Bucket="docs")["ResponseMetadata"]["HTTPStatusCode"])
call(s3.delete_bucket, Bucket="docs")
