"""Managed policies, and attaching them to roles and users."""

from transcript import allow, call, client, policy

iam = client("iam")
trust = policy({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})

arn = call(iam.create_policy, PolicyName="Read", Path="/data/", PolicyDocument=policy(allow("s3:GetObject")), Description="reads")["Policy"]["Arn"]
call(iam.create_policy, PolicyName="read", PolicyDocument=policy(allow("s3:GetObject")))
call(iam.create_policy, PolicyName="x", PolicyDocument=policy({"Effect": "Perhaps", "Action": "s3:*", "Resource": "*"}))
call(iam.create_policy, PolicyName="x", PolicyDocument=policy({"Effect": "Allow", "Action": "s3:*"}))
call(iam.get_policy, PolicyArn=arn)
call(iam.get_policy, PolicyArn=arn + "x")
call(iam.get_policy_version, PolicyArn=arn, VersionId="v1")
call(iam.get_policy_version, PolicyArn=arn, VersionId="v2")
call(iam.list_policies, Scope="Local")

iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust)
iam.create_user(UserName="alice")
for kind, name in (("role", {"RoleName": "worker"}), ("user", {"UserName": "alice"})):
    attach = getattr(iam, f"attach_{kind}_policy")
    listed = getattr(iam, f"list_attached_{kind}_policies")
    call(attach, **name, PolicyArn=arn)
    call(attach, **name, PolicyArn=arn)
    call(attach, **name, PolicyArn=arn + "x")
    call(listed, **name)
    call(listed, **name, PathPrefix="/other/")
call(iam.get_policy, PolicyArn=arn)
call(iam.list_policies, Scope="Local", OnlyAttached=True)
call(iam.delete_policy, PolicyArn=arn)
call(iam.delete_role, RoleName="worker")
call(iam.detach_role_policy, RoleName="worker", PolicyArn=arn)
call(iam.detach_role_policy, RoleName="worker", PolicyArn=arn)
call(iam.detach_user_policy, UserName="alice", PolicyArn=arn)
call(iam.delete_policy, PolicyArn=arn)
call(iam.delete_policy, PolicyArn=arn)
