"""boto3 and the AWS CLI before and after `bowline keyring rotate --revoke`: what they keep, and how they get new credentials."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from botocore.exceptions import ClientError
from transcript import CONFIG

POD = {
    "AWS_ROLE_ARN": os.environ["ROLE_ARN"],
    "AWS_WEB_IDENTITY_TOKEN_FILE": os.environ["TOKEN_FILE"],
    "AWS_ROLE_SESSION_NAME": "pod",
}
os.environ |= POD

import boto3  # noqa: E402, after the variables that it reads


def outcome(s3, kind):
    calls = {"s3": lambda c: c.list_objects_v2(Bucket="insights", Prefix="bot/"), "dynamodb": lambda c: c.list_tables(), "sts": lambda c: c.get_caller_identity()}
    try:
        calls[kind](s3)
        return "good"
    except ClientError as error:
        return error.response["Error"]["Code"]


def boto(session):
    return ", ".join(f"{kind} {outcome(session.client(kind, config=CONFIG), kind)}" for kind in ("s3", "sts", "dynamodb"))


def plain():
    """The environment without the pod's variables. A faked clock is among the others."""
    return {k: v for k, v in os.environ.items() if k not in POD}


def cli(variables):
    """The command with a cache of its own, in a home of its own."""
    aws = [str(Path(sys.executable).parent / "aws"), "sts", "get-caller-identity", "--query", "Account", "--output", "text"]
    done = subprocess.run(aws, env=plain() | variables, capture_output=True, text=True)
    return "good" if done.returncode == 0 else done.stderr.split("(")[1].split(")")[0]


def revoke():
    root = {"AWS_ACCESS_KEY_ID": os.environ["ROOT_ID"], "AWS_SECRET_ACCESS_KEY": os.environ["ROOT_SECRET"], "AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"], "AWS_CONFIG_FILE": "/dev/null"}
    subprocess.run([os.environ["BOWLINE"], "keyring", "rotate", "--revoke"], env=plain() | root, check=True, capture_output=True)


profile = {"AWS_PROFILE": "pod", "AWS_CONFIG_FILE": os.environ["PROFILE_FILE"]}
session = boto3.Session()
print("boto3, before:", boto(session))
print("aws of the variables, before:", cli(POD))
print("aws of a profile, before:", cli(profile))
revoke()
print("boto3, after:", boto(session))
print("boto3, once more:", boto(session))
print("boto3, a new session:", boto(boto3.Session()))
print("aws of the variables, after:", cli(POD))
print("aws of a profile, after:", cli(profile))
shutil.rmtree(Path(os.environ["HOME"]) / ".aws/cli/cache", ignore_errors=True)
print("aws of a profile, without its cache:", cli(profile))
