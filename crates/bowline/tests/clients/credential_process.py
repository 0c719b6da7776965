"""A profile whose credentials come from `bowline service credentials`: taken, used, and renewed by boto3 itself."""

from datetime import datetime, timezone

import boto3
from transcript import CONFIG

session = boto3.Session()
credentials = session.get_credentials()
print(credentials.method)
print(session.client("sts", config=CONFIG).get_caller_identity()["Arn"])
print(session.client("s3", config=CONFIG).get_object(Bucket="insights", Key="bot/a")["Body"].read().decode())

first = credentials.get_frozen_credentials().access_key
assert credentials.get_frozen_credentials().access_key == first, "they are kept while they are good"
# As if they were about to end.
credentials._expiry_time = datetime.now(timezone.utc)
assert credentials.get_frozen_credentials().access_key != first, "they are renewed before they end"
print(session.client("sts", config=CONFIG).get_caller_identity()["Arn"])
