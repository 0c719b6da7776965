//! The bodies of errors in each protocol, and the messages of shared errors.

use super::*;
use crate::output::Format;
use crate::sigv4::{PresentedSignature, RequestParts, SignatureError, present};

const IDS: ErrorContext<'static> = ErrorContext {
    request_id: "4442587FB7D0A2F9",
    host_id: "h",
    format: Format::Xml,
};

fn shown(error: &AwsError, protocol: Protocol) -> String {
    let rendered = error.render(protocol, IDS);
    format!(
        "{} {}\n{}",
        rendered.status,
        rendered.content_type,
        String::from_utf8(rendered.body).unwrap()
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
fn the_query_protocol_has_json_for_clients_that_accept_it() {
    let error = AwsError::new(Code::ExpiredIdentityToken, "Token \"a\" expired");
    let rendered = error.render(
        Protocol::STS,
        ErrorContext {
            format: Format::Json,
            ..IDS
        },
    );
    insta::assert_snapshot!(
        format!("{} {}\n{}", rendered.status, rendered.content_type, String::from_utf8(rendered.body).unwrap()), @r##"
    400 application/json
    {"Error":{"Code":"ExpiredTokenException","Message":"Token \"a\" expired","Type":"Sender"},"RequestId":"4442587FB7D0A2F9"}
    "##);
}

#[test]
fn s3_errors_have_details_and_both_ids_and_no_resource() {
    let error = AwsError::new(Code::NoSuchBucket, "The specified bucket does not exist")
        .with("BucketName", "b");
    insta::assert_snapshot!(shown(&error, Protocol::S3), @r#"
    404 application/xml
    <?xml version="1.0" encoding="UTF-8"?>
    <Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message><BucketName>b</BucketName><RequestId>4442587FB7D0A2F9</RequestId><HostId>h</HostId></Error>
    "#);
}

#[test]
fn an_s3_error_can_have_headers() {
    let error = AwsError::new(Code::NotModified, "Not Modified").with_header("etag", "\"a\"");
    let headers = |protocol| error.render(protocol, IDS).headers;
    assert_eq!(headers(Protocol::S3), [("etag", "\"a\"".to_owned())]);
    assert_eq!(headers(Protocol::DynamoDb), []);
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
fn a_revoked_session_is_an_expired_one_whose_message_says_how_to_get_another() {
    insta::assert_snapshot!(cells(AwsError::ended_session), @"
    ExpiredToken 403: The security token included in the request is expired: the session was revoked, or its role was deleted. To get new credentials, restart the program; for the AWS CLI, delete the folder ~/.aws/cli/cache
    ExpiredToken 400: The provided token has expired: the session was revoked, or its role was deleted. To get new credentials, restart the program; for the AWS CLI, delete the folder ~/.aws/cli/cache
    ExpiredTokenException 400: The security token included in the request is expired: the session was revoked, or its role was deleted. To get new credentials, restart the program; for the AWS CLI, delete the folder ~/.aws/cli/cache
    ");
}

#[test]
fn an_expired_session() {
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

/// The error of a request with this `Authorization` header.
fn rejected(header: &str, protocol: Protocol) -> String {
    let parts = RequestParts {
        method: "GET",
        path: "/b/k",
        query: "",
        headers: &[("authorization", header.as_bytes())],
    };
    let error = match present(&parts) {
        Ok(
            PresentedSignature::Header(_)
            | PresentedSignature::Query(_)
            | PresentedSignature::Unsigned,
        ) => {
            return "parsed".to_owned();
        }
        Err(error) => AwsError::from_signature(&error, protocol),
    };
    let (code, status) = (error.wire_code(protocol), error.status(protocol));
    format!("{code} {status}: {}", error.message().trim_end())
}

#[test]
fn a_malformed_authorization_header() {
    let shown = |credential: &str, protocol| {
        let header =
            format!("AWS4-HMAC-SHA256 Credential={credential},SignedHeaders=host,Signature=0");
        rejected(&header, protocol)
    };
    let faults = [
        "AKID/20261124/us-east-1/s3",
        "/20261124/us-east-1/s3/aws4_request",
        "AKID/2026-11-24/us-east-1/s3/aws4_request",
        "AKID/20261124//s3/aws4_request",
        "AKID/20261124/us_east!/s3/aws4_request",
        "AKID/20261124/us-east-1/s!/aws4_request",
        "AKID/20261124/us-east-1/s3/aws5_request",
        "AKID/20261124/us-east-1/s3/aws4_request",
    ];
    let s3 = faults.map(|credential| shown(credential, Protocol::S3));
    insta::assert_snapshot!(s3.join("\n"), @r#"
    AuthorizationHeaderMalformed 400: The authorization header is malformed; the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".
    AuthorizationHeaderMalformed 400: The authorization header is malformed; a non-empty Access Key (AKID) must be provided in the credential.
    AuthorizationHeaderMalformed 400: The authorization header is malformed; incorrect date format "2026-11-24". This date in the credential must be in the format "yyyyMMdd".
    AuthorizationHeaderMalformed 400: The authorization header is malformed; a non-empty region must be provided in the credential.
    AuthorizationHeaderMalformed 400: The authorization header is malformed; the region 'us_east!' is wrong; expecting 'us-east-1'
    AuthorizationHeaderMalformed 400: The authorization header is malformed; incorrect service "s!". This endpoint belongs to "s3".
    AuthorizationHeaderMalformed 400: The authorization header is malformed; incorrect terminal "aws5_request". This endpoint uses "aws4_request".
    parsed
    "#);
    let sts = faults.map(|credential| shown(credential, Protocol::STS));
    insta::assert_snapshot!(sts.join("\n"), @"
    IncompleteSignature 400: Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKID/20261124/us-east-1/s3'
    IncompleteSignature 400: The credential has no access key id.
    SignatureDoesNotMatch 403: Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '2026-11-24'.
    SignatureDoesNotMatch 403: Credential should be scoped to a valid region, not ''.
    SignatureDoesNotMatch 403: Credential should be scoped to a valid region, not 'us_east!'.
    SignatureDoesNotMatch 403: Credential should be scoped to correct service, not 's!'.
    SignatureDoesNotMatch 403: Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'.
    parsed
    ");
    let headers = [
        "AWS4-HMAC-SHA256 Credential=a",
        "AWS4-HMAC-SHA256 Credential",
        "Basic YTpi",
    ];
    let s3 = headers.map(|header| rejected(header, Protocol::S3));
    insta::assert_snapshot!(s3.join("\n"), @r#"
    AuthorizationHeaderMalformed 400: The authorization header is malformed; the authorization header requires three components: Credential, SignedHeaders, and Signature.
    AuthorizationHeaderMalformed 400: The authorization header is malformed; the authorization component "Credential" is malformed.
    InvalidArgument 400: Unsupported Authorization Type
    "#);
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
