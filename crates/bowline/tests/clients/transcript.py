"""Clients that never retry, and a transcript of what they called and what they got.

The transcript is what a test compares: one line a call, the answer as JSON with its members in order, or the error's
status, code and message. Secrets are replaced, ids and times are left to the test's own filters.
"""

import json
import os

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

CONFIG = Config(retries={"max_attempts": 0, "mode": "standard"}, connect_timeout=5, read_timeout=60)
SECRETS = ("SecretAccessKey", "SessionToken")


def client(service, key=None, **more):
    """A client of the server that `AWS_ENDPOINT_URL` names, with an access key that was made, or the credentials of the environment."""
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]} if key else {}
    return boto3.client(service, config=CONFIG.merge(Config(**more)), **keys)


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*"):
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def shown(value):
    """The value without what differs from run to run for no reason that a test could check."""
    if isinstance(value, dict):
        return {
            k: "[secret]" if k in SECRETS else shown(v)
            for k, v in sorted(value.items())
            if k not in ("ResponseMetadata", "HostId")
        }
    if isinstance(value, list):
        return [shown(v) for v in value]
    if isinstance(value, (str, int, bool)) or value is None:
        return value
    return str(value)


def given(value):
    """A parameter as it is shown: data by its type alone."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value)
    except TypeError:
        return f"({type(value).__name__})"


def call(operation, **parameters):
    """Calls a bound method of a client, prints the call and its outcome, and gives the answer or `None`."""
    arguments = " ".join(f"{k}={given(v)}" for k, v in parameters.items())
    try:
        answer = operation(**parameters)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        print(f"{operation.__name__} {arguments}\n  {status} {error.response['Error']['Code']}: {error.response['Error'].get('Message', '')}")
        return None
    print(f"{operation.__name__} {arguments}\n  {json.dumps(shown(answer), ensure_ascii=False)}")
    return answer


ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
