//! An error with its code, message and details, and the response in each protocol.

use std::borrow::Cow;

use bowline_json::JsonWriter;

use super::{
    code::{Code, Fault},
    other_service,
    protocol::Protocol,
};
use crate::{other_service::OtherProtocol, output::Format, xml::XmlWriter};

/// The most bytes of a message; a longer one is cut.
const MAX_MESSAGE_BYTES: usize = 4 * 1024;

/// An error as the client sees it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code:?}: {message}")]
pub struct AwsError {
    code: Code,
    message: Cow<'static, str>,
    details: Vec<Detail>,
    /// The protocol of the response, if it is not that of the service of the request's record.
    other: Option<OtherProtocol>,
}

/// What a response has beside code and message.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Detail {
    /// An element of an S3 response, with its text.
    Element(&'static str, String),
    /// A member of a DynamoDB response, whose value is JSON.
    Member(&'static str, String),
    /// A header of an S3 response.
    Header(&'static str, String),
}

/// What an error response says about its request.
#[derive(Debug, Clone, Copy, Default)]
pub struct ErrorContext<'a> {
    /// The request id.
    pub request_id: &'a str,
    /// The second id of S3; omitted if empty.
    pub host_id: &'a str,
    /// The form of a response of the query protocol.
    pub format: Format,
}

/// An error response, without its headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorResponse {
    /// The HTTP status.
    pub status: u16,
    /// The value of `content-type`.
    pub content_type: &'static str,
    /// The code in the body, for headers, audit records and metrics.
    pub code: &'static str,
    /// The body. A response to `HEAD` omits it.
    pub body: Vec<u8>,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
}

impl AwsError {
    /// An error with its message.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        let mut message = message.into();
        // Many messages quote the request, which can be long; response and audit record must not
        // be.
        if message.len() > MAX_MESSAGE_BYTES {
            let end = message.floor_char_boundary(MAX_MESSAGE_BYTES);
            message = Cow::Owned(format!("{}...", message.get(..end).unwrap_or_default()));
        }
        Self {
            code,
            message,
            details: Vec::new(),
            other: None,
        }
    }

    /// Adds an element of S3 responses, such as `BucketName`. Other protocols omit it.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push(Detail::Element(name, value.into()));
        self
    }

    /// Adds a member of DynamoDB responses, such as `CancellationReasons`, whose value is JSON.
    /// Other protocols omit it.
    #[must_use]
    pub fn with_json(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push(Detail::Member(name, value.into()));
        self
    }

    /// The text of an element.
    pub fn element(&self, name: &str) -> Option<&str> {
        self.details.iter().find_map(|detail| match detail {
            Detail::Element(known, text) if *known == name => Some(text.as_str()),
            Detail::Element(..) | Detail::Member(..) | Detail::Header(..) => None,
        })
    }

    /// Adds a header of S3 responses, such as `etag`. Other protocols omit it.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push(Detail::Header(name, value.into()));
        self
    }

    /// Sends the response in the protocol of another service.
    #[must_use]
    pub(super) fn in_protocol(mut self, protocol: OtherProtocol) -> Self {
        self.other = Some(protocol);
        self
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The code in a response of `protocol`.
    pub fn wire_code(&self, protocol: Protocol) -> &'static str {
        match self.other {
            Some(other) => other_service::code(other),
            None => self.code.wire(protocol).0,
        }
    }

    /// The HTTP status of a response of `protocol`.
    pub fn status(&self, protocol: Protocol) -> u16 {
        self.code.wire(protocol).1
    }

    /// Writes the response.
    pub fn render(&self, protocol: Protocol, context: ErrorContext<'_>) -> ErrorResponse {
        if let Some(other) = self.other {
            return other_service::render(&self.message, other, context);
        }
        let (code, status) = self.code.wire(protocol);
        let (content_type, body) = match protocol {
            Protocol::Query { namespace } => {
                let body = match context.format {
                    Format::Xml => self.query_body(code, namespace, context),
                    Format::Json => self.query_json_body(code, context),
                };
                (context.format.content_type(), body)
            }
            Protocol::S3 => ("application/xml", self.s3_body(code, context)),
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
            body: body.into_bytes(),
            headers: match protocol {
                Protocol::S3 => self.s3_headers(),
                Protocol::Query { .. } | Protocol::DynamoDb | Protocol::Bowline => Vec::new(),
            },
        }
    }

    fn s3_headers(&self) -> Vec<(&'static str, String)> {
        let headers = self.details.iter().filter_map(|detail| match detail {
            Detail::Header(name, value) => Some((*name, value.clone())),
            Detail::Element(..) | Detail::Member(..) => None,
        });
        headers.collect()
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

    /// The names and nesting of the XML.
    fn query_json_body(&self, code: &str, context: ErrorContext<'_>) -> String {
        JsonWriter::object(self.message.len() + 128, |json| {
            json.members("Error", |json| {
                json.text("Code", code);
                json.text("Message", &self.message);
                json.text("Type", self.side());
            });
            json.text("RequestId", context.request_id);
        })
    }

    /// `Type` in the query protocol.
    fn side(&self) -> &'static str {
        match self.code.fault() {
            Fault::Sender => "Sender",
            Fault::Receiver => "Receiver",
        }
    }

    fn query_body(&self, code: &str, namespace: &str, context: ErrorContext<'_>) -> String {
        let mut xml = XmlWriter::new();
        xml.open_in("ErrorResponse", namespace);
        xml.open("Error");
        xml.element("Type", self.side());
        xml.element("Code", code);
        xml.element("Message", &self.message);
        xml.close("Error");
        xml.element("RequestId", context.request_id);
        xml.close("ErrorResponse");
        xml.finish()
    }

    fn s3_body(&self, code: &str, context: ErrorContext<'_>) -> String {
        let mut xml = XmlWriter::with_declaration();
        xml.open("Error");
        xml.element("Code", code);
        xml.element("Message", &self.message);
        for detail in &self.details {
            if let Detail::Element(name, value) = detail {
                xml.element(name, value);
            }
        }
        xml.element("RequestId", context.request_id);
        xml.element_if(
            "HostId",
            Some(context.host_id).filter(|text| !text.is_empty()),
        );
        xml.close("Error");
        xml.finish()
    }
}
