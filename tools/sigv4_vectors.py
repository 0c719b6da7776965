#!/usr/bin/env python3
"""Writes crates/aws/tests/sigv4_suite/botocore.txt: requests signed by botocore, an independent signer.

Needs botocore (`pip install botocore`). Seeded, so that it writes the same file each time; run it again when the cases change.
"""

import datetime
import pathlib
import random
from unittest import mock

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

OUT = pathlib.Path(__file__).parent.parent / "crates/aws/tests/sigv4_suite/botocore.txt"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW = datetime.datetime(2026, 11, 24, 1, 2, 3, tzinfo=datetime.timezone.utc)
ALPHABET = "abcXYZ019-._~ !*'()+/%&=?#:@,;$[]|^`{}<>\"\\éü漢𝄞"


def text(rng, most, alphabet=ALPHABET):
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(1, most)))


def quoted(raw, keep):
    kept = set(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~" + keep)
    return "".join(chr(b) if b in kept else f"%{b:02X}" for b in raw.encode())


def case(rng, number):
    service = rng.choice(["s3", "s3", "sts", "iam", "dynamodb", "execute-api"])
    region = rng.choice(["us-east-1", "ap-east-1", "eu-central-2"])
    method = rng.choice(["GET", "PUT", "POST", "DELETE", "HEAD"])
    # S3 signs an escaped slash as a slash, and its clients never escape one.
    keep = b"/" if service == "s3" else b""
    path = "/" + "/".join(quoted(text(rng, 8), keep) for _ in range(rng.randint(0, 4)))
    if service != "s3":
        path += rng.choice(["", "/", "/./", "/../a", "//b"])
    elif rng.random() < 0.3:
        path += rng.choice(["//", "/./x", "/../y"])
    params = {text(rng, 6): text(rng, 6) for _ in range(rng.randint(0, 4))}
    if rng.random() < 0.3:
        params[rng.choice(["acl", "delete", "list-type"])] = ""
    body = "" if method in ("GET", "HEAD", "DELETE") else text(rng, 30, "abc=&{}\": 1")
    headers = {"Host": rng.choice(["127.0.0.1:9400", "bucket.localhost:9400", "sts.amazonaws.com"])}
    for name in rng.sample(["Content-Type", "X-Amz-Meta-Team", "X-Custom", "Range", "X-Amz-Target"], rng.randint(0, 4)):
        headers[name] = rng.choice(["a  b", " lead", "a,b", "trail  ", "DynamoDB_20120810.GetItem", "x\ty"])
    query = "&".join(f"{quoted(k, b'')}={quoted(v, b'')}" for k, v in params.items())
    url = "http://" + headers["Host"] + path
    request = AWSRequest(method=method, url=url, params=params, data=body.encode(), headers=headers)
    if service == "s3":
        # What the S3 client sets when it signs the payload over plain http.
        request.context["payload_signing_enabled"] = True
        request.context["client_config"] = None
    credentials = Credentials("AKIAIOSFODNN7EXAMPLE", SECRET, rng.choice([None, "FwoGZXIvYXdzEB//EXAMPLETOKEN=="]))
    signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(credentials, service, region)
    with mock.patch("botocore.auth.get_current_datetime", return_value=NOW):
        signer.add_auth(request)
    lines = [f"case {number}-{service}", f"request {method} {path}{'?' + query if query else ''}"]
    lines += [f"header {name}:{value}" for name, value in request.headers.items()]
    if body:
        lines.append(f"body {body}")
    return "\n".join(lines) + "\n"


def main():
    rng = random.Random(20261124)
    OUT.write_text("\n".join(case(rng, number) for number in range(80)))


if __name__ == "__main__":
    main()
