use proptest::prelude::*;

use super::{InvalidRequest, pattern};
use crate::{
    credentials::{SecretAccessKey, SessionToken},
    error::AwsError,
    iam,
    output::{Envelope, Format},
    query::Params,
    sts,
};

fn iam_refusal(operation: iam::Operation, form: &str) -> String {
    let params = Params::parse(form.as_bytes(), None).unwrap();
    let error: AwsError = iam::Request::parse(operation, &params).unwrap_err().into();
    error.message().to_owned()
}

fn sts_refusal(operation: sts::Operation, form: &str) -> String {
    let params = Params::parse(form.as_bytes(), None).unwrap();
    let error: AwsError = sts::Request::parse(operation, &params).unwrap_err().into();
    error.message().to_owned()
}

#[test]
fn every_failure_has_the_text_of_aws() {
    insta::assert_snapshot!(
        sts_refusal(
            sts::Operation::AssumeRole,
            "RoleArn=arn:aws:iam::432797229265:role/api&RoleSessionName=Session1:2",
        ),
        @r"1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*"
    );
    insta::assert_snapshot!(
        sts_refusal(sts::Operation::AssumeRole, "RoleArn=short&DurationSeconds=899"),
        @"3 validation errors detected: Value 'short' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20; Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null; Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"
    );
    insta::assert_snapshot!(
        iam_refusal(iam::Operation::ListPolicies, "Scope=Mine&MaxItems=1001"),
        @"2 validation errors detected: Value 'Mine' at 'scope' failed to satisfy constraint: Member must satisfy enum value set: [All, AWS, Local]; Value '1001' at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 1000"
    );
}

#[test]
fn members_of_lists_are_named_by_their_number() {
    insta::assert_snapshot!(
        iam_refusal(iam::Operation::TagRole, "RoleName=api&Tags.member.1.Key=&Tags.member.1.Value=x&Tags.member.2.Key=k"),
        @r"3 validation errors detected: Value '' at 'tags.1.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1; Value '' at 'tags.1.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+; Value null at 'tags.2.member.value' failed to satisfy constraint: Member must not be null"
    );
}

#[test]
fn secrets_do_not_reach_messages_or_debug_output() {
    let form = "RoleArn=arn:aws:iam::432797229265:role/api&RoleSessionName=pod&WebIdentityToken=";
    let short = sts_refusal(
        sts::Operation::AssumeRoleWithWebIdentity,
        &format!("{form}abc"),
    );
    insta::assert_snapshot!(
        short,
        @"1 validation error detected: Value '***' at 'webIdentityToken' failed to satisfy constraint: Member must have length greater than or equal to 4"
    );
    let params = Params::parse(format!("{form}e30.e30.c2ln").as_bytes(), None).unwrap();
    let request = sts::AssumeRoleWithWebIdentityRequest::parse(&params).unwrap();
    assert_eq!(request.web_identity_token.expose(), "e30.e30.c2ln");
    assert!(!format!("{request:?}").contains("e30"));
}

#[test]
fn long_values_are_truncated_in_messages() {
    let message = iam_refusal(
        iam::Operation::GetRole,
        &format!("RoleName={}", "a".repeat(10_000)),
    );
    assert!(message.len() < 500, "{message}");
    assert!(message.ends_with("Member must have length less than or equal to 64"));
}

#[test]
fn a_parameter_of_another_operation_is_refused_and_not_dropped() {
    let form = "Action=GetRole&Version=2010-05-08&RoleName=api";
    let params = Params::parse(form.as_bytes(), None).unwrap();
    assert!(iam::GetRoleRequest::parse(&params).is_ok());
    let params = Params::parse(format!("{form}&Path=/x/").as_bytes(), None).unwrap();
    assert_eq!(
        iam::GetRoleRequest::parse(&params).unwrap_err(),
        InvalidRequest::UnknownParameter("Path".to_owned())
    );
}

