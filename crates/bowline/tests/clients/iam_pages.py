"""Lists of more than a page: every entry once, in order, whatever the page size."""

from transcript import call, client, policy

iam = client("iam")
trust = policy({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})

for n in range(25):
    iam.create_user(UserName=f"user-{n:02}", Path="/even/" if n % 2 == 0 else "/odd/")
    iam.create_role(RoleName=f"role-{n:02}", Path="/p/", AssumeRolePolicyDocument=trust)
    iam.create_instance_profile(InstanceProfileName=f"profile-{n:02}")
    iam.create_policy(PolicyName=f"policy-{n:02}", PolicyDocument=policy({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}))
    iam.put_role_policy(RoleName="role-00", PolicyName=f"inline-{n:02}", PolicyDocument=policy({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}))
for n in range(0, 25, 2):
    iam.add_role_to_instance_profile(InstanceProfileName=f"profile-{n:02}", RoleName="role-00")


def pages(operation, member, key, size, **more):
    """How many pages there are, and what they name."""
    got = [
        [entry[key] if key else entry for entry in page[member]]
        for page in iam.get_paginator(operation).paginate(PaginationConfig={"PageSize": size}, **more)
    ]
    names = [name for page in got for name in page]
    order = "in order" if names == sorted(names) and len(set(names)) == len(names) else f"out of order: {names}"
    print(f"{operation} by {size}: {[len(page) for page in got]}, {order}, {names[0]} to {names[-1]}")


for size in (1000, 10, 7):
    pages("list_users", "Users", "UserName", size)
    pages("list_users", "Users", "UserName", size, PathPrefix="/odd/")
    pages("list_roles", "Roles", "RoleName", size, PathPrefix="/p/")
    pages("list_instance_profiles", "InstanceProfiles", "InstanceProfileName", size)
    pages("list_instance_profiles_for_role", "InstanceProfiles", "InstanceProfileName", size, RoleName="role-00")
    pages("list_policies", "Policies", "PolicyName", size, Scope="Local")
    pages("list_role_policies", "PolicyNames", None, size, RoleName="role-00")
marker = iam.list_users(MaxItems=10)["Marker"]
print("a marker is no name:", "user-" not in marker, len(marker) <= 320)
call(iam.list_users, Marker="made-up")
print("a marker of another list:")
try:
    iam.list_roles(Marker=marker)
except iam.exceptions.ClientError as error:
    print(" ", error.response["Error"]["Code"], error.response["Error"]["Message"])
call(client("iam", parameter_validation=False).list_users, MaxItems=0)
