//! The codes and messages of rejected signatures in each protocol.

use std::fmt::Display;

use jiff::Timestamp;

use super::{aws_error::AwsError, code::Code, protocol::Protocol};
use crate::{
    sigv4::{AuthorizationError, MAX_CLOCK_SKEW, SignatureError, Unsupported, amz_date},
    xml::iso_seconds,
};

/// The region that S3 expects where none is meant.
const DEFAULT_REGION: &str = "us-east-1";

impl AwsError {
    /// The error for a rejected signature.
    pub fn from_signature(error: &SignatureError, protocol: Protocol) -> Self {
        match protocol {
            Protocol::S3 => s3(error),
            Protocol::Query { .. } | Protocol::DynamoDb | Protocol::Bowline => standard(error),
        }
    }
}

impl AwsError {
    /// S3's error for a request that is signed for another service.
    pub fn s3_wrong_service(service: &str) -> Self {
        s3_header(format_args!(
            "incorrect service \"{service}\". This endpoint belongs to \"s3\"."
        ))
    }
}

/// The messages that IAM, STS and DynamoDB share.
fn standard(error: &SignatureError) -> AwsError {
    use SignatureError as E;
    let incomplete = |message: String| AwsError::new(Code::IncompleteSignature, message);
    match error {
        E::Malformed(AuthorizationError::MissingParameter(name)) => {
            incomplete(format!("Authorization header requires '{name}' parameter."))
        }
        E::Malformed(AuthorizationError::NotAPair(part)) => {
            incomplete(format!("'{part}' not a valid key=value pair (missing equal-sign) in Authorization header."))
        }
        E::Malformed(AuthorizationError::Credential(credential)) => incomplete(format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{credential}'"
        )),
        E::Malformed(AuthorizationError::Scheme(scheme)) => {
            incomplete(format!("Unsupported authorization type. Authorization={scheme}"))
        }
        E::Malformed(AuthorizationError::Date(date)) => AwsError::new(
            Code::SignatureDoesNotMatch,
            format!("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{date}'."),
        ),
        E::Malformed(AuthorizationError::Region(region)) => AwsError::new(
            Code::SignatureDoesNotMatch,
            format!("Credential should be scoped to a valid region, not '{region}'. "),
        ),
        E::Malformed(AuthorizationError::Service(service)) => AwsError::new(
            Code::SignatureDoesNotMatch,
            format!("Credential should be scoped to correct service, not '{service}'. "),
        ),
        E::Malformed(AuthorizationError::Terminal(terminal)) => AwsError::new(
            Code::SignatureDoesNotMatch,
            format!("Credential should be scoped with a valid terminator: 'aws4_request', not '{terminal}'. "),
        ),
        E::Malformed(other) => incomplete(sentence(other)),
        E::DateMissing => AwsError::new(
            Code::MissingDate,
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
        ),
        E::DateMalformed => incomplete(
            "Date must be in ISO-8601 'basic format'. Got a value that is not. See http://en.wikipedia.org/wiki/ISO_8601".to_owned(),
        ),
        E::Unsupported(unsupported) => AwsError::new(Code::UnsupportedSignature, sentence(unsupported)),
        E::MalformedSessionToken => {
            AwsError::new(Code::InvalidSessionToken, "The security token included in the request is invalid.")
        }
        E::SeveralMechanisms
        | E::DuplicateHeader(_)
        | E::ControlCharacter
        | E::BadTarget
        | E::ContentSha256Missing
        | E::ContentSha256Malformed => incomplete(sentence(error)),
        E::HostNotSigned => AwsError::new(
            Code::HeadersNotSigned,
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
        ),
        E::HeaderNotSigned(name) => AwsError::new(
            Code::HeadersNotSigned,
            format!("'{name}' must be a 'SignedHeader' in the AWS Authorization."),
        ),
        E::ScopeDate { scope, requested } => {
            let at = amz_date(*requested);
            let day = at.get(..8).unwrap_or_default();
            AwsError::new(
                Code::SignatureDoesNotMatch,
                format!(
                    "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{scope}' != '{day}', from '{at}'."
                ),
            )
        }
        E::Expired { requested, now } => AwsError::new(
            Code::RequestTimeTooSkewed,
            format!(
                "Signature expired: {} is now earlier than {} ({} - 15 min.)",
                amz_date(*requested),
                shifted(*now, false),
                amz_date(*now)
            ),
        ),
        E::NotYetCurrent { requested, now } => AwsError::new(
            Code::RequestTimeTooSkewed,
            format!(
                "Signature not yet current: {} is still later than {} ({} + 15 min.)",
                amz_date(*requested),
                shifted(*now, true),
                amz_date(*now)
            ),
        ),
        E::SignedHeaderAbsent(_) | E::ContentSha256Mismatch | E::Mismatch => AwsError::new(
            Code::SignatureDoesNotMatch,
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
        ),
    }
}

