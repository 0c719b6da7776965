"""Every operation of IAM and STS that is built, with its optional members that ask for nothing: empty lists, and the default."""

from botocore.exceptions import ClientError
from transcript import allow, client, policy

# What else asks for nothing, by the name of the member.
DEFAULTS = {
    "Description": "",
    "DurationSeconds": 3600,
    "MaxItems": 100,
    "MaxSessionDuration": 3600,
    "OnlyAttached": False,
    "Path": "/",
    "PathPrefix": "/",
    "Scope": "All",
    "SetAsDefault": True,
}
# AWS wants at least one of these.
AT_LEAST_ONE = {"ProvidedContexts"}
TRUST = {"Effect": "Allow", "Principal": {"AWS": "432797229265"}, "Action": "sts:AssumeRole"}
POLICY = "arn:aws:iam::432797229265:policy/nothing"
PROVIDER = "arn:aws:iam::432797229265:oidc-provider/example.com"

iam, sts = client("iam"), client("sts")


def call(api, operation, **required):
    members = api.meta.service_model.operation_model(operation).input_shape.members
    asked = {}
    for name, shape in members.items():
        if name in required or name in AT_LEAST_ONE:
            continue
        if shape.type_name == "list":
            asked[name] = []
        elif name in DEFAULTS:
            asked[name] = DEFAULTS[name]
    python = next(python for python, name in api.meta.method_to_api_mapping.items() if name == operation)
    try:
        response = getattr(api, python)(**required, **asked)
        print(operation, *asked)
        return response
    except ClientError as error:
        print(operation, *asked, "refused:", error)


call(iam, "CreateUser", UserName="nothing")
key = call(iam, "CreateAccessKey", UserName="nothing")["AccessKey"]
call(iam, "CreateRole", RoleName="nothing", AssumeRolePolicyDocument=policy(TRUST))
call(iam, "UpdateRole", RoleName="nothing")
call(iam, "CreatePolicy", PolicyName="nothing", PolicyDocument=policy(allow("iam:ListRoles")))
call(iam, "CreateInstanceProfile", InstanceProfileName="nothing")
call(iam, "CreateOpenIDConnectProvider", Url="https://example.com")
call(iam, "UpdateOpenIDConnectProviderThumbprint", OpenIDConnectProviderArn=PROVIDER, ThumbprintList=["a" * 40])
call(iam, "AttachRolePolicy", RoleName="nothing", PolicyArn=POLICY)
for operation in ("ListAccessKeys", "ListAttachedUserPolicies", "ListUserPolicies", "GetUser"):
    call(iam, operation, UserName="nothing")
for operation in ("ListAttachedRolePolicies", "ListRolePolicies", "ListInstanceProfilesForRole", "GetRole"):
    call(iam, operation, RoleName="nothing")
for operation in ("ListUsers", "ListRoles", "ListPolicies", "ListInstanceProfiles", "ListOpenIDConnectProviders"):
    call(iam, operation)
iam.put_user_policy(UserName="nothing", PolicyName="assume", PolicyDocument=policy(allow("sts:*")))
call(client("sts", key), "AssumeRole", RoleArn="arn:aws:iam::432797229265:role/nothing", RoleSessionName="nothing")
call(sts, "GetCallerIdentity")
