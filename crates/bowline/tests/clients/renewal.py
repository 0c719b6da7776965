"""One pod through the hours, under a clock that it moves itself: when it asks STS, and with which keys it signs.

Its clock is the server's: both read the file that FAKETIME_TIMESTAMP_FILE names.
"""

import os
import re
import urllib.request

import boto3
from botocore.exceptions import ClientError
from transcript import CONFIG

# The offset of the test's own clock in seconds.
START = int(os.environ["CLOCK_START"])
CALLS = re.compile(r'^bowline_calls_total\{service="sts",.*\} (\d+)$', re.MULTILINE)


def move_to(minutes):
    """Moves the clock to so many minutes after its start."""
    path = os.environ["FAKETIME_TIMESTAMP_FILE"]
    with open(path + ".new", "w") as file:
        file.write(f"{START + minutes * 60:+}s\n")
    os.replace(path + ".new", path)


def asked():
    """How often STS was asked for anything, by what the server counts."""
    with urllib.request.urlopen(os.environ["OPS_URL"] + "/metrics") as answer:
        return sum(int(count) for count in CALLS.findall(answer.read().decode()))


def keys(session):
    frozen = session.get_credentials().get_frozen_credentials()
    return frozen.access_key, frozen.secret_key, frozen.token


def still(key, secret, token):
    """What becomes of a request that is signed with credentials of before."""
    kept = {"aws_access_key_id": key, "aws_secret_access_key": secret, "aws_session_token": token}
    try:
        boto3.client("s3", config=CONFIG, **kept).get_object(Bucket="insights", Key="bot/renewed")
        return "good"
    except ClientError as error:
        return error.response["Error"]["Code"]


session = boto3.Session()
s3 = session.client("s3", config=CONFIG)
seen = []
for minutes in (0, 1, 30, 44, 46, 59, 61, 89, 92, 240):
    move_to(minutes)
    s3.put_object(Bucket="insights", Key="bot/renewed", Body=str(minutes).encode())
    now = keys(session)
    if now not in seen:
        seen.append(now)
    before = ", ".join(still(*old) for old in seen if old != now)
    print(f"minute {minutes}: STS asked {asked()}, credentials {seen.index(now) + 1}, those of before {before or 'none'}")