fn s3(error: &SignatureError) -> AwsError {
    use SignatureError as E;
    match error {
        E::Malformed(AuthorizationError::Scheme(_)) => {
            AwsError::new(Code::InvalidArgument, "Unsupported Authorization Type").with("ArgumentName", "Authorization")
        }
        E::Malformed(fault) => s3_malformed(fault),
        E::Unsupported(Unsupported::Version2Header | Unsupported::Version2Query) => AwsError::new(
            Code::InvalidRequest,
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
        ),
        E::Unsupported(
            unsupported
            @ (Unsupported::PresignedQuery | Unsupported::Version4Asymmetric | Unsupported::AsymmetricChunks),
        ) => AwsError::new(Code::UnsupportedSignature, sentence(unsupported)),
        E::SeveralMechanisms => AwsError::new(
            Code::InvalidArgument,
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
        ),
        E::DuplicateHeader(_) | E::ControlCharacter | E::BadTarget => {
            AwsError::new(Code::InvalidRequest, sentence(error))
        }
        E::MalformedSessionToken => {
            AwsError::new(Code::InvalidSessionToken, "The provided token is malformed or otherwise invalid.")
        }
        E::HostNotSigned => not_signed("host"),
        E::HeaderNotSigned(name) => not_signed(name),
        E::DateMissing | E::DateMalformed => {
            AwsError::new(Code::MissingDate, "AWS authentication requires a valid Date or x-amz-date header")
        }
        E::ScopeDate { scope, requested } => {
            let at = amz_date(*requested);
            s3_header(format!(
                "Invalid credential date \"{scope}\". This date is not the same as X-Amz-Date: \"{}\".",
                at.get(..8).unwrap_or_default()
            ))
        }
        E::Expired { requested, now } | E::NotYetCurrent { requested, now } => AwsError::new(
            Code::RequestTimeTooSkewed,
            "The difference between the request time and the current time is too large.",
        )
        .with("RequestTime", amz_date(*requested))
        .with("ServerTime", iso_seconds(*now))
        .with("MaxAllowedSkewMilliseconds", MAX_CLOCK_SKEW.as_millis().to_string()),
        E::ContentSha256Missing => {
            AwsError::new(Code::InvalidRequest, "Missing required header for this request: x-amz-content-sha256")
        }
        E::ContentSha256Malformed => AwsError::new(
            Code::InvalidArgument,
            "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
        )
        .with("ArgumentName", "x-amz-content-sha256"),
        E::ContentSha256Mismatch => AwsError::content_sha256_mismatch(),
        E::SignedHeaderAbsent(_) | E::Mismatch => AwsError::new(
            Code::SignatureDoesNotMatch,
            "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
        ),
    }
}

impl AwsError {
    /// The hash of a streamed S3 body is not the signed one.
    pub fn content_sha256_mismatch() -> Self {
        Self::new(
            Code::ContentSha256Mismatch,
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        )
    }
}

/// S3's sentence for each fault of an `Authorization` header.
fn s3_malformed(fault: &AuthorizationError) -> AwsError {
    use AuthorizationError as E;
    let what = match fault {
        E::MissingParameter(_) => {
            "the authorization header requires three components: Credential, SignedHeaders, and Signature.".to_owned()
        }
        E::NotAPair(component) => format!("the authorization component \"{component}\" is malformed."),
        E::Credential(_) => {
            "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".".to_owned()
        }
        E::EmptyKeyId => "a non-empty Access Key (AKID) must be provided in the credential.".to_owned(),
        E::Date(date) => format!(
            "incorrect date format \"{date}\". This date in the credential must be in the format \"yyyyMMdd\"."
        ),
        E::Region(region) if region.is_empty() => {
            "a non-empty region must be provided in the credential.".to_owned()
        }
        // Every region is served, so this one is no name.
        E::Region(region) => {
            let what = format!("the region '{region}' is wrong; expecting '{DEFAULT_REGION}'");
            return s3_header(what).with("Region", DEFAULT_REGION);
        }
        E::Service(service) => return AwsError::s3_wrong_service(service),
        E::Terminal(terminal) => {
            format!("incorrect terminal \"{terminal}\". This endpoint uses \"aws4_request\".")
        }
        E::TooLong
        | E::BadCharacter
        | E::Scheme(_)
        | E::PresignedAlgorithm
        | E::PresignedExpires
        | E::UnknownParameter(_)
        | E::DuplicateParameter(_)
        | E::SignedHeaders(_) => sentence(fault),
    };
    s3_header(what)
}

fn s3_header(what: impl Display) -> AwsError {
    AwsError::new(
        Code::IncompleteSignature,
        format!("The authorization header is malformed; {what}"),
    )
}

fn not_signed(header: &str) -> AwsError {
    AwsError::new(
        Code::HeadersNotSigned,
        "There were headers present in the request which were not signed",
    )
    .with("HeadersNotSigned", header)
}

/// `now` plus or minus 15 minutes, in the format of signatures.
fn shifted(now: Timestamp, later: bool) -> String {
    let at = if later {
        now.checked_add(MAX_CLOCK_SKEW)
    } else {
        now.checked_sub(MAX_CLOCK_SKEW)
    };
    amz_date(at.unwrap_or(now))
}

/// A text as a sentence: with a capital first letter and a final period.
fn sentence(fact: &impl ToString) -> String {
    let fact = fact.to_string();
    let mut rest = fact.chars();
    rest.next().map_or(String::new(), |first| {
        format!("{}{}.", first.to_uppercase(), rest.as_str())
    })
}
