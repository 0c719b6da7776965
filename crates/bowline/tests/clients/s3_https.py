"""Objects there and back over https, by the web identity of the environment: as bytes, as a stream, and empty."""

import io

from transcript import client

print(client("sts").get_caller_identity()["Arn"])
s3 = client("s3")
large = bytes(range(256)) * 4096
for key, given, body in (("bytes", b"hello", b"hello"), ("stream", io.BytesIO(large), large), ("empty", b"", b"")):
    s3.put_object(Bucket="insights", Key=f"bot/{key}", Body=given)
    answer = s3.get_object(Bucket="insights", Key=f"bot/{key}")
    print(key, "equal" if answer["Body"].read() == body else "different")
