"""S3 through clients that sign in other ways than boto3: requests with requests-aws4auth, minio, and the AWS SDK for C++ in pyarrow."""

import io
import os
from urllib.parse import urlparse

import requests
from minio import Minio
from pyarrow import fs
from requests_aws4auth import AWS4Auth

URL = os.environ["AWS_ENDPOINT_URL"]
KEY, SECRET = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
# What signers write in different ways in a path.
AWKWARD = "dt=2026-07-12/T19:30 (1)+&@$,;!*'~.csv"


def code(text):
    return text.partition("<Code>")[2].partition("<")[0]


def shown(name, call):
    try:
        print(name, call())
    except Exception as error:
        print(name, getattr(error, "code", None) or str(error).partition(": ")[0])


def refused(call):
    try:
        call()
    except OSError as error:
        return error


def by_requests(key, auth):
    url = f"{URL}/insights/{key}"
    put = requests.put(url, data=b"hello", auth=auth)
    return put.status_code, code(put.text) or requests.get(url, auth=auth).text


# The last two are refused, as on AWS: this signer leaves out what follows a semicolon, and does not take a plus sign for a space.
for key in ("plain", "a=b", "19:30", "report(1).pdf", "a b", "a&b", "a@b", "it's", "a!b*c", "a$b,c;d", "a+b"):
    shown(f"requests-aws4auth {key}:", lambda: by_requests(key, AWS4Auth(KEY, SECRET, "us-east-1", "s3")))
shown("requests-aws4auth, unknown key:", lambda: by_requests("plain", AWS4Auth("test", SECRET, "us-east-1", "s3")))
shown("requests-aws4auth, wrong secret:", lambda: by_requests("plain", AWS4Auth(KEY, "test", "us-east-1", "s3")))
shown("requests-aws4auth, wrong service:", lambda: by_requests("plain", AWS4Auth(KEY, SECRET, "us-east-1", "sts")))
shown("requests-aws4auth, no region:", lambda: by_requests("plain", AWS4Auth(KEY, SECRET, "", "s3")))

minio = Minio(urlparse(URL).netloc, KEY, SECRET, secure=False)
shown("minio, bucket:", lambda: minio.make_bucket("by-minio"))
shown("minio, abroad:", lambda: minio.make_bucket("by-minio-abroad", location="eu-west-1"))
shown("minio, exists:", lambda: minio.bucket_exists("by-minio"))
shown("minio, put:", lambda: minio.put_object("by-minio", AWKWARD, io.BytesIO(b"hello"), 5).etag)
shown("minio, get:", lambda: minio.get_object("by-minio", AWKWARD).data)
shown("minio, empty:", lambda: minio.put_object("by-minio", "empty", io.BytesIO(b""), 0).etag)
shown("minio, list:", lambda: [entry.object_name for entry in minio.list_objects("by-minio", recursive=True)])
shown("minio, none:", lambda: minio.stat_object("by-minio", "none"))
shown("minio, unknown key:", lambda: Minio(urlparse(URL).netloc, "minioadmin", SECRET, secure=False).list_buckets())


def arrow(secret):
    return fs.S3FileSystem(
        endpoint_override=URL, region="us-east-1", access_key=KEY, secret_key=secret, allow_delayed_open=True, allow_bucket_creation=True
    )


def write(files, key, data):
    with files.open_output_stream(f"by-arrow/{key}") as stream:
        stream.write(data)


files = arrow(SECRET)
shown("pyarrow, bucket:", lambda: files.create_dir("by-arrow"))
shown("pyarrow, put:", lambda: write(files, AWKWARD, b"hello"))
shown("pyarrow, empty:", lambda: write(files, "empty", b""))
shown("pyarrow, get:", lambda: files.open_input_file(f"by-arrow/{AWKWARD}").read())
shown("pyarrow, none:", lambda: files.get_file_info("by-arrow/none").type.name)
shown("pyarrow, list:", lambda: sorted(entry.path for entry in files.get_file_info(fs.FileSelector("by-arrow", recursive=True))))
shown("pyarrow, wrong secret:", lambda: "SIGNATURE_DOES_NOT_MATCH" in str(refused(lambda: write(arrow("test"), "a", b"a"))))
