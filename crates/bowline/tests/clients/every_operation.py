"""Asks for every operation of IAM, STS and DynamoDB that botocore has a model of, and lets botocore read the answers.

MODE says how: `built` (good requests by root), `unauthenticated` (not signed), `unauthorized` (by a user without
policies), `malformed` (without a required member, or with one out of its bounds) or `nothing` (with every optional
member that has a value that asks for nothing, one at a time and all together). It prints a line for each outcome,
with the operations that ended so.
"""

import os
import re
from collections import defaultdict

import botocore
from botocore.exceptions import ClientError
from transcript import client

MODE = os.environ["MODE"]

# Members whose bounds do not say what a usable value looks like.
GIVEN = {
    "AccessKeyId": "AKIAY34FZKBOKMUTVV7A",
    "RoleArn": "arn:aws:iam::432797229265:role/probe",
    "PrincipalArn": "arn:aws:iam::432797229265:saml-provider/probe",
    "TargetPrincipal": "432797229265",
    "PolicyArn": "arn:aws:iam::432797229265:policy/probe",
    "Url": "https://probe.example.org",
    "EntityArns": ["arn:aws:iam::432797229265:role/probe"],
    "WebIdentityToken": "probe",
    "OpenIDConnectProviderArn": "arn:aws:iam::432797229265:oidc-provider/probe.example.org",
    "Path": "/",
    "NewPath": "/",
    "PathPrefix": "/",
    "ThumbprintList": ["a" * 40],
    "VersionId": "v1",
    "EntityPath": "o-a1b2c3d4e5/r-f6g7h8",
    "Permissions": {"PolicyTemplateArn": "arn:aws:iam::aws:policy/probe"},
    "Properties": {"probe/probe": "probe"},
    "ResourceArn": "arn:aws:dynamodb:us-east-1:432797229265:table/probe",
    "TaskPolicyArn": {"arn": "arn:aws:iam::aws:policy/root-task/probe"},
}
# Members of operations whose shapes do not say what a usable request looks like.
KEY = {"pk": {"S": "a"}}
PARAMETERS = {
    "BatchGetItem": {"RequestItems": {"probe": {"Keys": [KEY]}}},
    "BatchWriteItem": {"RequestItems": {"probe": [{"DeleteRequest": {"Key": KEY}}]}},
    "TransactGetItems": {"TransactItems": [{"Get": {"TableName": "probe", "Key": KEY}}]},
    "TransactWriteItems": {"TransactItems": [{"Delete": {"TableName": "probe", "Key": KEY}}]},
    "CreateTable": {"TableName": "table", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]},
}
# What a good request may be answered with where what it names is not there, or is there already; a token that is none; and
# root, which assumes no role.
EXPECTED = ("EntityAlreadyExists", "InvalidIdentityToken", "NoSuchEntity", "ResourceNotFoundException")
REFUSED_TO_ROOT = ("AssumeRole",)
DOCUMENT = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}'
TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}'


def value(name, shape):
    """The smallest value that the model accepts."""
    if name in GIVEN:
        return GIVEN[name]
    if shape.type_name == "structure":
        return members(shape)
    if shape.type_name == "list":
        return [value(name, shape.member) for _ in range(max(1, shape.metadata.get("min", 0)))]
    if shape.type_name == "map":
        return {}
    if shape.type_name in ("integer", "long"):
        return shape.metadata.get("min", 1)
    if shape.type_name == "boolean":
        return False
    if shape.type_name == "timestamp":
        return "2026-01-01T00:00:00Z"
    if shape.type_name == "blob":
        return b"probe"
    if getattr(shape, "enum", None):
        return shape.enum[0]
    if name == "AssumeRolePolicyDocument":
        return TRUST
    if name.endswith("PolicyDocument"):
        return DOCUMENT
    least = shape.metadata.get("min", 1)
    if re.search(r"\\d", shape.metadata.get("pattern", "")):
        return "1" * max(least, 6)
    return "p" * max(least, 5)


