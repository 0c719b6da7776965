//! The bodies of errors in each protocol, and the messages of shared errors.

use super::*;
use crate::sigv4::SignatureError;

const IDS: ErrorContext<'static> = ErrorContext {
    request_id: "4442587FB7D0A2F9",
    host_id: "h",
    resource: "/b/k",
};

fn shown(error: &AwsError, protocol: Protocol) -> String {
    let rendered = error.render(protocol, IDS);
    format!(
        "{} {}\n{}",
        rendered.status, rendered.content_type, rendered.body
    )
}

/// One line each for STS, S3 and DynamoDB.
fn cells(of: impl Fn(Protocol) -> AwsError) -> String {
    [Protocol::STS, Protocol::S3, Protocol::DynamoDb]
        .map(|protocol| {
            let error = of(protocol);
            format!(
                "{} {}: {}",
                error.wire_code(protocol),
                error.status(protocol),
                error.message()
            )
        })
        .join("\n")
}

#[test]
fn the_query_protocol_has_an_envelope() {
    insta::assert_snapshot!(shown(&AwsError::access_denied("Not authorized to perform sts:AssumeRoleWithWebIdentity"), Protocol::STS), @r#"
    403 text/xml
    <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized to perform sts:AssumeRoleWithWebIdentity</Message></Error><RequestId>4442587FB7D0A2F9</RequestId></ErrorResponse>
    "#);
}

#[test]
fn s3_errors_have_details_resource_and_both_ids() {
    let error = AwsError::new(Code::NoSuchBucket, "The specified bucket does not exist")
        .with("BucketName", "b");
    insta::assert_snapshot!(shown(&error, Protocol::S3), @r#"
    404 application/xml
    <?xml version="1.0" encoding="UTF-8"?>
    <Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message><BucketName>b</BucketName><Resource>/b/k</Resource><RequestId>4442587FB7D0A2F9</RequestId><HostId>h</HostId></Error>
    "#);
}

#[test]
fn dynamodb_types_have_the_namespace_of_the_layer() {
    let denied = AwsError::access_denied("User: x is not authorized");
    insta::assert_snapshot!(shown(&denied, Protocol::DynamoDb), @r#"
    400 application/x-amz-json-1.0
    {"__type":"com.amazon.coral.service#AccessDeniedException","message":"User: x is not authorized"}
    "#);
    let absent = AwsError::new(Code::ResourceNotFound, "Requested resource not found");
    insta::assert_snapshot!(shown(&absent, Protocol::DynamoDb), @r#"
    400 application/x-amz-json-1.0
    {"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found"}
    "#);
}

#[test]
fn the_operator_api_has_json_and_the_status_of_the_query_protocol() {
    insta::assert_snapshot!(shown(&AwsError::new(Code::NoSuchEntity, "no such \"provider\""), Protocol::Bowline), @r#"
    404 application/x-amz-json-1.1
    {"__type":"NoSuchEntity","message":"no such \"provider\""}
    "#);
}

#[test]
fn nothing_signed() {
    insta::assert_snapshot!(cells(AwsError::missing_authentication), @"
    MissingAuthenticationToken 403: Request is missing Authentication Token
    AccessDenied 403: Access Denied
    MissingAuthenticationTokenException 400: Request is missing Authentication Token
    ");
}

#[test]
fn an_unknown_access_key() {
    insta::assert_snapshot!(cells(|p| AwsError::unknown_access_key(p, "AKIAIOSFODNN7EXAMPLE")), @"
    InvalidClientTokenId 403: The security token included in the request is invalid.
    InvalidAccessKeyId 403: The AWS Access Key Id you provided does not exist in our records.
    UnrecognizedClientException 400: The security token included in the request is invalid.
    ");
}

#[test]
fn an_invalid_session_token() {
    insta::assert_snapshot!(cells(AwsError::invalid_session_token), @"
    InvalidClientTokenId 403: The security token included in the request is invalid.
    InvalidToken 400: The provided token is malformed or otherwise invalid.
    UnrecognizedClientException 400: The security token included in the request is invalid.
    ");
}

#[test]
fn an_expired_or_revoked_session() {
    insta::assert_snapshot!(cells(AwsError::expired_session), @"
    ExpiredToken 403: The security token included in the request is expired
    ExpiredToken 400: The provided token has expired.
    ExpiredTokenException 400: The security token included in the request is expired
    ");
}

#[test]
fn a_bad_signature() {
    insta::assert_snapshot!(cells(|p| AwsError::from_signature(&SignatureError::Mismatch, p)), @"
    SignatureDoesNotMatch 403: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.
    SignatureDoesNotMatch 403: The request signature we calculated does not match the signature you provided. Check your key and signing method.
    InvalidSignatureException 400: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.
    ");
}

#[test]
fn a_request_that_is_too_old() {
    let error = SignatureError::Expired {
        requested: "2026-11-24T00:00:00Z".parse().unwrap(),
        now: "2026-11-24T00:30:00Z".parse().unwrap(),
    };
    insta::assert_snapshot!(cells(|p| AwsError::from_signature(&error, p)), @"
    SignatureDoesNotMatch 403: Signature expired: 20261124T000000Z is now earlier than 20261124T001500Z (20261124T003000Z - 15 min.)
    RequestTimeTooSkewed 403: The difference between the request time and the current time is too large.
    InvalidSignatureException 400: Signature expired: 20261124T000000Z is now earlier than 20261124T001500Z (20261124T003000Z - 15 min.)
    ");
}

#[test]
fn a_request_that_is_too_new() {
    let error = SignatureError::NotYetCurrent {
        requested: "2026-11-24T01:00:00Z".parse().unwrap(),
        now: "2026-11-24T00:30:00Z".parse().unwrap(),
    };
    insta::assert_snapshot!(cells(|p| AwsError::from_signature(&error, p)), @"
    SignatureDoesNotMatch 403: Signature not yet current: 20261124T010000Z is still later than 20261124T004500Z (20261124T003000Z + 15 min.)
    RequestTimeTooSkewed 403: The difference between the request time and the current time is too large.
    InvalidSignatureException 400: Signature not yet current: 20261124T010000Z is still later than 20261124T004500Z (20261124T003000Z + 15 min.)
    ");
}

#[test]
fn several_violations_share_one_message() {
    insta::assert_snapshot!(AwsError::validation(&["a", "b"]).message(), @"2 validation errors detected: a; b");
    insta::assert_snapshot!(AwsError::validation(&["a"]).message(), @"1 validation error detected: a");
}

#[test]
fn a_client_fault_has_a_client_status_in_every_protocol() {
    for code in Code::ALL {
        for protocol in [
            Protocol::STS,
            Protocol::IAM,
            Protocol::S3,
            Protocol::DynamoDb,
            Protocol::Bowline,
        ] {
            let (name, status) = code.wire(protocol);
            assert!(!name.is_empty());
            match code.fault() {
                // S3 has a 5xx status for throttling and for features that it does not support.
                Fault::Sender => assert!(
                    (300..500).contains(&status) || matches!(name, "SlowDown" | "NotImplemented"),
                    "{code:?}"
                ),
                Fault::Receiver => assert!(status >= 500, "{code:?}"),
            }
        }
    }
}