#[test]
fn an_empty_list_and_an_absent_one_differ() {
    let with = |tags: &str| {
        let form = format!("RoleName=api&AssumeRolePolicyDocument=%7B%7D{tags}");
        let params = Params::parse(form.as_bytes(), None).unwrap();
        iam::CreateRoleRequest::parse(&params)
            .unwrap()
            .tags
            .map(|tags| tags.len())
    };
    assert_eq!(with(""), None);
    assert_eq!(with("&Tags="), Some(0));
    assert_eq!(
        with("&Tags.member.1.Key=team&Tags.member.1.Value="),
        Some(1)
    );
}

#[test]
fn every_operation_is_found_by_its_name_and_refuses_foreign_parameters() {
    assert_eq!(
        (iam::Operation::ALL.len(), sts::Operation::ALL.len()),
        (180, 11)
    );
    let foreign = Params::parse(b"NoSuchParameter=1", None).unwrap();
    for operation in iam::Operation::ALL {
        assert_eq!(
            iam::Operation::from_name(operation.name()),
            Some(*operation)
        );
        assert_eq!(operation.action(), format!("iam:{}", operation.name()));
        assert!(
            iam::Request::parse(*operation, &foreign).is_err(),
            "{operation:?}"
        );
    }
    for operation in sts::Operation::ALL {
        assert_eq!(
            sts::Operation::from_name(operation.name()),
            Some(*operation)
        );
        assert!(
            sts::Request::parse(*operation, &foreign).is_err(),
            "{operation:?}"
        );
    }
    assert_eq!(iam::Operation::from_name("createrole"), None);
}

#[test]
fn patterns_match_whole_values() {
    let cases: [(&pattern::Pattern, &[&str], &[&str]); 12] = [
        (
            &pattern::NAME,
            &["a", "a+=,.@-_9"],
            &["", "a b", "a/b", "\u{e9}"],
        ),
        (
            &pattern::PATH,
            &["/", "/a/", "/a/b/"],
            &["", "a/", "/a", "//a b/", "/\u{7f}/"],
        ),
        (
            &pattern::POLICY_PATH,
            &["/", "/a/", "/a/b/"],
            &["", "//", "/a", "/a//b/", "/a b/"],
        ),
        (
            &pattern::PATH_PREFIX,
            &["/", "/a", "/\u{7f}"],
            &["", "a", "/ "],
        ),
        (
            &pattern::DOCUMENT,
            &["{}\n", "\u{ff}"],
            &["", "\u{100}", "\u{b}"],
        ),
        (
            &pattern::VERSION_ID,
            &["v1", "v10.a-B", "v1."],
            &["v0", "v", "1", "v1x", "v1.a.b"],
        ),
        (
            &pattern::ACCOUNT_ALIAS,
            &["abc", "a-1"],
            &["ab", "a--b", "-ab", "ab-", "Abc"],
        ),
        (
            &pattern::ACCOUNT_ID,
            &["432797229265"],
            &["43279722926", "4327972292655", "43279722926x"],
        ),
        (
            &pattern::TAG_KEY,
            &["t\u{e9}am 1", "a{b".split('{').next().unwrap()],
            &["", "a{b", "a\n"],
        ),
        (
            &pattern::XML_TEXT,
            &["a", "\u{10000}", "\u{85}"],
            &["", "\u{86}", "\u{ffff}"],
        ),
        (
            &pattern::REDIRECT_URL,
            &["http://a", "https://a/b?c=d#e"],
            &["ftp://a", "http://a b", "http://a?b?c", "http://a#b#c"],
        ),
        (
            &pattern::ORGANIZATION_PATH,
            &["o-0123456789/r-abcd", "o-0123456789/r-abcd/ou-x/"],
            &["o-012345678/r-abcd", "o-0123456789/r-abc", "x"],
        ),
    ];
    for (pattern, good, bad) in cases {
        for value in good {
            assert!(pattern.matches(value), "{} and {value:?}", pattern.text());
        }
        for value in bad {
            assert!(!pattern.matches(value), "{} and {value:?}", pattern.text());
        }
    }
}

