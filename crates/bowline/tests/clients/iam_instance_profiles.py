"""Instance profiles and the role in each, from creation to deletion, with every way in which a call can be wrong."""

from transcript import allow, call, client, policy

iam = client("iam")
trust = policy({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
for name in ("Worker", "other"):
    iam.create_role(RoleName=name, Path="/jobs/", AssumeRolePolicyDocument=trust)

call(iam.create_instance_profile, InstanceProfileName="Web", Path="/front/")
call(iam.create_instance_profile, InstanceProfileName="web")
call(iam.create_instance_profile, InstanceProfileName="a b")
call(iam.create_instance_profile, InstanceProfileName="x", Tags=[{"Key": "a", "Value": "b"}])
call(iam.get_instance_profile, InstanceProfileName="WEB")
call(iam.get_instance_profile, InstanceProfileName="none")
call(iam.add_role_to_instance_profile, InstanceProfileName="none", RoleName="Worker")
call(iam.add_role_to_instance_profile, InstanceProfileName="Web", RoleName="nobody")
call(iam.add_role_to_instance_profile, InstanceProfileName="Web", RoleName="Worker")
call(iam.add_role_to_instance_profile, InstanceProfileName="Web", RoleName="Worker")
call(iam.add_role_to_instance_profile, InstanceProfileName="Web", RoleName="other")
call(iam.get_instance_profile, InstanceProfileName="Web")
iam.create_instance_profile(InstanceProfileName="Empty")
call(iam.list_instance_profiles)
call(iam.list_instance_profiles, PathPrefix="/front/")
call(iam.list_instance_profiles_for_role, RoleName="Worker")
call(iam.list_instance_profiles_for_role, RoleName="other")
call(iam.list_instance_profiles_for_role, RoleName="nobody")

call(iam.delete_instance_profile, InstanceProfileName="Web")
call(iam.delete_role, RoleName="Worker")
call(iam.remove_role_from_instance_profile, InstanceProfileName="Web", RoleName="other")
call(iam.remove_role_from_instance_profile, InstanceProfileName="Web", RoleName="Worker")
call(iam.remove_role_from_instance_profile, InstanceProfileName="Web", RoleName="Worker")
call(iam.delete_role, RoleName="Worker")
call(iam.delete_instance_profile, InstanceProfileName="Web")
call(iam.delete_instance_profile, InstanceProfileName="Web")

# Handing over a role takes `iam:PassRole` for EC2, beside the operation's own permission.
iam.create_user(UserName="ops")
key = iam.create_access_key(UserName="ops")["AccessKey"]
ops = client("iam", key=key)
own = allow(["iam:AddRoleToInstanceProfile"], "arn:aws:iam::432797229265:instance-profile/Empty")
passing = lambda service: {**allow("iam:PassRole", "arn:aws:iam::432797229265:role/jobs/other"), "Condition": {"StringEquals": {"iam:PassedToService": service}}}
for statements in ([own], [own, passing("lambda.amazonaws.com")], [passing("ec2.amazonaws.com")], [own, passing("ec2.amazonaws.com")]):
    iam.put_user_policy(UserName="ops", PolicyName="own", PolicyDocument=policy(*statements))
    call(ops.add_role_to_instance_profile, InstanceProfileName="Empty", RoleName="other")
