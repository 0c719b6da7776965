//! What a client is told: AWS's code, status and words, in the form of the protocol that it speaks.
//!
//! [`Code`] is the one table from a failure to its code and status per protocol (`error/code.rs`). An [`AwsError`] is a code with its
//! message; [`AwsError::render`] writes the body. The constructors here hold the messages that several handlers share; an
//! operation's own messages belong to its handler. Nothing here says why: that is for the operator's log and the trace.

use std::borrow::Cow;

use bowline_json::JsonWriter;

use crate::{chunked::ChunkedError, query::ParamsError, sigv4::SignatureError, xml::XmlWriter};

mod code;
mod signature;

pub use code::{Code, ErrorKind, Fault};

/// The protocol in which a client reads its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// IAM and STS: form parameters in, XML out.
    Query {
        /// The `xmlns` of the answer, such as [`STS_NAMESPACE`].
        namespace: &'static str,
    },
    /// S3: XML with the status that tells.
    S3,
    /// DynamoDB: JSON 1.0.
    DynamoDb,
    /// The operator API: JSON 1.1.
    Bowline,
}

/// The XML namespace of STS answers.
pub const STS_NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
/// The XML namespace of IAM answers.
pub const IAM_NAMESPACE: &str = "https://iam.amazonaws.com/doc/2010-05-08/";

impl Protocol {
    /// STS's.
    pub const STS: Self = Self::Query {
        namespace: STS_NAMESPACE,
    };
    /// IAM's.
    pub const IAM: Self = Self::Query {
        namespace: IAM_NAMESPACE,
    };
}

/// Longest message, in bytes; of a longer one its beginning is told.
const MAX_MESSAGE: usize = 4 * 1024;

/// A failure as the client is to see it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code:?}: {message}")]
pub struct AwsError {
    code: Code,
    message: Cow<'static, str>,
    details: Vec<Detail>,
}

/// What an answer has beside code and message.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Detail {
    /// An element of S3's, with its text.
    Element(&'static str, String),
    /// A member of DynamoDB's, whose value is JSON.
    Member(&'static str, String),
}

/// What an error answer says about the request that it answers.
#[derive(Debug, Clone, Copy, Default)]
pub struct ErrorContext<'a> {
    /// The request id of this request.
    pub request_id: &'a str,
    /// S3's second id; left out if empty.
    pub host_id: &'a str,
    /// S3's `Resource`, the path that was asked for; left out if empty.
    pub resource: &'a str,
}

/// An error answer, but for its headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorResponse {
    /// The HTTP status.
    pub status: u16,
    /// The value of `content-type`.
    pub content_type: &'static str,
    /// The code as it stands in the body, for headers, audit and metrics.
    pub code: &'static str,
    /// The body. An answer to `HEAD` leaves it out.
    pub body: String,
}

impl AwsError {
    /// A failure with its message.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        let mut message = message.into();
        // Many messages repeat what a request says, which may be long: answer and audit record must not be.
        if message.len() > MAX_MESSAGE {
            let end = message.floor_char_boundary(MAX_MESSAGE);
            message = Cow::Owned(format!("{}...", message.get(..end).unwrap_or_default()));
        }
        Self {
            code,
            message,
            details: Vec::new(),
        }
    }

    /// Adds an element that S3 puts beside the message, such as `BucketName`. Other protocols leave it out.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push(Detail::Element(name, value.into()));
        self
    }

    /// Adds a member that DynamoDB puts beside the message, such as `CancellationReasons`; the value is JSON. Other protocols leave it out.
    #[must_use]
    pub fn with_json(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push(Detail::Member(name, value.into()));
        self
    }

    /// Which failure it is.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What the client reads.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The code as it stands in an answer of this protocol.
    pub fn wire_code(&self, protocol: Protocol) -> &'static str {
        self.code.wire(protocol).0
    }

    /// The HTTP status of an answer of this protocol.
    pub fn status(&self, protocol: Protocol) -> u16 {
        self.code.wire(protocol).1
    }

    /// Writes the answer.
    pub fn render(&self, protocol: Protocol, ids: ErrorContext<'_>) -> ErrorResponse {
        let (code, status) = self.code.wire(protocol);
        let (content_type, body) = match protocol {
            Protocol::Query { namespace } => ("text/xml", self.query_body(code, namespace, ids)),
            Protocol::S3 => ("application/xml", self.s3_body(code, ids)),
            Protocol::DynamoDb => {
                let typed = format!("{}#{code}", self.code.dynamodb_namespace());
                ("application/x-amz-json-1.0", self.json_body(&typed))
            }
            Protocol::Bowline => ("application/x-amz-json-1.1", self.json_body(code)),
        };
        ErrorResponse {
            status,
            content_type,
            code,
            body,
        }
    }

    fn json_body(&self, typed: &str) -> String {
        JsonWriter::object(self.message.len() + 128, |json| {
            json.text("__type", typed);
            json.text("message", &self.message);
            for detail in &self.details {
                if let Detail::Member(name, value) = detail {
                    json.raw(name, value);
                }
            }
        })
    }

    fn query_body(&self, code: &str, namespace: &str, ids: ErrorContext<'_>) -> String {
        let mut xml = XmlWriter::new();
        xml.open_in("ErrorResponse", namespace);
        xml.open("Error");
        xml.element(
            "Type",
            match self.code.fault() {
                Fault::Sender => "Sender",
                Fault::Receiver => "Receiver",
            },
        );
        xml.element("Code", code);
        xml.element("Message", &self.message);
        xml.close("Error");
        xml.element("RequestId", ids.request_id);
        xml.close("ErrorResponse");
        xml.finish()
    }

    fn s3_body(&self, code: &str, ids: ErrorContext<'_>) -> String {
        let mut xml = XmlWriter::with_declaration();
        xml.open("Error");
        xml.element("Code", code);
        xml.element("Message", &self.message);
        for detail in &self.details {
            if let Detail::Element(name, value) = detail {
                xml.element(name, value);
            }
        }
        xml.element_if(
            "Resource",
            Some(ids.resource).filter(|text| !text.is_empty()),
        );
        xml.element("RequestId", ids.request_id);
        xml.element_if("HostId", Some(ids.host_id).filter(|text| !text.is_empty()));
        xml.close("Error");
        xml.finish()
    }
}

