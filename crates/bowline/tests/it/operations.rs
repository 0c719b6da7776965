//! Every operation of IAM, STS and DynamoDB, with requests that the AWS SDK for Python builds from
//! its models.

use insta::assert_snapshot;

use serde_json::{Value, json};

use crate::support::bowline::Bowline;
use crate::support::http::Response;
use crate::support::issuer::Issuer;
use crate::support::python::clients;
use crate::support::world::{World, allow, operator};

/// Runs `every_operation.py` in one of its modes.
fn every_operation(mode: &str) -> Option<String> {
    let clients = clients()?;
    let world = World::new();
    let (root, nobody) = (Bowline::root(), world.user("nobody", None));
    let keys = if mode == "unauthorized" {
        &nobody
    } else {
        &root
    };
    Some(clients.drive(
        "every_operation.py",
        &world.server.url,
        Some(keys),
        &[("MODE", mode)],
    ))
}

#[test]
fn every_operation_is_built_or_answers_invalid_action() {
    let Some(printed) = every_operation("built") else {
        return;
    };
    assert_snapshot!(printed, @"
    iam: 400 InvalidAction: Could not find operation X for version 2010-05-08 (133)
    iam: built (47)
      AddClientIDToOpenIDConnectProvider AddRoleToInstanceProfile AttachRolePolicy AttachUserPolicy CreateAccessKey CreateInstanceProfile CreateOpenIDConnectProvider CreatePolicy CreateRole CreateUser DeleteAccessKey DeleteInstanceProfile DeleteOpenIDConnectProvider DeletePolicy DeleteRole DeleteRolePolicy DeleteUser DeleteUserPolicy DetachRolePolicy DetachUserPolicy GetInstanceProfile GetOpenIDConnectProvider GetPolicy GetPolicyVersion GetRole GetRolePolicy GetUser GetUserPolicy ListAccessKeys ListAttachedRolePolicies ListAttachedUserPolicies ListInstanceProfiles ListInstanceProfilesForRole ListOpenIDConnectProviders ListPolicies ListRolePolicies ListRoles ListUserPolicies ListUsers PutRolePolicy PutUserPolicy RemoveClientIDFromOpenIDConnectProvider RemoveRoleFromInstanceProfile UpdateAccessKey UpdateAssumeRolePolicy UpdateOpenIDConnectProviderThumbprint UpdateRole
    sts: 400 InvalidAction: Could not find operation X for version 2011-06-15 (7)
      AssumeRoleWithSAML AssumeRoot DecodeAuthorizationMessage GetDelegatedAccessToken GetFederationToken GetSessionToken GetWebIdentityToken
    sts: built (4)
      AssumeRole AssumeRoleWithWebIdentity GetAccessKeyInfo GetCallerIdentity
    dynamodb: 400 UnknownOperationException: Could not find operation X for version 2012-08-10 (42)
      BatchExecuteStatement CancelBulkOperation CreateBackup CreateGlobalTable DeleteBackup DeleteResourcePolicy DescribeBackup DescribeBulkOperation DescribeContinuousBackups DescribeContributorInsights DescribeEndpoints DescribeExport DescribeGlobalTable DescribeGlobalTableSettings DescribeImport DescribeKinesisStreamingDestination DescribeLimits DescribeTableReplicaAutoScaling DisableKinesisStreamingDestination EnableKinesisStreamingDestination ExecuteStatement ExecuteTransaction ExportTableToPointInTime GetResourcePolicy ImportTable ListBackups ListBulkOperations ListContributorInsights ListExports ListGlobalTables ListImports PutResourcePolicy RestoreTableFromBackup RestoreTableToPointInTime SearchVectors StartBulkPutItems UpdateContinuousBackups UpdateContributorInsights UpdateGlobalTable UpdateGlobalTableSettings UpdateKinesisStreamingDestination UpdateTableReplicaAutoScaling
    dynamodb: built (20)
      BatchGetItem BatchWriteItem CreateTable DeleteItem DeleteTable DescribeTable DescribeTimeToLive GetItem ListTables ListTagsOfResource PutItem Query Scan TagResource TransactGetItems TransactWriteItems UntagResource UpdateItem UpdateTable UpdateTimeToLive
    dynamodbstreams: 400 UnknownOperationException: Could not find operation X for version 2012-08-10 (4)
      DescribeStream GetRecords GetShardIterator ListStreams
    ");
}

#[test]
fn every_operation_accepts_optional_members_that_ask_for_nothing() {
    let Some(printed) = every_operation("nothing") else {
        return;
    };
    assert_snapshot!(printed, @"
    iam: built (46)
      CreateInstanceProfile(Path='/') CreateInstanceProfile(Tags=[]) CreateInstanceProfile(Path='/', Tags=[]) CreateOpenIDConnectProvider(ClientIDList=[]) CreateOpenIDConnectProvider(ThumbprintList=[]) CreateOpenIDConnectProvider(Tags=[]) CreateOpenIDConnectProvider(ClientIDList=[], ThumbprintList=[], Tags=[]) CreatePolicy(Path='/') CreatePolicy(Description='') CreatePolicy(Tags=[]) CreatePolicy(Path='/', Description='', Tags=[]) CreateRole(Path='/') CreateRole(Description='') CreateRole(MaxSessionDuration=3600) CreateRole(Tags=[]) CreateRole(Path='/', Description='', MaxSessionDuration=3600, Tags=[]) CreateUser(Path='/') CreateUser(Tags=[]) CreateUser(Path='/', Tags=[]) ListAccessKeys(MaxItems=100) ListAttachedRolePolicies(PathPrefix='/') ListAttachedRolePolicies(MaxItems=100) ListAttachedRolePolicies(PathPrefix='/', MaxItems=100) ListAttachedUserPolicies(PathPrefix='/') ListAttachedUserPolicies(MaxItems=100) ListAttachedUserPolicies(PathPrefix='/', MaxItems=100) ListInstanceProfiles(PathPrefix='/') ListInstanceProfiles(MaxItems=100) ListInstanceProfiles(PathPrefix='/', MaxItems=100) ListInstanceProfilesForRole(MaxItems=100) ListPolicies(Scope='All') ListPolicies(OnlyAttached=False) ListPolicies(PathPrefix='/') ListPolicies(MaxItems=100) ListPolicies(Scope='All', OnlyAttached=False, PathPrefix='/', MaxItems=100) ListRolePolicies(MaxItems=100) ListRoles(PathPrefix='/') ListRoles(MaxItems=100) ListRoles(PathPrefix='/', MaxItems=100) ListUserPolicies(MaxItems=100) ListUsers(PathPrefix='/') ListUsers(MaxItems=100) ListUsers(PathPrefix='/', MaxItems=100) UpdateRole(Description='') UpdateRole(MaxSessionDuration=3600) UpdateRole(Description='', MaxSessionDuration=3600)
    sts: built (10)
      AssumeRole(PolicyArns=[]) AssumeRole(DurationSeconds=3600) AssumeRole(Tags=[]) AssumeRole(TransitiveTagKeys=[]) AssumeRole(MinimumSessionTokenSize=0) AssumeRole(PolicyArns=[], DurationSeconds=3600, Tags=[], TransitiveTagKeys=[], MinimumSessionTokenSize=0) AssumeRoleWithWebIdentity(PolicyArns=[]) AssumeRoleWithWebIdentity(DurationSeconds=3600) AssumeRoleWithWebIdentity(MinimumSessionTokenSize=0) AssumeRoleWithWebIdentity(PolicyArns=[], DurationSeconds=3600, MinimumSessionTokenSize=0)
    ");
}

#[test]
fn every_operation_is_denied_to_an_unsigned_request() {
    let Some(printed) = every_operation("unauthenticated") else {
        return;
    };
    assert_snapshot!(printed, @"
    iam: 403 MissingAuthenticationToken (180)
    sts: 400 InvalidAction: Could not find operation X for version 2011-06-15 (1)
      AssumeRoleWithSAML
    sts: 400 InvalidIdentityToken (1)
      AssumeRoleWithWebIdentity
    sts: 403 MissingAuthenticationToken (9)
      AssumeRole AssumeRoot DecodeAuthorizationMessage GetAccessKeyInfo GetCallerIdentity GetDelegatedAccessToken GetFederationToken GetSessionToken GetWebIdentityToken
    dynamodb: 400 MissingAuthenticationTokenException (62)
      BatchExecuteStatement BatchGetItem BatchWriteItem CancelBulkOperation CreateBackup CreateGlobalTable CreateTable DeleteBackup DeleteItem DeleteResourcePolicy DeleteTable DescribeBackup DescribeBulkOperation DescribeContinuousBackups DescribeContributorInsights DescribeEndpoints DescribeExport DescribeGlobalTable DescribeGlobalTableSettings DescribeImport DescribeKinesisStreamingDestination DescribeLimits DescribeTable DescribeTableReplicaAutoScaling DescribeTimeToLive DisableKinesisStreamingDestination EnableKinesisStreamingDestination ExecuteStatement ExecuteTransaction ExportTableToPointInTime GetItem GetResourcePolicy ImportTable ListBackups ListBulkOperations ListContributorInsights ListExports ListGlobalTables ListImports ListTables ListTagsOfResource PutItem PutResourcePolicy Query RestoreTableFromBackup RestoreTableToPointInTime Scan SearchVectors StartBulkPutItems TagResource TransactGetItems TransactWriteItems UntagResource UpdateContinuousBackups UpdateContributorInsights UpdateGlobalTable UpdateGlobalTableSettings UpdateItem UpdateKinesisStreamingDestination UpdateTable UpdateTableReplicaAutoScaling UpdateTimeToLive
    dynamodbstreams: 400 MissingAuthenticationTokenException (4)
      DescribeStream GetRecords GetShardIterator ListStreams
    ");
}

#[test]
fn every_operation_is_denied_to_a_user_without_policies() {
    let Some(printed) = every_operation("unauthorized") else {
        return;
    };
    assert_snapshot!(printed, @"
    iam: 403 AccessDenied (180)
    sts: 400 InvalidAction: Could not find operation X for version 2011-06-15 (1)
      AssumeRoleWithSAML
    sts: 400 InvalidIdentityToken (1)
      AssumeRoleWithWebIdentity
    sts: 403 AccessDenied (8)
      AssumeRole AssumeRoot DecodeAuthorizationMessage GetAccessKeyInfo GetDelegatedAccessToken GetFederationToken GetSessionToken GetWebIdentityToken
    sts: accepted (1)
      GetCallerIdentity
    dynamodb: 400 AccessDeniedException (62)
      BatchExecuteStatement BatchGetItem BatchWriteItem CancelBulkOperation CreateBackup CreateGlobalTable CreateTable DeleteBackup DeleteItem DeleteResourcePolicy DeleteTable DescribeBackup DescribeBulkOperation DescribeContinuousBackups DescribeContributorInsights DescribeEndpoints DescribeExport DescribeGlobalTable DescribeGlobalTableSettings DescribeImport DescribeKinesisStreamingDestination DescribeLimits DescribeTable DescribeTableReplicaAutoScaling DescribeTimeToLive DisableKinesisStreamingDestination EnableKinesisStreamingDestination ExecuteStatement ExecuteTransaction ExportTableToPointInTime GetItem GetResourcePolicy ImportTable ListBackups ListBulkOperations ListContributorInsights ListExports ListGlobalTables ListImports ListTables ListTagsOfResource PutItem PutResourcePolicy Query RestoreTableFromBackup RestoreTableToPointInTime Scan SearchVectors StartBulkPutItems TagResource TransactGetItems TransactWriteItems UntagResource UpdateContinuousBackups UpdateContributorInsights UpdateGlobalTable UpdateGlobalTableSettings UpdateItem UpdateKinesisStreamingDestination UpdateTable UpdateTableReplicaAutoScaling UpdateTimeToLive
    dynamodbstreams: 400 AccessDeniedException (4)
      DescribeStream GetRecords GetShardIterator ListStreams
    ");
}

#[test]
fn every_operation_rejects_a_missing_or_invalid_parameter() {
    let Some(printed) = every_operation("malformed") else {
        return;
    };
    assert_snapshot!(printed, @"
    iam: 400 ValidationError (164)
    iam: nothing to get wrong (16)
      DeleteAccountPasswordPolicy DisableOrganizationsRootCredentialsManagement DisableOrganizationsRootSessions DisableOutboundWebIdentityFederation EnableOrganizationsRootCredentialsManagement EnableOrganizationsRootSessions EnableOutboundWebIdentityFederation GenerateCredentialReport GetAccountPasswordPolicy GetAccountProperties GetAccountSummary GetCredentialReport GetOutboundWebIdentityFederationInfo ListOpenIDConnectProviders ListOrganizationsFeatures ListSAMLProviders
    sts: 400 ValidationError (10)
      AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity AssumeRoot DecodeAuthorizationMessage GetAccessKeyInfo GetDelegatedAccessToken GetFederationToken GetSessionToken GetWebIdentityToken
    sts: nothing to get wrong (1)
      GetCallerIdentity
    ");
}

/// Every operation of the operator API, with a request that makes sense.
fn operator_operations() -> Vec<(&'static str, Value)> {
    let instance = "arn:aws:ec2:us-east-1:432797229265:instance/i-0a1b2c3d4e5f60718";
    vec![
        (
            "AttachRole",
            json!({ "Service": "ec2.amazonaws.com", "ResourceArn": instance, "Role": "bot" }),
        ),
        (
            "CheckProvider",
            json!({ "Arn": "arn:aws:iam::432797229265:oidc-provider/issuer.example.com" }),
        ),
        (
            "ConfigureProvider",
            json!({ "Arn": "arn:aws:iam::432797229265:oidc-provider/issuer.example.com" }),
        ),
        ("CreateAccount", json!({})),
        (
            "DeleteAccountQuota",
            json!({ "AccountId": "111122223333", "Quota": "RolesPerAccount" }),
        ),
        (
            "DescribeProvider",
            json!({ "Arn": "arn:aws:iam::432797229265:oidc-provider/issuer.example.com" }),
        ),
        ("DetachRole", json!({ "ResourceArn": instance })),
        ("Explain", json!({ "Last": true })),
        ("GetAttachedCredentials", json!({ "ResourceArn": instance })),
        ("ListAccountQuotas", json!({})),
        ("ListAccounts", json!({})),
        ("ListAttachments", json!({})),
        (
            "PutAccountQuota",
            json!({ "AccountId": "111122223333", "Quota": "RolesPerAccount", "Value": 1 }),
        ),
        ("RotateKeyring", json!({})),
        (
            "RotateRootAccessKey",
            json!({ "AccountId": "111122223333" }),
        ),
    ]
}

#[test]
fn every_operator_operation_is_denied_without_a_signature_and_without_policies() {
    let world = World::new();
    let nobody = world.user("nobody", None);
    let admin = world.user("admin", Some(allow(&["*"], &["*"])));
    let code = |response: &Response| {
        let response: Value = serde_json::from_slice(&response.body).unwrap();
        response["__type"].as_str().unwrap_or("accepted").to_owned()
    };
    for (name, input) in operator_operations() {
        let unsigned = operator(name, &input).send(world.server.port);
        assert_eq!(code(&unsigned), "MissingAuthenticationToken", "{name}");
        let refused = world.operate(&nobody, name, &input);
        assert_eq!(code(&refused), "AccessDenied", "{name}");
        let action = format!("is not authorized to perform: bowline:{name} on resource");
        assert!(refused.text().contains(&action), "{}", refused.text());
        // An administrator of the account gets further: to what is not there, and to what the role
        // does not trust.
        let further = code(&world.operate(&admin, name, &input));
        let expected = match name {
            "AttachRole" => "AccessDenied",
            "CheckProvider"
            | "ConfigureProvider"
            | "DeleteAccountQuota"
            | "DescribeProvider"
            | "DetachRole"
            | "GetAttachedCredentials"
            | "PutAccountQuota"
            | "RotateRootAccessKey" => "NoSuchEntity",
            _ => "accepted",
        };
        assert_eq!(further, expected, "{name}");
    }
    // A member that no operation knows is not dropped.
    for (name, mut input) in operator_operations() {
        input["Caller"] = json!("arn:aws:iam::432797229265:root");
        let refused = world.operate(&admin, name, &input);
        assert_eq!(code(&refused), "ValidationError", "{name}");
    }
}

#[test]
fn a_list_continues_after_policies_with_the_longest_arns() {
    let world = World::new();
    let path = format!("/{}/", "p".repeat(510));
    let document = allow(&["s3:GetObject"], &["*"]).to_string();
    for letter in ["a", "b", "c"] {
        let name = letter.repeat(128);
        let made = world
            .iam(
                "CreatePolicy",
                &[
                    ("PolicyName", &name),
                    ("Path", &path),
                    ("PolicyDocument", &document),
                ],
            )
            .accepted();
        let arn = made.element("Arn").unwrap();
        world
            .iam(
                "AttachRolePolicy",
                &[("RoleName", "bot"), ("PolicyArn", &arn)],
            )
            .accepted();
    }
    let (mut names, mut marker) = (Vec::new(), None);
    loop {
        let mut asked = vec![("RoleName", "bot"), ("MaxItems", "1")];
        let before: Option<String> = marker.take();
        asked.extend(before.as_deref().map(|marker| ("Marker", marker)));
        let page = world.iam("ListAttachedRolePolicies", &asked).accepted();
        names.push(page.element("PolicyName").unwrap());
        marker = page.element("Marker");
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(names, ["a", "b", "c"].map(|letter| letter.repeat(128)));
}

#[test]
fn a_record_that_is_too_large_is_an_error_of_the_request() {
    let world = World::new();
    let configure = |mut settings: Value| {
        settings["Arn"] = world.provider().into();
        world
            .operate(&Bowline::root(), "ConfigureProvider", &settings)
            .text()
    };
    let padded = |text: &str, bytes: usize| format!("{text}{}", "\n".repeat(bytes - text.len()));
    let keys = world.issuer.jwks().to_string();
    let authority = Issuer::start_tls().authority.unwrap();
    assert_snapshot!(configure(json!({ "Jwks": padded(&keys, 100 * 1024) })), @r#"{"__type":"ValidationError","message":"uploaded keys are too long"}"#);
    // Each line feed takes two bytes in a record.
    let both = configure(json!({
        "Jwks": padded(&keys, 90 * 1024),
        "CaBundle": padded(&authority, 90 * 1024),
    }));
    // The time in the record is as long as its fraction of a second.
    let mut shown = insta::Settings::clone_current();
    shown.add_filter(r"record of 36\d\d\d\d bytes", "record of [36....] bytes");
    shown.bind(|| {
        assert_snapshot!(both, @r#"{"__type":"LimitExceeded","message":"The request makes a record of [36....] bytes, over the limit of 262144."}"#);
    });
}

#[test]
fn texts_that_are_no_arns_and_reserved_paths_are_refused_in_the_words_of_iam() {
    let world = World::new();
    let iam = |operation: &str, members: &[(&str, &str)]| world.iam(operation, members).verdict();
    let text = "this is no ARN whatever it is";
    let foreign = "arn:aws-cn:iam::432797229265:policy/data";
    for (operation, member) in [
        ("GetPolicy", "PolicyArn"),
        ("DeletePolicy", "PolicyArn"),
        ("GetOpenIDConnectProvider", "OpenIDConnectProviderArn"),
        ("DeleteOpenIDConnectProvider", "OpenIDConnectProviderArn"),
    ] {
        assert_eq!(
            iam(operation, &[(member, text)]),
            "400 ValidationError: Invalid ARN:  Could not be parsed!"
        );
        assert_eq!(
            iam(operation, &[(member, foreign)]),
            "400 ValidationError: Invalid ARN partition"
        );
    }
    for operation in ["AttachRolePolicy", "DetachRolePolicy"] {
        assert_eq!(
            iam(operation, &[("RoleName", "bot"), ("PolicyArn", text)]),
            "400 ValidationError: Invalid ARN:  Could not be parsed!"
        );
    }
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;
    let role = |path: &str| {
        iam(
            "CreateRole",
            &[
                ("RoleName", "linked"),
                ("Path", path),
                ("AssumeRolePolicyDocument", trust),
            ],
        )
    };
    assert_snapshot!(role("/aws-service-role/ecs.amazonaws.com/"), @"400 InvalidInput: Path prefix '/aws-service-role/' can only be used for AWS Service linked Roles");
    assert_snapshot!(role("/aws-reserved/sso.amazonaws.com/"), @"400 InvalidInput: Path prefix '/aws-reserved/' can only be used for AWS services");
    let user = iam(
        "CreateUser",
        &[("UserName", "x"), ("Path", "/aws-reserved/")],
    );
    assert!(user.starts_with("400 InvalidInput"), "{user}");
    assert_eq!(role("/service-role/"), "200");
}
