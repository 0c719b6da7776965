"""96 MiB there and back."""

import hashlib
import os

from transcript import client

s3 = client("s3")
body = os.urandom(1 << 20) * 96
s3.put_object(Bucket="insights", Key="large", Body=body)
digest = hashlib.sha256()
for chunk in s3.get_object(Bucket="insights", Key="large")["Body"].iter_chunks(1 << 20):
    digest.update(chunk)
print("equal" if digest.digest() == hashlib.sha256(body).digest() else "different")