/// Failures whose words depend on the code and protocol alone.
impl AwsError {
    /// Nothing is signed, and the operation needs it.
    pub fn missing_authentication(protocol: Protocol) -> Self {
        let message = match protocol {
            Protocol::S3 => "Access Denied",
            Protocol::Query { .. } | Protocol::DynamoDb | Protocol::Bowline => {
                "Request is missing Authentication Token"
            }
        };
        Self::new(Code::MissingAuthenticationToken, message)
    }

    /// The access key id is not known, or not active.
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

    /// The session token does not open, or belongs to another access key id.
    pub fn invalid_session_token(protocol: Protocol) -> Self {
        let message = match protocol {
            Protocol::S3 => "The provided token is malformed or otherwise invalid.",
            Protocol::Query { .. } | Protocol::DynamoDb | Protocol::Bowline => {
                "The security token included in the request is invalid."
            }
        };
        Self::new(Code::InvalidSessionToken, message)
    }

    /// The session has ended or was revoked.
    pub fn expired_session(protocol: Protocol) -> Self {
        let message = match protocol {
            Protocol::S3 => "The provided token has expired.",
            Protocol::Query { .. } | Protocol::DynamoDb | Protocol::Bowline => {
                "The security token included in the request is expired"
            }
        };
        Self::new(Code::ExpiredToken, message)
    }

    /// The engine said no; the message is its text for clients, or S3's plain `Access Denied`.
    pub fn access_denied(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::AccessDenied, message)
    }

    /// A failure of ours. Says nothing about it.
    pub fn internal(protocol: Protocol) -> Self {
        let message = match protocol {
            Protocol::S3 => "We encountered an internal error. Please try again.",
            Protocol::Query { .. } | Protocol::DynamoDb | Protocol::Bowline => {
                "The request processing has failed because of an unknown error, exception or failure."
            }
        };
        Self::new(Code::InternalFailure, message)
    }

    /// Not ready, or more load than can be served; clients try again.
    pub fn unavailable(protocol: Protocol) -> Self {
        let message = match protocol {
            Protocol::S3 => "Please reduce your request rate.",
            Protocol::Query { .. } | Protocol::DynamoDb | Protocol::Bowline => {
                "The request has failed due to a temporary failure of the server."
            }
        };
        Self::new(Code::ServiceUnavailable, message)
    }

    /// The caller has used up its rate.
    pub fn throttling() -> Self {
        Self::new(Code::Throttling, "Rate exceeded")
    }

    /// The operation does not exist, or is not built in this version.
    pub fn unknown_operation(action: &str, version: &str) -> Self {
        Self::new(
            Code::UnknownOperation,
            format!("Could not find operation {action} for version {version}"),
        )
    }

    /// One or more violated constraints, each already in AWS's words (`Value '..' at '..' failed to satisfy constraint: ..`).
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

    /// A parameter that is recognized and cannot be honoured by this version.
    pub fn unsupported_parameter(name: &str) -> Self {
        Self::new(
            Code::ValidationError,
            format!("The parameter {name} is not supported."),
        )
    }
}

impl From<ParamsError> for AwsError {
    fn from(error: ParamsError) -> Self {
        let code = match &error {
            ParamsError::TooLong | ParamsError::TooMany => Code::RequestTooLarge,
            ParamsError::BadName
            | ParamsError::BadEscape
            | ParamsError::NotUtf8
            | ParamsError::Duplicate(_)
            | ParamsError::BadList(_)
            | ParamsError::BadValue { .. } => Code::MalformedInput,
        };
        Self::new(code, error.to_string())
    }
}

impl From<ChunkedError> for AwsError {
    fn from(error: ChunkedError) -> Self {
        match error {
            ChunkedError::Length | ChunkedError::Excess | ChunkedError::Incomplete => Self::new(
                Code::IncompleteBody,
                "The request body terminated unexpectedly or does not have the number of bytes that was declared",
            ),
            ChunkedError::BadTrailer
            | ChunkedError::UnannouncedTrailer(_)
            | ChunkedError::DuplicateTrailer(_) => Self::new(
                Code::MalformedTrailer,
                "The request contained trailing data that was not well-formed or did not conform to our published schema.",
            ),
            ChunkedError::BadAnnouncement => Self::new(
                Code::InvalidRequest,
                "The value specified in the x-amz-trailer header is not supported",
            ),
            ChunkedError::Signature => {
                Self::from_signature(&SignatureError::Mismatch, Protocol::S3)
            }
            ChunkedError::BadSize | ChunkedError::BadBoundary => Self::new(
                Code::InvalidRequest,
                "The chunked encoding of the body is malformed.",
            ),
        }
    }
}

#[cfg(test)]
mod tests;
