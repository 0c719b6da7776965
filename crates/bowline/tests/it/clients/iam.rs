//! boto3 and every IAM operation that is built.

use super::*;

#[test]
fn boto3_calls_every_role_operation() {
    let Some(clients) = clients() else { return };
    let world = World::new();
    assert_snapshot!(clients.drive("iam_roles.py", &world.server.url, Some(&Bowline::root()), &[]), @r#"
    create_role RoleName=Worker Path=/jobs/ AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]} Description=does the work MaxSessionDuration=7200
      {"Role": {"Arn": "arn:aws:iam::432797229265:role/jobs/Worker", "AssumeRolePolicyDocument": {"Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}], "Version": "2012-10-17"}, "CreateDate": "[time]", "Description": "does the work", "Path": "/jobs/", "RoleId": "[AROA]", "RoleName": "Worker"}}
    create_role RoleName=worker AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
      409 EntityAlreadyExists: Role with name worker already exists.
    create_role RoleName=a b AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
      400 ValidationError: 1 validation error detected: Value 'a b' at 'roleName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+
    create_role RoleName=x Path=jobs AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
      400 ValidationError: 1 validation error detected: Value 'jobs' at 'path' failed to satisfy constraint: Member must satisfy regular expression pattern: (\u002F)|(\u002F[\u0021-\u007E]+\u002F)
    create_role RoleName=x AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]} MaxSessionDuration=100
      400 ValidationError: 1 validation error detected: Value '100' at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600
    create_role RoleName=x
      400 ValidationError: 1 validation error detected: Value null at 'assumeRolePolicyDocument' failed to satisfy constraint: Member must not be null
    create_role RoleName=x AssumeRolePolicyDocument={no json
      400 MalformedPolicyDocument: This policy contains invalid Json
    create_role RoleName=x AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}]}
      400 MalformedPolicyDocument: Missing required field Principal
    create_role RoleName=x AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::432797229265:user/nobody"}, "Action": "sts:AssumeRole"}]}
      400 MalformedPolicyDocument: Invalid principal in policy: "AWS":"arn:aws:iam::432797229265:user/nobody"
    get_role RoleName=WORKER
      {"Role": {"Arn": "arn:aws:iam::432797229265:role/jobs/Worker", "AssumeRolePolicyDocument": {"Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}], "Version": "2012-10-17"}, "CreateDate": "[time]", "Description": "does the work", "MaxSessionDuration": 7200, "Path": "/jobs/", "RoleId": "[AROA]", "RoleLastUsed": {}, "RoleName": "Worker"}}
    get_role RoleName=nobody
      404 NoSuchEntity: The role with name nobody cannot be found.
    update_role RoleName=Worker Description= MaxSessionDuration=3600
      {}
    update_assume_role_policy RoleName=Worker PolicyDocument={"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
      {}
    get_role RoleName=Worker
      {"Role": {"Arn": "arn:aws:iam::432797229265:role/jobs/Worker", "AssumeRolePolicyDocument": {"Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}], "Version": "2012-10-17"}, "CreateDate": "[time]", "MaxSessionDuration": 3600, "Path": "/jobs/", "RoleId": "[AROA]", "RoleLastUsed": {}, "RoleName": "Worker"}}
    list_roles PathPrefix=/jobs/
      {"IsTruncated": false, "Roles": [{"Arn": "arn:aws:iam::432797229265:role/jobs/Worker", "AssumeRolePolicyDocument": {"Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}], "Version": "2012-10-17"}, "CreateDate": "[time]", "MaxSessionDuration": 3600, "Path": "/jobs/", "RoleId": "[AROA]", "RoleName": "Worker"}]}
    put_role_policy RoleName=Worker PolicyName=one PolicyDocument={"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
      {}
    put_role_policy RoleName=Worker PolicyName=one PolicyDocument={"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}]}
      {}
    put_role_policy RoleName=Worker PolicyName=two PolicyDocument={"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringSounds": {"aws:username": "a"}}}]}
      400 MalformedPolicyDocument: Syntax errors in policy.
    put_role_policy RoleName=nobody PolicyName=one PolicyDocument={"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
      404 NoSuchEntity: The role with name nobody cannot be found.
    get_role_policy RoleName=Worker PolicyName=one
      {"PolicyDocument": {"Statement": [{"Action": "s3:PutObject", "Effect": "Allow", "Resource": "*"}], "Version": "2012-10-17"}, "PolicyName": "one", "RoleName": "Worker"}
    get_role_policy RoleName=Worker PolicyName=two
      404 NoSuchEntity: The role policy with name two cannot be found.
    list_role_policies RoleName=Worker
      {"IsTruncated": false, "PolicyNames": ["one"]}
    delete_role RoleName=Worker
      409 DeleteConflict: Cannot delete entity, must delete policies first.
    delete_role_policy RoleName=Worker PolicyName=one
      {}
    delete_role_policy RoleName=Worker PolicyName=one
      404 NoSuchEntity: The role policy with name one cannot be found.
    delete_role RoleName=Worker
      {}
    delete_role RoleName=Worker
      404 NoSuchEntity: The role with name Worker cannot be found.
    "#);
}

#[test]
fn boto3_calls_every_instance_profile_operation() {
    let Some(clients) = clients() else { return };
    let world = World::new();
    assert_snapshot!(clients.drive("iam_instance_profiles.py", &world.server.url, Some(&Bowline::root()), &[]), @r#"
    create_instance_profile InstanceProfileName=Web Path=/front/
      {"InstanceProfile": {"Arn": "arn:aws:iam::432797229265:instance-profile/front/Web", "CreateDate": "[time]", "InstanceProfileId": "[AIPA]", "InstanceProfileName": "Web", "Path": "/front/", "Roles": []}}
    create_instance_profile InstanceProfileName=web
      409 EntityAlreadyExists: Instance Profile web already exists.
    create_instance_profile InstanceProfileName=a b
      400 ValidationError: 1 validation error detected: Value 'a b' at 'instanceProfileName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+
    create_instance_profile InstanceProfileName=x Tags=[{"Key": "a", "Value": "b"}]
      400 ValidationError: The parameter Tags is not supported.
    get_instance_profile InstanceProfileName=WEB
      {"InstanceProfile": {"Arn": "arn:aws:iam::432797229265:instance-profile/front/Web", "CreateDate": "[time]", "InstanceProfileId": "[AIPA]", "InstanceProfileName": "Web", "Path": "/front/", "Roles": []}}
    get_instance_profile InstanceProfileName=none
      404 NoSuchEntity: Instance Profile none cannot be found.
    add_role_to_instance_profile InstanceProfileName=none RoleName=Worker
      404 NoSuchEntity: Instance Profile none cannot be found.
    add_role_to_instance_profile InstanceProfileName=Web RoleName=nobody
      404 NoSuchEntity: The role with name nobody cannot be found.
    add_role_to_instance_profile InstanceProfileName=Web RoleName=Worker
      {}
    add_role_to_instance_profile InstanceProfileName=Web RoleName=Worker
      409 LimitExceeded: Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1
    add_role_to_instance_profile InstanceProfileName=Web RoleName=other
      409 LimitExceeded: Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1
    get_instance_profile InstanceProfileName=Web
      {"InstanceProfile": {"Arn": "arn:aws:iam::432797229265:instance-profile/front/Web", "CreateDate": "[time]", "InstanceProfileId": "[AIPA]", "InstanceProfileName": "Web", "Path": "/front/", "Roles": [{"Arn": "arn:aws:iam::432797229265:role/jobs/Worker", "AssumeRolePolicyDocument": {"Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}], "Version": "2012-10-17"}, "CreateDate": "[time]", "MaxSessionDuration": 3600, "Path": "/jobs/", "RoleId": "[AROA]", "RoleName": "Worker"}]}}
    list_instance_profiles 
      {"InstanceProfiles": [{"Arn": "arn:aws:iam::432797229265:instance-profile/Empty", "CreateDate": "[time]", "InstanceProfileId": "[AIPA]", "InstanceProfileName": "Empty", "Path": "/", "Roles": []}, {"Arn": "arn:aws:iam::432797229265:instance-profile/front/Web", "CreateDate": "[time]", "InstanceProfileId": "[AIPA]", "InstanceProfileName": "Web", "Path": "/front/", "Roles": [{"Arn": "arn:aws:iam::432797229265:role/jobs/Worker", "AssumeRolePolicyDocument": {"Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}], "Version": "2012-10-17"}, "CreateDate": "[time]", "MaxSessionDuration": 3600, "Path": "/jobs/", "RoleId": "[AROA]", "RoleName": "Worker"}]}], "IsTruncated": false}
    list_instance_profiles PathPrefix=/front/
      {"InstanceProfiles": [{"Arn": "arn:aws:iam::432797229265:instance-profile/front/Web", "CreateDate": "[time]", "InstanceProfileId": "[AIPA]", "InstanceProfileName": "Web", "Path": "/front/", "Roles": [{"Arn": "arn:aws:iam::432797229265:role/jobs/Worker", "AssumeRolePolicyDocument": {"Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}], "Version": "2012-10-17"}, "CreateDate": "[time]", "MaxSessionDuration": 3600, "Path": "/jobs/", "RoleId": "[AROA]", "RoleName": "Worker"}]}], "IsTruncated": false}
    list_instance_profiles_for_role RoleName=Worker
      {"InstanceProfiles": [{"Arn": "arn:aws:iam::432797229265:instance-profile/front/Web", "CreateDate": "[time]", "InstanceProfileId": "[AIPA]", "InstanceProfileName": "Web", "Path": "/front/", "Roles": [{"Arn": "arn:aws:iam::432797229265:role/jobs/Worker", "AssumeRolePolicyDocument": {"Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}], "Version": "2012-10-17"}, "CreateDate": "[time]", "MaxSessionDuration": 3600, "Path": "/jobs/", "RoleId": "[AROA]", "RoleName": "Worker"}]}], "IsTruncated": false}
    list_instance_profiles_for_role RoleName=other
      {"InstanceProfiles": [], "IsTruncated": false}
    list_instance_profiles_for_role RoleName=nobody
      404 NoSuchEntity: The role with name nobody cannot be found.
    delete_instance_profile InstanceProfileName=Web
      409 DeleteConflict: Cannot delete entity, must remove roles from instance profile first.
    delete_role RoleName=Worker
      409 DeleteConflict: Cannot delete entity, must remove roles from instance profile first.
    remove_role_from_instance_profile InstanceProfileName=Web RoleName=other
      404 NoSuchEntity: Role other in instance profile Web cannot be found.
    remove_role_from_instance_profile InstanceProfileName=Web RoleName=Worker
      {}
    remove_role_from_instance_profile InstanceProfileName=Web RoleName=Worker
      404 NoSuchEntity: Role Worker in instance profile Web cannot be found.
    delete_role RoleName=Worker
      {}
    delete_instance_profile InstanceProfileName=Web
      {}
    delete_instance_profile InstanceProfileName=Web
      404 NoSuchEntity: Instance Profile Web cannot be found.
    add_role_to_instance_profile InstanceProfileName=Empty RoleName=other
      403 AccessDenied: User: arn:aws:iam::432797229265:user/ops is not authorized to perform: iam:PassRole on resource: arn:aws:iam::432797229265:role/jobs/other because no identity-based policy allows the iam:PassRole action
    add_role_to_instance_profile InstanceProfileName=Empty RoleName=other
      403 AccessDenied: User: arn:aws:iam::432797229265:user/ops is not authorized to perform: iam:PassRole on resource: arn:aws:iam::432797229265:role/jobs/other because no identity-based policy allows the iam:PassRole action
    add_role_to_instance_profile InstanceProfileName=Empty RoleName=other
      403 AccessDenied: User: arn:aws:iam::432797229265:user/ops is not authorized to perform: iam:AddRoleToInstanceProfile on resource: arn:aws:iam::432797229265:instance-profile/Empty because no identity-based policy allows the iam:AddRoleToInstanceProfile action
    add_role_to_instance_profile InstanceProfileName=Empty RoleName=other
      {}
    "#);
}

#[test]
fn boto3_calls_every_user_and_access_key_operation() {
    let Some(clients) = clients() else { return };
    let world = World::new();
    assert_snapshot!(clients.drive("iam_users.py", &world.server.url, Some(&Bowline::root()), &[]), @r#"
    create_user UserName=Alice Path=/people/
      {"User": {"Arn": "arn:aws:iam::432797229265:user/people/Alice", "CreateDate": "[time]", "Path": "/people/", "UserId": "[AIDA]", "UserName": "Alice"}}
    create_user UserName=alice
      409 EntityAlreadyExists: User with name alice already exists.
    create_user UserName=a/b
      400 ValidationError: 1 validation error detected: Value 'a/b' at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+
    get_user UserName=alice
      {"User": {"Arn": "arn:aws:iam::432797229265:user/people/Alice", "CreateDate": "[time]", "Path": "/people/", "UserId": "[AIDA]", "UserName": "Alice"}}
    get_user UserName=nobody
      404 NoSuchEntity: The user with name nobody cannot be found.
    list_users PathPrefix=/people/
      {"IsTruncated": false, "Users": [{"Arn": "arn:aws:iam::432797229265:user/people/Alice", "CreateDate": "[time]", "Path": "/people/", "UserId": "[AIDA]", "UserName": "Alice"}]}
    put_user_policy UserName=Alice PolicyName=own PolicyDocument={"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:GetUser", "Resource": "*"}]}
      {}
    get_user_policy UserName=Alice PolicyName=own
      {"PolicyDocument": {"Statement": [{"Action": "iam:GetUser", "Effect": "Allow", "Resource": "*"}], "Version": "2012-10-17"}, "PolicyName": "own", "UserName": "Alice"}
    list_user_policies UserName=Alice
      {"IsTruncated": false, "PolicyNames": ["own"]}
    create_access_key UserName=Alice
      {"AccessKey": {"AccessKeyId": "[AKIA]", "CreateDate": "[time]", "SecretAccessKey": "[secret]", "Status": "Active", "UserName": "Alice"}}
    get_user 
      {"User": {"Arn": "arn:aws:iam::432797229265:user/people/Alice", "CreateDate": "[time]", "Path": "/people/", "UserId": "[AIDA]", "UserName": "Alice"}}
    create_access_key UserName=Alice
      {"AccessKey": {"AccessKeyId": "[AKIA]", "CreateDate": "[time]", "SecretAccessKey": "[secret]", "Status": "Active", "UserName": "Alice"}}
    create_access_key UserName=Alice
      409 LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2
    list_access_keys UserName=Alice
      {"AccessKeyMetadata": [{"AccessKeyId": "[AKIA]", "CreateDate": "[time]", "Status": "Active", "UserName": "Alice"}, {"AccessKeyId": "[AKIA]", "CreateDate": "[time]", "Status": "Active", "UserName": "Alice"}], "IsTruncated": false}
    update_access_key UserName=Alice AccessKeyId=[AKIA] Status=Inactive
      {}
    get_user 
      403 InvalidClientTokenId: The security token included in the request is invalid.
    update_access_key UserName=Alice AccessKeyId=[AKIA] Status=Active
      {}
    get_user 
      {"User": {"Arn": "arn:aws:iam::432797229265:user/people/Alice", "CreateDate": "[time]", "Path": "/people/", "UserId": "[AIDA]", "UserName": "Alice"}}
    delete_user UserName=Alice
      409 DeleteConflict: Cannot delete entity, must delete access keys first.
    delete_access_key UserName=Alice AccessKeyId=[AKIA]
      {}
    delete_access_key UserName=Alice AccessKeyId=[AKIA]
      {}
    get_user 
      403 InvalidClientTokenId: The security token included in the request is invalid.
    delete_access_key UserName=Alice AccessKeyId=[AKIA]
      404 NoSuchEntity: The Access Key with id [AKIA] cannot be found.
    delete_user UserName=Alice
      409 DeleteConflict: Cannot delete entity, must delete policies first.
    delete_user_policy UserName=Alice PolicyName=own
      {}
    delete_user_policy UserName=Alice PolicyName=own
      404 NoSuchEntity: The user policy with name own cannot be found.
    delete_user UserName=Alice
      {}
    delete_user UserName=Alice
      404 NoSuchEntity: The user with name Alice cannot be found.
    "#);
}

#[test]
fn boto3_calls_every_policy_operation() {
    let Some(clients) = clients() else { return };
    let world = World::new();
    assert_snapshot!(clients.drive("iam_policies.py", &world.server.url, Some(&Bowline::root()), &[]), @r#"
    create_policy PolicyName=Read Path=/data/ PolicyDocument={"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]} Description=reads
      {"Policy": {"Arn": "arn:aws:iam::432797229265:policy/data/Read", "AttachmentCount": 0, "CreateDate": "[time]", "DefaultVersionId": "v1", "IsAttachable": true, "Path": "/data/", "PermissionsBoundaryUsageCount": 0, "PolicyId": "[ANPA]", "PolicyName": "Read", "UpdateDate": "[time]"}}
    create_policy PolicyName=read PolicyDocument={"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
      409 EntityAlreadyExists: A policy called read already exists. Duplicate names are not allowed.
    create_policy PolicyName=x PolicyDocument={"Version": "2012-10-17", "Statement": [{"Effect": "Perhaps", "Action": "s3:*", "Resource": "*"}]}
      400 MalformedPolicyDocument: Syntax errors in policy.
    create_policy PolicyName=x PolicyDocument={"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*"}]}
      400 MalformedPolicyDocument: Policy statement must contain resources.
    get_policy PolicyArn=arn:aws:iam::432797229265:policy/data/Read
      {"Policy": {"Arn": "arn:aws:iam::432797229265:policy/data/Read", "AttachmentCount": 0, "CreateDate": "[time]", "DefaultVersionId": "v1", "Description": "reads", "IsAttachable": true, "Path": "/data/", "PermissionsBoundaryUsageCount": 0, "PolicyId": "[ANPA]", "PolicyName": "Read", "UpdateDate": "[time]"}}
    get_policy PolicyArn=arn:aws:iam::432797229265:policy/data/Readx
      404 NoSuchEntity: Policy arn:aws:iam::432797229265:policy/data/Readx was not found.
    get_policy_version PolicyArn=arn:aws:iam::432797229265:policy/data/Read VersionId=v1
      {"PolicyVersion": {"CreateDate": "[time]", "Document": {"Statement": [{"Action": "s3:GetObject", "Effect": "Allow", "Resource": "*"}], "Version": "2012-10-17"}, "IsDefaultVersion": true, "VersionId": "v1"}}
    get_policy_version PolicyArn=arn:aws:iam::432797229265:policy/data/Read VersionId=v2
      404 NoSuchEntity: Policy arn:aws:iam::432797229265:policy/data/Read version v2 does not exist or is not attachable.
    list_policies Scope=Local
      {"IsTruncated": false, "Policies": [{"Arn": "arn:aws:iam::432797229265:policy/data/Read", "AttachmentCount": 0, "CreateDate": "[time]", "DefaultVersionId": "v1", "IsAttachable": true, "Path": "/data/", "PermissionsBoundaryUsageCount": 0, "PolicyId": "[ANPA]", "PolicyName": "Read", "UpdateDate": "[time]"}]}
    attach_role_policy RoleName=worker PolicyArn=arn:aws:iam::432797229265:policy/data/Read
      {}
    attach_role_policy RoleName=worker PolicyArn=arn:aws:iam::432797229265:policy/data/Read
      {}
    attach_role_policy RoleName=worker PolicyArn=arn:aws:iam::432797229265:policy/data/Readx
      404 NoSuchEntity: Policy arn:aws:iam::432797229265:policy/data/Readx does not exist or is not attachable.
    list_attached_role_policies RoleName=worker
      {"AttachedPolicies": [{"PolicyArn": "arn:aws:iam::432797229265:policy/data/Read", "PolicyName": "Read"}], "IsTruncated": false}
    list_attached_role_policies RoleName=worker PathPrefix=/other/
      {"AttachedPolicies": [], "IsTruncated": false}
    attach_user_policy UserName=alice PolicyArn=arn:aws:iam::432797229265:policy/data/Read
      {}
    attach_user_policy UserName=alice PolicyArn=arn:aws:iam::432797229265:policy/data/Read
      {}
    attach_user_policy UserName=alice PolicyArn=arn:aws:iam::432797229265:policy/data/Readx
      404 NoSuchEntity: Policy arn:aws:iam::432797229265:policy/data/Readx does not exist or is not attachable.
    list_attached_user_policies UserName=alice
      {"AttachedPolicies": [{"PolicyArn": "arn:aws:iam::432797229265:policy/data/Read", "PolicyName": "Read"}], "IsTruncated": false}
    list_attached_user_policies UserName=alice PathPrefix=/other/
      {"AttachedPolicies": [], "IsTruncated": false}
    get_policy PolicyArn=arn:aws:iam::432797229265:policy/data/Read
      {"Policy": {"Arn": "arn:aws:iam::432797229265:policy/data/Read", "AttachmentCount": 2, "CreateDate": "[time]", "DefaultVersionId": "v1", "Description": "reads", "IsAttachable": true, "Path": "/data/", "PermissionsBoundaryUsageCount": 0, "PolicyId": "[ANPA]", "PolicyName": "Read", "UpdateDate": "[time]"}}
    list_policies Scope=Local OnlyAttached=true
      {"IsTruncated": false, "Policies": [{"Arn": "arn:aws:iam::432797229265:policy/data/Read", "AttachmentCount": 2, "CreateDate": "[time]", "DefaultVersionId": "v1", "IsAttachable": true, "Path": "/data/", "PermissionsBoundaryUsageCount": 0, "PolicyId": "[ANPA]", "PolicyName": "Read", "UpdateDate": "[time]"}]}
    delete_policy PolicyArn=arn:aws:iam::432797229265:policy/data/Read
      409 DeleteConflict: Cannot delete a policy attached to entities.
    delete_role RoleName=worker
      409 DeleteConflict: Cannot delete entity, must detach all policies first.
    detach_role_policy RoleName=worker PolicyArn=arn:aws:iam::432797229265:policy/data/Read
      {}
    detach_role_policy RoleName=worker PolicyArn=arn:aws:iam::432797229265:policy/data/Read
      404 NoSuchEntity: Policy arn:aws:iam::432797229265:policy/data/Read was not found.
    detach_user_policy UserName=alice PolicyArn=arn:aws:iam::432797229265:policy/data/Read
      {}
    delete_policy PolicyArn=arn:aws:iam::432797229265:policy/data/Read
      {}
    delete_policy PolicyArn=arn:aws:iam::432797229265:policy/data/Read
      404 NoSuchEntity: Policy arn:aws:iam::432797229265:policy/data/Read was not found.
    "#);
}

#[test]
fn boto3_calls_every_oidc_provider_operation() {
    let Some(clients) = clients() else { return };
    let world = World::new();
    assert_snapshot!(clients.drive("iam_providers.py", &world.server.url, Some(&Bowline::root()), &[]), @r#"
    create_open_id_connect_provider Url=https://oidc.example.org/id/ABC ClientIDList=["sts.amazonaws.com"] ThumbprintList=["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
      {"OpenIDConnectProviderArn": "arn:aws:iam::432797229265:oidc-provider/oidc.example.org/id/ABC"}
    create_open_id_connect_provider Url=https://oidc.example.org/id/ABC ClientIDList=["other"] ThumbprintList=["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
      409 EntityAlreadyExists: Provider with url https://oidc.example.org/id/ABC already exists.
    create_open_id_connect_provider Url=oidc.example.org ThumbprintList=["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
      400 ValidationError: Invalid Open ID Connect Provider URL
    create_open_id_connect_provider Url=http://oidc.example.org ThumbprintList=["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
      400 ValidationError: Invalid Open ID Connect Provider URL
    create_open_id_connect_provider Url=https://oidc.example.org/?a=b ThumbprintList=["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
      400 ValidationError: Invalid Open ID Connect Provider URL
    get_open_id_connect_provider OpenIDConnectProviderArn=arn:aws:iam::432797229265:oidc-provider/oidc.example.org/id/ABC
      {"ClientIDList": ["sts.amazonaws.com"], "CreateDate": "[time]", "ThumbprintList": ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"], "Url": "oidc.example.org/id/ABC"}
    get_open_id_connect_provider OpenIDConnectProviderArn=arn:aws:iam::432797229265:oidc-provider/oidc.example.org/id/ABCx
      404 NoSuchEntity: OpenIDConnect Provider not found for arn arn:aws:iam::432797229265:oidc-provider/oidc.example.org/id/ABCx
    add_client_id_to_open_id_connect_provider OpenIDConnectProviderArn=arn:aws:iam::432797229265:oidc-provider/oidc.example.org/id/ABC ClientID=second
      {}
    add_client_id_to_open_id_connect_provider OpenIDConnectProviderArn=arn:aws:iam::432797229265:oidc-provider/oidc.example.org/id/ABC ClientID=second
      {}
    update_open_id_connect_provider_thumbprint OpenIDConnectProviderArn=arn:aws:iam::432797229265:oidc-provider/oidc.example.org/id/ABC ThumbprintList=["bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"]
      {}
    get_open_id_connect_provider OpenIDConnectProviderArn=arn:aws:iam::432797229265:oidc-provider/oidc.example.org/id/ABC
      {"ClientIDList": ["sts.amazonaws.com", "second"], "CreateDate": "[time]", "ThumbprintList": ["bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"], "Url": "oidc.example.org/id/ABC"}
    remove_client_id_from_open_id_connect_provider OpenIDConnectProviderArn=arn:aws:iam::432797229265:oidc-provider/oidc.example.org/id/ABC ClientID=second
      {}
    remove_client_id_from_open_id_connect_provider OpenIDConnectProviderArn=arn:aws:iam::432797229265:oidc-provider/oidc.example.org/id/ABC ClientID=second
      {}
    delete_open_id_connect_provider OpenIDConnectProviderArn=arn:aws:iam::432797229265:oidc-provider/oidc.example.org/id/ABC
      {}
    get_open_id_connect_provider OpenIDConnectProviderArn=arn:aws:iam::432797229265:oidc-provider/oidc.example.org/id/ABC
      404 NoSuchEntity: OpenIDConnect Provider not found for arn arn:aws:iam::432797229265:oidc-provider/oidc.example.org/id/ABC
    delete_open_id_connect_provider OpenIDConnectProviderArn=arn:aws:iam::432797229265:oidc-provider/oidc.example.org/id/ABC
      {}
    "#);
}

#[test]
fn boto3_pages_through_lists() {
    let Some(clients) = clients() else { return };
    let world = World::new();
    assert_snapshot!(clients.drive("iam_pages.py", &world.server.url, Some(&Bowline::root()), &[]), @"
    list_users by 1000: [25], in order, user-00 to user-24
    list_users by 1000: [12], in order, user-01 to user-23
    list_roles by 1000: [25], in order, role-00 to role-24
    list_instance_profiles by 1000: [25], in order, profile-00 to profile-24
    list_instance_profiles_for_role by 1000: [13], in order, profile-00 to profile-24
    list_policies by 1000: [25], in order, policy-00 to policy-24
    list_role_policies by 1000: [25], in order, inline-00 to inline-24
    list_users by 10: [10, 10, 5], in order, user-00 to user-24
    list_users by 10: [10, 2], in order, user-01 to user-23
    list_roles by 10: [10, 10, 5], in order, role-00 to role-24
    list_instance_profiles by 10: [10, 10, 5], in order, profile-00 to profile-24
    list_instance_profiles_for_role by 10: [10, 3], in order, profile-00 to profile-24
    list_policies by 10: [10, 10, 5], in order, policy-00 to policy-24
    list_role_policies by 10: [10, 10, 5], in order, inline-00 to inline-24
    list_users by 7: [7, 7, 7, 4], in order, user-00 to user-24
    list_users by 7: [7, 5], in order, user-01 to user-23
    list_roles by 7: [7, 7, 7, 4], in order, role-00 to role-24
    list_instance_profiles by 7: [7, 7, 7, 4], in order, profile-00 to profile-24
    list_instance_profiles_for_role by 7: [7, 6], in order, profile-00 to profile-24
    list_policies by 7: [7, 7, 7, 4], in order, policy-00 to policy-24
    list_role_policies by 7: [7, 7, 7, 4], in order, inline-00 to inline-24
    a marker is no name: True True
    list_users Marker=made-up
      400 ValidationError: Invalid Marker.
    a marker of another list:
      ValidationError Invalid Marker.
    list_users MaxItems=0
      400 ValidationError: 1 validation error detected: Value '0' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1
    ");
}