def members(shape):
    return {name: value(name, shape.members[name]) for name in shape.required_members}


# Values that are the default where the model does not say it.
DEFAULTS = {"DurationSeconds": 3600, "MaxSessionDuration": 3600, "MaxItems": 100, "Path": "/", "PathPrefix": "/", "Scope": "All"}


def nothing(shape):
    """The optional members of the input with values that ask for nothing: empty, false, the least, or the default."""
    for name, member in shape.members.items():
        if name in shape.required_members:
            continue
        if name in DEFAULTS:
            yield name, DEFAULTS[name]
        elif member.type_name == "list" and not member.metadata.get("min"):
            yield name, []
        elif member.type_name == "boolean":
            yield name, False
        elif member.type_name == "integer" and member.metadata.get("min") == 0:
            yield name, 0
        elif member.type_name == "string" and not getattr(member, "enum", None) and not member.metadata.get("min"):
            if re.fullmatch(member.metadata.get("pattern", "") or ".*", ""):
                yield name, ""


def out_of_bounds(shape):
    """Some member of the input with a value that its own bounds exclude, and that the wire can carry."""
    for name, member in shape.members.items():
        if member.type_name == "string" and getattr(member, "enum", None):
            return {name: "no-such-value"}
        if member.type_name == "string" and member.metadata.get("max", 1 << 20) < 1 << 20:
            return {name: "p" * (member.metadata["max"] + 1)}
        if member.type_name == "integer" and "min" in member.metadata:
            return {name: member.metadata["min"] - 1}
    return None


def ask(caller, operation, parameters):
    """What came of it, in a word or two."""
    try:
        getattr(caller, botocore.xform_name(operation))(**parameters)
    except ClientError as error:
        status, got = error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]
        message = got.get("Message", "")
        if got["Code"] in ("InvalidAction", "UnknownOperationException"):
            return f"{status} {got['Code']}: " + message.replace(operation, "X")
        refused_to_root = got["Code"] == "AccessDenied" and operation in REFUSED_TO_ROOT
        if MODE in ("built", "nothing") and (got["Code"] in EXPECTED or refused_to_root):
            return "built"
        return f"{status} {got['Code']}"
    return "built" if MODE in ("built", "nothing") else "accepted"


# A body for DynamoDB is read once it is known to be one of an operation that is served.
SERVICES = ("iam", "sts") if MODE in ("malformed", "nothing") else ("iam", "sts", "dynamodb", "dynamodbstreams")

for service in SERVICES:
    options = {"parameter_validation": False}
    if MODE == "unauthenticated":
        options["signature_version"] = botocore.UNSIGNED
    caller = client(service, **options)
    outcomes = defaultdict(list)
    for operation in caller.meta.service_model.operation_names:
        model = caller.meta.service_model.operation_model(operation)
        shape = model.input_shape
        parameters = members(shape) if shape else {}
        parameters |= PARAMETERS.get(operation, {})
        if operation == "UpdateAssumeRolePolicy":
            parameters["PolicyDocument"] = TRUST
        if MODE == "malformed":
            if parameters:
                parameters.pop(sorted(parameters)[0])
            else:
                parameters = out_of_bounds(shape) if shape else None
            if parameters is None:
                outcomes["nothing to get wrong"].append(operation)
                continue
        if MODE == "nothing":
            if ask(caller, operation, parameters) != "built":
                continue
            asked = dict(nothing(shape)) if shape else {}
            for more in [{name: value} for name, value in asked.items()] + [asked] * (len(asked) > 1):
                text = ", ".join(f"{name}={value!r}" for name, value in more.items())
                outcomes[ask(caller, operation, parameters | more)].append(f"{operation}({text})")
            continue
        outcomes[ask(caller, operation, parameters)].append(operation)
    for outcome, operations in sorted(outcomes.items()):
        print(f"{service}: {outcome} ({len(operations)})")
        if MODE == "nothing" or len(operations) < 80:
            print("  " + " ".join(operations))
