//! Errors that several handlers share, with AWS's messages.

use std::borrow::Cow;

use super::{aws_error::AwsError, code::Code, protocol::Protocol};

impl AwsError {
    /// The request is not signed, and the operation requires it.
    pub fn missing_authentication(protocol: Protocol) -> Self {
        let message = match protocol {
            Protocol::S3 => "Access Denied",
            Protocol::Query { .. } | Protocol::DynamoDb | Protocol::Bowline => {
                "Request is missing Authentication Token"
            }
        };
        Self::new(Code::MissingAuthenticationToken, message)
    }

    /// The access key does not exist or is inactive.
    pub fn unknown_access_key(protocol: Protocol, access_key_id: &str) -> Self {
        match protocol {
            Protocol::S3 => Self::new(
                Code::UnknownAccessKey,
                "The AWS Access Key Id you provided does not exist in our records.",
            )
            .with("AWSAccessKeyId", access_key_id),
            Protocol::Query { .. } | Protocol::DynamoDb | Protocol::Bowline => Self::new(
                Code::UnknownAccessKey,
                "The security token included in the request is invalid.",
            ),
        }
    }

    /// The session token cannot be opened, or belongs to another access key id.
    pub fn invalid_session_token(protocol: Protocol) -> Self {
        let message = match protocol {
            Protocol::S3 => "The provided token is malformed or otherwise invalid.",
            Protocol::Query { .. } | Protocol::DynamoDb | Protocol::Bowline => {
                "The security token included in the request is invalid."
            }
        };
        Self::new(Code::InvalidSessionToken, message)
    }

    /// The session was ended before its time: it was revoked, or its role was deleted. The code is
    /// that of expired credentials, because clients that act on a code fetch new ones on that one
    /// only. Others keep theirs until the time that they were issued with, so the message says how
    /// to get new ones.
    pub fn ended_session(protocol: Protocol) -> Self {
        let expired = Self::expired_message(protocol).trim_end_matches('.');
        Self::new(
            Code::ExpiredToken,
            format!(
                "{expired}: the session was revoked, or its role was deleted. To get new credentials, restart the program; for the AWS CLI, delete the folder ~/.aws/cli/cache"
            ),
        )
    }

    /// The session has expired.
    pub fn expired_session(protocol: Protocol) -> Self {
        Self::new(Code::ExpiredToken, Self::expired_message(protocol))
    }

    fn expired_message(protocol: Protocol) -> &'static str {
        match protocol {
            Protocol::S3 => "The provided token has expired.",
            Protocol::Query { .. } | Protocol::DynamoDb | Protocol::Bowline => {
                "The security token included in the request is expired"
            }
        }
    }

    /// The policies do not allow the request. The message is AWS's text with the reason, or S3's
    /// plain `Access Denied`.
    pub fn access_denied(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::AccessDenied, message)
    }

    /// An internal error. The message does not contain the cause.
    pub fn internal(protocol: Protocol) -> Self {
        let message = match protocol {
            Protocol::S3 => "We encountered an internal error. Please try again.",
            Protocol::Query { .. } | Protocol::DynamoDb | Protocol::Bowline => {
                "The request processing has failed because of an unknown error, exception or failure."
            }
        };
        Self::new(Code::InternalFailure, message)
    }

    /// The server is not ready or overloaded; clients retry.
    pub fn unavailable(protocol: Protocol) -> Self {
        let message = match protocol {
            Protocol::S3 => "Please reduce your request rate.",
            Protocol::Query { .. } | Protocol::DynamoDb | Protocol::Bowline => {
                "The request has failed due to a temporary failure of the server."
            }
        };
        Self::new(Code::ServiceUnavailable, message)
    }

    /// The client exceeds its request rate.
    pub fn throttling() -> Self {
        Self::new(Code::Throttling, "Rate exceeded")
    }

    /// The operation does not exist, or this version does not support it.
    pub fn unknown_operation(action: &str, version: &str) -> Self {
        Self::new(
            Code::UnknownOperation,
            format!("Could not find operation {action} for version {version}"),
        )
    }

    /// One or more violated constraints, each as AWS words it (`Value '..' at '..' failed to
    /// satisfy constraint: ..`).
    pub fn validation(problems: &[impl AsRef<str>]) -> Self {
        let plural = if problems.len() == 1 { "" } else { "s" };
        let list = problems
            .iter()
            .map(AsRef::as_ref)
            .collect::<Vec<_>>()
            .join("; ");
        Self::new(
            Code::ValidationError,
            format!(
                "{} validation error{plural} detected: {list}",
                problems.len()
            ),
        )
    }

    /// A parameter that this version does not support.
    pub fn unsupported_parameter(name: &str) -> Self {
        Self::new(
            Code::ValidationError,
            format!("The parameter {name} is not supported."),
        )
    }
}
