"""Logins by a call of GetCallerIdentity that the client signs and a verifier sends: presigned, as
`aws eks get-token` and aws-iam-authenticator do, and signed in headers, as Vault's clients do."""

import base64
import os
import re

import boto3
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.signers import RequestSigner

URL = os.environ["AWS_ENDPOINT_URL"] + "/"
session = boto3.Session()
sts = session.client("sts")


def show(name, response):
    what = re.search(r"<(?:Arn|Message)>([^<]*)", response.text)
    code = re.search(r"<Code>([^<]*)", response.text)
    print(f"{name}: {response.status_code} {code[1] + ': ' if code else ''}{(what[1] if what else response.text)[:110]}")


url = sts.generate_presigned_url("get_caller_identity", Params={}, ExpiresIn=60, HttpMethod="GET")
show("presigned", requests.get(url))
show("presigned, in JSON", requests.get(url, headers={"Accept": "application/json"}))
show("presigned, with a changed action", requests.get(url.replace("GetCallerIdentity", "GetAccessKeyInfo")))
show("presigned, with a body", requests.get(url, data="Action=AssumeRole"))
show("presigned, as a POST", requests.post(url))
show("presigned, with an added parameter", requests.get(url + "&AccessKeyId=AKIA"))
show("presigned, with an added header", requests.get(url, headers={"X-Amz-Added": "a"}))

# The token of aws-iam-authenticator: `k8s-aws-v1.` and the URL, without its padding.
signer = RequestSigner(
    sts.meta.service_model.service_id, "us-east-1", "sts", "v4", session.get_credentials(), session.events
)
call = {
    "method": "GET",
    "url": URL + "?Action=GetCallerIdentity&Version=2011-06-15",
    "body": {},
    "headers": {"x-k8s-aws-id": "cluster-1"},
    "context": {},
}
url = signer.generate_presigned_url(call, region_name="us-east-1", expires_in=60, operation_name="")
token = "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
encoded = token.removeprefix("k8s-aws-v1.")
url = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
show("token", requests.get(url, headers={"x-k8s-aws-id": "cluster-1"}))
show("token for another cluster", requests.get(url, headers={"x-k8s-aws-id": "cluster-2"}))
show("token without its cluster", requests.get(url))
unbound = sts.generate_presigned_url("get_caller_identity", Params={}, ExpiresIn=60, HttpMethod="GET")
show("token that names no cluster", requests.get(unbound, headers={"x-k8s-aws-id": "cluster-1"}))

# Vault's client sends URL, body and headers of a signed POST to Vault, which sends them to STS.
body = "Action=GetCallerIdentity&Version=2011-06-15"
headers = {
    "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
    "X-Vault-AWS-IAM-Server-ID": "vault.example.com",
}
request = AWSRequest(method="POST", url=URL, data=body, headers=headers)
SigV4Auth(session.get_credentials(), "sts", "us-east-1").add_auth(request)
signed = dict(request.headers.items())
show("Vault", requests.post(URL, data=body, headers=signed))
show("Vault, in JSON", requests.post(URL, data=body, headers=signed | {"Accept": "application/json"}))
signed["X-Vault-AWS-IAM-Server-ID"] = "other.example.com"
show("Vault, for another server", requests.post(URL, data=body, headers=signed))

for service, operation in (("iam", "list_roles"), ("dynamodb", "list_tables"), ("s3", "list_buckets")):
    client = session.client(service)
    url = client.generate_presigned_url(operation, HttpMethod="GET")
    show(f"presigned, of {service}", requests.get(url))
