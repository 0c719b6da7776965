"""Calls services that the endpoint does not serve, one for each protocol, with boto3 and the AWS CLI."""

import subprocess

import boto3
from botocore.exceptions import ClientError

CALLS = [
    ("autoscaling", "describe_auto_scaling_groups", {}),
    ("ec2", "describe_instances", {}),
    ("sqs", "list_queues", {}),
    ("kms", "list_keys", {}),
    ("secretsmanager", "list_secrets", {}),
    ("organizations", "describe_organization", {}),
    ("resourcegroupstaggingapi", "get_resources", {}),
    ("cloudwatch", "list_metrics", {}),
    ("lambda", "list_functions", {}),
    ("eks", "list_clusters", {}),
    ("route53", "list_hosted_zones", {}),
    ("sesv2", "list_contact_lists", {}),
]

for service, operation, arguments in CALLS:
    try:
        getattr(boto3.client(service), operation)(**arguments)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        identified = "with" if error.response["ResponseMetadata"].get("RequestId") else "without"
        found = error.response["Error"]
        print(f"{service}: {status} {found['Code']} {identified} id: {found['Message']}")

for arguments in (["lambda", "list-functions"], ["ec2", "describe-instances"], ["resourcegroupstaggingapi", "get-resources"]):
    ended = subprocess.run(["aws", *arguments], capture_output=True, text=True)
    print(f"aws {arguments[0]}: {ended.returncode} {ended.stderr.strip()}")