fn xml(request_id: &str) -> Envelope<'_> {
    Envelope {
        request_id,
        format: Format::Xml,
    }
}

fn json(request_id: &str) -> Envelope<'_> {
    Envelope {
        request_id,
        format: Format::Json,
    }
}

#[test]
fn a_json_response_has_the_members_of_the_xml_one() {
    let output = sts::AssumeRoleResponse {
        credentials: Some(sts::Credentials {
            access_key_id: "ASIAEXAMPLE".to_owned(),
            secret_access_key: SecretAccessKey::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
                .unwrap(),
            session_token: SessionToken::new("IQ==").unwrap(),
            expiration: "2026-11-24T01:02:03.9Z".parse().unwrap(),
        }),
        assumed_role_user: None,
        packed_policy_size: Some(7),
        source_identity: None,
        session_token_utilization: None,
        session_token_size: None,
    };
    insta::assert_snapshot!(sts::response(&output, json("id-1")), @r#"{"AssumeRoleResponse":{"AssumeRoleResult":{"Credentials":{"AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY","SessionToken":"IQ==","Expiration":1795482123},"AssumedRoleUser":null,"PackedPolicySize":7,"SourceIdentity":null,"SessionTokenUtilization":null,"SessionTokenSize":null},"ResponseMetadata":{"RequestId":"id-1"}}}"#);
    let output = iam::ListRolePoliciesResponse {
        policy_names: vec!["a".to_owned(), "b\"c".to_owned()],
        is_truncated: Some(false),
        marker: None,
    };
    insta::assert_snapshot!(iam::response(&output, json("id-2")), @r#"{"ListRolePoliciesResponse":{"ListRolePoliciesResult":{"PolicyNames":["a","b\"c"],"IsTruncated":false,"Marker":null},"ResponseMetadata":{"RequestId":"id-2"}}}"#);
    insta::assert_snapshot!(iam::empty_response(iam::Operation::DeleteRole, json("id-3")), @r#"{"DeleteRoleResponse":{"ResponseMetadata":{"RequestId":"id-3"}}}"#);
}

#[test]
fn responses_have_their_members_in_the_order_of_the_model() {
    let output = sts::GetCallerIdentityResponse {
        user_id: Some("AIDAEXAMPLE".to_owned()),
        account: Some("432797229265".to_owned()),
        arn: Some("arn:aws:iam::432797229265:user/a".to_owned()),
    };
    insta::assert_snapshot!(
        sts::response(&output, xml("id-1")),
        @r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><UserId>AIDAEXAMPLE</UserId><Account>432797229265</Account><Arn>arn:aws:iam::432797229265:user/a</Arn></GetCallerIdentityResult><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"#
    );
    insta::assert_snapshot!(
        iam::response(
            &iam::ListRolePoliciesResponse {
                policy_names: vec!["a".to_owned(), "b&c".to_owned()],
                is_truncated: Some(false),
                marker: None,
            },
            xml("id-2"),
        ),
        @r#"<ListRolePoliciesResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListRolePoliciesResult><PolicyNames><member>a</member><member>b&amp;c</member></PolicyNames><IsTruncated>false</IsTruncated></ListRolePoliciesResult><ResponseMetadata><RequestId>id-2</RequestId></ResponseMetadata></ListRolePoliciesResponse>"#
    );
}

proptest! {
    #[test]
    fn parsing_never_panics(
        operation in 0..180_usize,
        form in "((RoleName|Path|Tags\\.member\\.[0-3]\\.(Key|Value)|MaxItems|ContextEntries\\.member\\.1\\.ContextKeyValues\\.member\\.1|Tags)=[a-z0-9%/{}]{0,8}&){0,6}",
    ) {
        if let Ok(params) = Params::parse(form.as_bytes(), None) {
            let _ = iam::Request::parse(iam::Operation::ALL[operation], &params);
            let _ = sts::Request::parse(sts::Operation::ALL[operation % 11], &params);
        }
    }
}
