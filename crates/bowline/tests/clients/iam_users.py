"""Users, their inline policies and access keys."""

import boto3
from transcript import CONFIG, allow, call, client, policy

iam = client("iam")

call(iam.create_user, UserName="Alice", Path="/people/")
call(iam.create_user, UserName="alice")
call(iam.create_user, UserName="a/b")
call(iam.get_user, UserName="alice")
call(iam.get_user, UserName="nobody")
call(iam.list_users, PathPrefix="/people/")

call(iam.put_user_policy, UserName="Alice", PolicyName="own", PolicyDocument=policy(allow("iam:GetUser")))
call(iam.get_user_policy, UserName="Alice", PolicyName="own")
call(iam.list_user_policies, UserName="Alice")

key = call(iam.create_access_key, UserName="Alice")["AccessKey"]
own = boto3.client("iam", config=CONFIG, aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
call(own.get_user)
call(iam.create_access_key, UserName="Alice")
call(iam.create_access_key, UserName="Alice")
keys = call(iam.list_access_keys, UserName="Alice")["AccessKeyMetadata"]
call(iam.update_access_key, UserName="Alice", AccessKeyId=key["AccessKeyId"], Status="Inactive")
call(own.get_user)
call(iam.update_access_key, UserName="Alice", AccessKeyId=key["AccessKeyId"], Status="Active")
call(own.get_user)

call(iam.delete_user, UserName="Alice")
for each in keys:
    call(iam.delete_access_key, UserName="Alice", AccessKeyId=each["AccessKeyId"])
call(own.get_user)
call(iam.delete_access_key, UserName="Alice", AccessKeyId=key["AccessKeyId"])
call(iam.delete_user, UserName="Alice")
call(iam.delete_user_policy, UserName="Alice", PolicyName="own")
call(iam.delete_user_policy, UserName="Alice", PolicyName="own")
call(iam.delete_user, UserName="Alice")
call(iam.delete_user, UserName="Alice")
