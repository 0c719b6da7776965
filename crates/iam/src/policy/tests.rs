//! AWS's message for each problem of a policy document, with the cause and its position.

use super::*;

fn identity(statement: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#)
}

fn rejected(text: &str, kind: PolicyKind) -> String {
    let error = Policy::parse(text, kind).unwrap_err();
    format!("{} ({error})", error.aws_message())
}

fn inline(statement: &str) -> String {
    rejected(&identity(statement), PolicyKind::Inline)
}

fn trust(statement: &str) -> String {
    rejected(&identity(statement), PolicyKind::Trust)
}

#[test]
fn invalid_json_and_invalid_policies_are_syntax_errors() {
    insta::assert_snapshot!(rejected("{no json", PolicyKind::Inline), @"Syntax errors in policy. (line 1, column 2: expected a member's name, found `n`)");
    insta::assert_snapshot!(rejected("[]", PolicyKind::Inline), @"Syntax errors in policy. (line 1, column 1: a policy is not an object)");
    insta::assert_snapshot!(rejected("{}", PolicyKind::Inline), @"Syntax errors in policy. (line 1, column 1: the policy has no `Statement`)");
    insta::assert_snapshot!(rejected(r#"{"Statement":[]}"#, PolicyKind::Inline), @"Syntax errors in policy. (line 1, column 14: the policy has no statements)");
    insta::assert_snapshot!(rejected(r#"{"Version":"2026-01-01","Statement":[]}"#, PolicyKind::Inline), @"Syntax errors in policy. (line 1, column 12: the version `2026-01-01` is neither `2012-10-17` nor `2008-10-17`)");
    insta::assert_snapshot!(inline(r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","condition":{}}"#), @"Syntax errors in policy. (line 1, column 87: a statement has no element `condition`; it is written `Condition`)");
    insta::assert_snapshot!(inline(r#"{"Effect":"Allow","Action":"s3:*","NotAction":"s3:*","Resource":"*"}"#), @"Syntax errors in policy. (line 1, column 84: a statement has either `Action` or `NotAction`)");
    insta::assert_snapshot!(inline(r#"{"Effect":"Allow","Action":7,"Resource":"*"}"#), @"Syntax errors in policy. (line 1, column 65: `Action` is not a text)");
    insta::assert_snapshot!(inline(r#"{"Effect":"Perhaps","Action":"s3:*","Resource":"*"}"#), @"Syntax errors in policy. (line 1, column 48: the effect is `Perhaps`, not `Allow` or `Deny`)");
    insta::assert_snapshot!(inline(r#"{"Action":"s3:*","Resource":"*"}"#), @"Syntax errors in policy. (line 1, column 38: the statement has no `Effect`)");
}

#[test]
fn a_duplicate_condition_is_rejected() {
    insta::assert_snapshot!(inline(r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}},"Condition":{}}"#), @"Syntax errors in policy. (line 1, column 139: member `Condition` is given twice; keep one of them)");
    insta::assert_snapshot!(inline(r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true","AWS:securetransport":"false"}}}"#), @"Syntax errors in policy. (line 1, column 137: the key `AWS:securetransport` is duplicated: keys ignore case)");
}

#[test]
fn malformed_conditions_are_rejected() {
    let with = |condition: &str| {
        inline(&format!(
            r#"{{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{condition}}}"#
        ))
    };
    insta::assert_snapshot!(with(r#"{"StringSounds":{"aws:username":"a"}}"#), @"Syntax errors in policy. (line 1, column 100: `StringSounds` is not a condition operator)");
    insta::assert_snapshot!(with(r#"{"StringSounds":{}}"#), @"Syntax errors in policy. (line 1, column 100: `StringSounds` is not a condition operator)");
    insta::assert_snapshot!(with(r#"{"StringEquals":{"aws:username":[]}}"#), @"Syntax errors in policy. (line 1, column 116: `StringEquals` of `aws:username` has no values)");
    insta::assert_snapshot!(with(r#"{"StringEquals":{"username":"a"}}"#), @"Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. (line 1, column 116: the condition key `username` has no prefix such as `aws:`)");
    insta::assert_snapshot!(with(r#"{"DateLessThan":{"aws:CurrentTime":"Jan 1, 2030"}}"#), @"The policy failed legacy parsing (line 1, column 116: `DateLessThan` of `aws:CurrentTime` has the value `Jan 1, 2030`, which is not a date such as `2026-11-24T01:02:03Z`)");
    insta::assert_snapshot!(with(r#"{"StringEquals":{"aws:username":null}}"#), @"Syntax errors in policy. (line 1, column 131: a value of `aws:username` is neither a text nor a number nor a truth value)");
    insta::assert_snapshot!(with(r#"{"StringEquals":{"aws:username":"${aws:x"}}"#), @"The policy failed legacy parsing (line 1, column 116: `StringEquals` of `aws:username` has the value `${aws:x`, which has a variable without a closing brace)");
    insta::assert_snapshot!(with(r#"{"StringEquals":{"__doc_comment":"x"}}"#), @"Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. (line 1, column 116: the condition key `__doc_comment` has no prefix such as `aws:`)");
    insta::assert_snapshot!(inline(r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","__doc_comment":"x"}"#), @"Syntax errors in policy. (line 1, column 87: remove `__doc_comment`: policies have no comments)");
}

#[test]
fn problems_are_reported_in_the_order_of_iam() {
    // Each policy has all later problems as well.
    insta::assert_snapshot!(rejected(r#"{"Statement":{"Effect":"allow","Action":[],"Resource":[]}}"#, PolicyKind::Managed), @r#"Policy document must be version 2012-10-17 or greater. (line 1, column 1: a managed policy has to have `"Version": "2012-10-17"`)"#);
    insta::assert_snapshot!(inline(r#"{"Effect":"allow","Action":[],"Resource":[]}"#), @"The policy failed legacy parsing (line 1, column 48: the effect is `allow`, not `Allow` or `Deny`)");
    insta::assert_snapshot!(inline(r#"{"Sid":"a","Effect":"Allow","Action":[],"Resource":[]},{"Sid":"a","Effect":"Allow","Action":[],"Resource":[]}"#), @"Statement IDs (SID) in a single policy must be unique. (line 1, column 100: the Sid `a` is not unique)");
    insta::assert_snapshot!(inline(r#"{"Effect":"Allow","Action":[],"Resource":"x"}"#), @"Policy statement must contain actions. (line 1, column 38: the statement names no action)");
    insta::assert_snapshot!(inline(r#"{"Effect":"Allow","Action":"x","Resource":"x"}"#), @r#"Resource x must be in ARN format or "*". (line 1, column 80: the resource `x` is neither `*` nor an ARN that could exist)"#);
    insta::assert_snapshot!(inline(r#"{"Effect":"Allow","Action":"x","Resource":[]}"#), @"Policy statement must contain resources. (line 1, column 38: the statement names no resource)");
    insta::assert_snapshot!(inline(r#"{"Effect":"Allow","Action":"x","Resource":"*"}"#), @"Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. (line 1, column 65: the action `x` has no service before a colon)");
}

#[test]
fn a_resource_is_a_star_or_a_possible_arn() {
    let of = |resource: &str| {
        inline(&format!(
            r#"{{"Effect":"Allow","Action":"s3:*","Resource":"{resource}"}}"#
        ))
    };
    insta::assert_snapshot!(of("bucket"), @r#"Resource bucket must be in ARN format or "*". (line 1, column 83: the resource `bucket` is neither `*` nor an ARN that could exist)"#);
    insta::assert_snapshot!(of("arn:b:s3:::bucket"), @r#"Partition "b" is not valid for resource "arn:b:s3:::bucket". (line 1, column 83: the resource `arn:b:s3:::bucket` is neither `*` nor an ARN that could exist)"#);
    insta::assert_snapshot!(of("arn:aws:s*:::bucket"), @"Resource vendor must be fully qualified and cannot contain regexes. (line 1, column 83: the resource `arn:aws:s*:::bucket` is neither `*` nor an ARN that could exist)");
    insta::assert_snapshot!(of("arn:aws:iam:eu-west-1:111122223333:user/x"), @"IAM resource arn:aws:iam:eu-west-1:111122223333:user/x cannot contain region information. (line 1, column 83: the resource `arn:aws:iam:eu-west-1:111122223333:user/x` is neither `*` nor an ARN that could exist)");
    insta::assert_snapshot!(of("arn:aws:iam::111122223333:something/x"), @r#"IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/. (line 1, column 83: the resource `arn:aws:iam::111122223333:something/x` is neither `*` nor an ARN that could exist)"#);
    for good in [
        "*",
        "arn:aws:s3:*",
        "arn:aws:s3:::b/${aws:username}/*",
        "arn:aws:iam::*:role/x*",
        "arn:aws:iam::111122223333:*",
        "arn:aws:*:*:*:*",
    ] {
        let text = identity(&format!(
            r#"{{"Effect":"Allow","Action":"s3:*","Resource":"{good}"}}"#
        ));
        assert!(Policy::parse(&text, PolicyKind::Inline).is_ok(), "{good}");
    }
}

#[test]
fn an_action_has_one_possible_service() {
    let of = |action: &str| {
        inline(&format!(
            r#"{{"Effect":"Allow","Action":"{action}","Resource":"*"}}"#
        ))
    };
    insta::assert_snapshot!(of("GetObject"), @"Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. (line 1, column 65: the action `GetObject` has no service before a colon)");
    insta::assert_snapshot!(of("s3:Get:Object"), @"Actions/Condition can contain only one colon. (line 1, column 65: the action `s3:Get:Object` has more than one colon)");
    insta::assert_snapshot!(of("s*:Get"), @"Vendor s* is not valid (line 1, column 65: the action `s*:Get` names the service `s*`, which is neither a name nor `*`)");
}

#[test]
fn a_policy_has_principals_only_if_its_kind_does() {
    insta::assert_snapshot!(inline(r#"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}"#), @"Policy document should not specify a principal. (line 1, column 68: a policy of a user or role names no principal: it applies to its user or role)");
    insta::assert_snapshot!(trust(r#"{"Effect":"Allow","Action":"sts:AssumeRole"}"#), @"Missing required field Principal (line 1, column 38: the statement names no principal)");
    insta::assert_snapshot!(trust(r#"{"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}"#), @"Syntax errors in policy. (line 1, column 71: `NotPrincipal` would allow every other principal; name those that you mean)");
    insta::assert_snapshot!(trust(r#"{"Effect":"Allow","Principal":{},"Action":"sts:AssumeRole"}"#), @"Syntax errors in policy. (line 1, column 68: `Principal` names no principal)");
    insta::assert_snapshot!(trust(r#"{"Effect":"Allow","Principal":{"Aws":"111122223333"},"Action":"sts:AssumeRole"}"#), @"Syntax errors in policy. (line 1, column 69: `Aws` is not a kind of principal; they are AWS, Service, Federated and CanonicalUser)");
    let bucket =
        r#"{"Effect":"Deny","NotPrincipal":{"AWS":"111122223333"},"Action":"s3:*","Resource":"*"}"#;
    assert!(Policy::parse(&identity(bucket), PolicyKind::Resource).is_ok());
    let allow = bucket.replace("Deny", "Allow");
    assert!(Policy::parse(&identity(&allow), PolicyKind::Resource).is_err());
}

#[test]
fn a_trust_policy_only_allows_assuming_its_role() {
    insta::assert_snapshot!(trust(r#"{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Resource":"*"}"#), @"Has prohibited field Resource. (line 1, column 128: a trust policy is about its role and names no resource)");
    insta::assert_snapshot!(trust(r#"{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:GetObject"}"#), @"Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML,  and sts:AssumeRoleWithWebIdentity (line 1, column 100: `s3:GetObject` is not a way to assume a role)");
    insta::assert_snapshot!(trust(r#"{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:*"}"#), @"Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML,  and sts:AssumeRoleWithWebIdentity (line 1, column 100: `sts:*` is not a way to assume a role)");
    insta::assert_snapshot!(trust(r#"{"Effect":"Allow","Principal":{"AWS":"111122223333"},"NotAction":"sts:TagSession"}"#), @"Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML,  and sts:AssumeRoleWithWebIdentity (line 1, column 38: a trust policy names the actions that it allows; `NotAction` does not do)");
    insta::assert_snapshot!(trust(r#"{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}"#), @r#"AssumeRolepolicy contained an invalid principal: "STAR":"*". (line 1, column 68: a role does not trust every principal; name an account as `{"AWS": "111122223333"}`)"#);
    insta::assert_snapshot!(trust(r#"{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["sts:TagSession","sts:AssumeRoleWithWebIdentity"]}"#), @r#"Invalid principal in policy: "AWS":"*" (line 1, column 75: token holders are named by their provider: `{"Federated": ...}`)"#);
}

#[test]
fn invalid_principals_of_a_trust_policy_are_rejected() {
    let of = |principal: &str| {
        trust(&format!(
            r#"{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"}}"#
        ))
    };
    insta::assert_snapshot!(of(r#"{"AWS":"alice"}"#), @r#"Invalid principal in policy: "AWS":"alice" (line 1, column 75: `alice` is neither an account nor an ARN)"#);
    insta::assert_snapshot!(of(r#"{"AWS":"arn:aws:iam::111122223333:role/*"}"#), @r#"Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:role/*" (line 1, column 75: `arn:aws:iam::111122223333:role/*` has a wildcard, which principals do not have)"#);
    for invalid in [
        "arn:nonsense:iam::111122223333:root",
        "arn:aws-cn:iam::111122223333:role/x",
        "arn:aws:sts::111122223333:assumed-role/x",
        "arn:aws:sts::111122223333:assumed-role/x/",
        "arn:aws:sts::111122223333:assumed-role/x/y/z",
    ] {
        let message = of(&format!(r#"{{"AWS":"{invalid}"}}"#));
        assert!(
            message.starts_with("Invalid principal in policy"),
            "{message}"
        );
    }
    let message = of(r#"{"Federated":"arn:aws-cn:iam::111122223333:oidc-provider/x.example.com"}"#);
    assert!(
        message.contains("is not the ARN of an identity provider"),
        "{message}"
    );
    insta::assert_snapshot!(of(r#"{"AWS":"arn:aws:iam::111122223333:group/x"}"#), @r#"Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:group/x" (line 1, column 75: `arn:aws:iam::111122223333:group/x` is not the ARN of an account, user, role or session)"#);
    insta::assert_snapshot!(of(r#"{"AWS":"arn:aws:iam::111122223333:oidc-provider/x.example.com"}"#), @r#"Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:oidc-provider/x.example.com" (line 1, column 75: `arn:aws:iam::111122223333:oidc-provider/x.example.com` is not the ARN of an account, user, role or session)"#);
    insta::assert_snapshot!(of(r#"{"Service":"lambda"}"#), @r#"Invalid principal in policy: "SERVICE":"lambda" (line 1, column 79: `lambda` is not the name of a service such as `lambda.amazonaws.com`)"#);
    insta::assert_snapshot!(of(r#"{"Federated":"x.example.com"}"#), @"Federated principals must be valid domain names or SAML metadata ARNs (line 1, column 81: `x.example.com` is not the ARN of an identity provider)");
    insta::assert_snapshot!(of(r#"{"Federated":"arn:aws:iam::111122223333:role/x"}"#), @"Federated principals must be valid domain names or SAML metadata ARNs (line 1, column 81: `arn:aws:iam::111122223333:role/x` is not the ARN of an identity provider)");
    insta::assert_snapshot!(of(r#"{"Federated":[]}"#), @"Syntax errors in policy. (line 1, column 68: `Principal` names no principal)");
}

#[test]
fn the_users_and_roles_that_a_policy_names_are_resolved() {
    let text = identity(
        r#"{"Effect":"Allow","Principal":{"AWS":["111122223333","arn:aws:iam::111122223333:user/ann","arn:aws:iam::444455556666:role/a/b","AROAEXAMPLE000000001"],"Service":"ec2.amazonaws.com","Federated":"accounts.google.com"},"Action":"sts:AssumeRole"}"#,
    );
    let policy = Policy::parse(&text, PolicyKind::Trust).unwrap();
    let named = [
        "arn:aws:iam::111122223333:user/ann",
        "arn:aws:iam::444455556666:role/a/b",
    ];
    assert_eq!(policy.principals(), named);
    let accounts: Vec<String> = policy.accounts().iter().map(ToString::to_string).collect();
    assert_eq!(accounts, ["111122223333", "444455556666"]);
    let gone = policy
        .clone()
        .compile(|arn| arn.ends_with("ann").then(|| "AIDA1".to_owned()));
    insta::assert_snapshot!(gone.unwrap_err(), @"the policy names `arn:aws:iam::444455556666:role/a/b`, which does not exist");
    assert!(
        policy
            .compile(|_| Some("AROAEXAMPLE000000002".to_owned()))
            .is_ok()
    );
}

#[test]
fn a_problem_names_its_line_and_column() {
    let text = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [{\n    \"Effect\": \"Allow\",\n    \"Action\": \"s3\",\n    \"Resource\": \"*\"\n  }]\n}";
    let error = Policy::parse(text, PolicyKind::Inline).unwrap_err();
    insta::assert_snapshot!(error, @"line 5, column 15: the action `s3` has no service before a colon");
}

#[test]
fn a_document_that_was_saved_by_other_rules_loads_and_keeps_its_meaning() {
    let of = |resource: &str| {
        identity(&format!(
            r#"{{"Effect":"Deny","Action":"s3:*","Resource":"{resource}"}}"#
        ))
    };
    for (kind, resource) in [
        (PolicyKind::Inline, "arn:aws:s3:eu-west-1::docs"),
        (PolicyKind::Inline, "arn:aws-cn:s3:::docs/*"),
        (PolicyKind::Managed, "arn:aws-us-gov:s3:::docs"),
        (PolicyKind::Session, "arn:aws:s3:*"),
        (PolicyKind::Session, "arn:aws:s3:::docs*"),
    ] {
        let text = of(resource);
        let loaded = Policy::load(&text, kind).unwrap();
        let spelled: Vec<_> = loaded
            .statements
            .iter()
            .flat_map(|s| s.resource_texts())
            .collect();
        assert_eq!(spelled, [resource]);
    }
    // What no version accepted is damage.
    for (kind, resource) in [
        (PolicyKind::Inline, "bucket"),
        (PolicyKind::Inline, "arn:b:s3:::docs"),
        (PolicyKind::Session, "arn:aws:s3"),
        (PolicyKind::Trust, "arn:aws:s3:::docs"),
    ] {
        assert!(Policy::load(&of(resource), kind).is_err(), "{resource}");
    }
}

#[test]
fn a_variable_with_colons_is_one_part_of_an_arn() {
    for (resource, padded) in [
        ("arn:aws:s3", "arn:aws:s3:*:*:*"),
        ("arn:aws:sqs:eu-west-1", "arn:aws:sqs:eu-west-1:*:*"),
        (
            "arn:aws:s3:::b/${aws:username}",
            "arn:aws:s3:::b/${aws:username}",
        ),
        (
            "arn:aws:sqs:*:${aws:PrincipalAccount}",
            "arn:aws:sqs:*:${aws:PrincipalAccount}:*",
        ),
        ("arn:aws:s3:*", "arn:aws:s3:*"),
    ] {
        let text = identity(&format!(
            r#"{{"Effect":"Allow","Action":"s3:*","Resource":"{resource}"}}"#
        ));
        let parsed = Policy::parse(&text, PolicyKind::Inline).unwrap();
        let spelled: Vec<_> = parsed
            .statements
            .iter()
            .flat_map(|s| s.resource_texts())
            .collect();
        assert_eq!(spelled, [padded]);
    }
}
