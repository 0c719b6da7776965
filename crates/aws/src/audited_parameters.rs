//! The parameters of IAM and STS requests that the audit log shows.
//!
//! An allow-list: a parameter that is not here may be a secret, and is never recorded. A test of
//! `bowline-generate` compares the list with the service models: no operation has a secret by one
//! of these names.

/// Names as requests have them, and as CloudTrail has them. A list's members are recorded too.
pub const AUDITED_PARAMETERS: [(&str, &str); 30] = [
    ("AccessKeyId", "accessKeyId"),
    ("AssumeRolePolicyDocument", "assumeRolePolicyDocument"),
    ("ClientID", "clientID"),
    ("ClientIDList", "clientIDList"),
    ("Description", "description"),
    ("DurationSeconds", "durationSeconds"),
    ("EntityFilter", "entityFilter"),
    ("ExternalId", "externalId"),
    ("GroupName", "groupName"),
    ("InstanceProfileName", "instanceProfileName"),
    ("MaxItems", "maxItems"),
    ("MaxSessionDuration", "maxSessionDuration"),
    ("NewPath", "newPath"),
    ("NewUserName", "newUserName"),
    ("OnlyAttached", "onlyAttached"),
    ("OpenIDConnectProviderArn", "openIDConnectProviderArn"),
    ("Path", "path"),
    ("PathPrefix", "pathPrefix"),
    ("Policy", "policy"),
    ("PolicyArn", "policyArn"),
    ("PolicyDocument", "policyDocument"),
    ("PolicyName", "policyName"),
    ("PolicyUsageFilter", "policyUsageFilter"),
    ("RoleArn", "roleArn"),
    ("RoleName", "roleName"),
    ("RoleSessionName", "roleSessionName"),
    ("Scope", "scope"),
    ("Status", "status"),
    ("Url", "url"),
    ("UserName", "userName"),
];
