//! The error of calls to services that are not served, in the protocol of their clients.

use bowline_json::JsonWriter;

use super::{
    aws_error::{AwsError, ErrorContext, ErrorResponse},
    code::Code,
};
use crate::{
    other_service::{OtherProtocol, OtherService},
    xml::XmlWriter,
};

/// The HTTP status, with every code.
const STATUS: u16 = 400;

impl AwsError {
    /// A call to a service that this endpoint does not serve. It says nothing about the caller, who
    /// may be anyone.
    pub fn not_served(service: &OtherService) -> Self {
        let variables: Vec<String> = service
            .variables
            .iter()
            .map(|variable| format!("AWS_ENDPOINT_URL_{variable}"))
            .collect();
        let message = format!(
            "This endpoint does not serve {}; set {}",
            service.name,
            variables.join(" or ")
        );
        Self::new(Code::UnknownOperation, message).in_protocol(service.protocol)
    }
}

/// The code for an unknown operation.
pub(super) fn code(protocol: OtherProtocol) -> &'static str {
    match protocol {
        OtherProtocol::Query | OtherProtocol::Ec2 | OtherProtocol::RestXml => "InvalidAction",
        OtherProtocol::Json10
        | OtherProtocol::Json11
        | OtherProtocol::Cbor
        | OtherProtocol::RestJson => "UnknownOperationException",
    }
}

pub(super) fn render(
    message: &str,
    protocol: OtherProtocol,
    context: ErrorContext<'_>,
) -> ErrorResponse {
    let code = code(protocol);
    let (content_type, body) = match protocol {
        OtherProtocol::Query | OtherProtocol::RestXml => ("text/xml", xml(code, message, context)),
        OtherProtocol::Ec2 => ("text/xml", ec2(code, message, context)),
        OtherProtocol::Json10 => ("application/x-amz-json-1.0", json(code, message)),
        OtherProtocol::Json11 => ("application/x-amz-json-1.1", json(code, message)),
        OtherProtocol::Cbor => ("application/cbor", cbor(code, message)),
        OtherProtocol::RestJson => ("application/json", json(code, message)),
    };
    ErrorResponse {
        status: STATUS,
        content_type,
        code,
        body,
        headers: match protocol {
            OtherProtocol::RestJson => vec![("x-amzn-errortype", code.to_owned())],
            // Clients take a response without it for one of a proxy.
            OtherProtocol::Cbor => vec![("smithy-protocol", "rpc-v2-cbor".to_owned())],
            OtherProtocol::Query
            | OtherProtocol::Ec2
            | OtherProtocol::Json10
            | OtherProtocol::Json11
            | OtherProtocol::RestXml => Vec::new(),
        },
    }
}

fn xml(code: &str, message: &str, context: ErrorContext<'_>) -> Vec<u8> {
    let mut xml = XmlWriter::new();
    xml.open("ErrorResponse");
    xml.open("Error");
    xml.element("Type", "Sender");
    xml.element("Code", code);
    xml.element("Message", message);
    xml.close("Error");
    xml.element("RequestId", context.request_id);
    xml.close("ErrorResponse");
    xml.finish().into_bytes()
}

fn ec2(code: &str, message: &str, context: ErrorContext<'_>) -> Vec<u8> {
    let mut xml = XmlWriter::with_declaration();
    xml.open("Response");
    xml.open("Errors");
    xml.open("Error");
    xml.element("Code", code);
    xml.element("Message", message);
    xml.close("Error");
    xml.close("Errors");
    xml.element("RequestID", context.request_id);
    xml.close("Response");
    xml.finish().into_bytes()
}

fn json(code: &str, message: &str) -> Vec<u8> {
    let body = JsonWriter::object(message.len() + 128, |json| {
        json.text("__type", code);
        json.text("message", message);
    });
    body.into_bytes()
}

/// A map of two texts (RFC 8949, section 3).
fn cbor(code: &str, message: &str) -> Vec<u8> {
    const MAP_OF_TWO: u8 = 0xA2;
    let mut out = vec![MAP_OF_TWO];
    for text in ["__type", code, "message", message] {
        // A text whose length follows in two bytes. No message has more than 4 KiB.
        const TEXT_16: u8 = 0x79;
        let length = u16::try_from(text.len()).unwrap_or_default();
        out.push(TEXT_16);
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(text.as_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Protocol;

    #[test]
    fn each_protocol_has_its_own_error() {
        let context = ErrorContext {
            request_id: "1",
            ..ErrorContext::default()
        };
        let shown = |protocol, variables| {
            let error = AwsError::not_served(&OtherService {
                name: "name",
                protocol,
                variables,
            });
            // Whatever service the record names.
            let rendered = error.render(Protocol::S3, context);
            assert_eq!(error.wire_code(Protocol::S3), rendered.code);
            let text = String::from_utf8_lossy(&rendered.body).into_owned();
            format!(
                "{} {} {:?}\n{text}",
                rendered.status, rendered.content_type, rendered.headers
            )
        };
        insta::assert_snapshot!(shown(OtherProtocol::Query, &["A", "B_2"]), @r#"
        400 text/xml []
        <ErrorResponse><Error><Type>Sender</Type><Code>InvalidAction</Code><Message>This endpoint does not serve name; set AWS_ENDPOINT_URL_A or AWS_ENDPOINT_URL_B_2</Message></Error><RequestId>1</RequestId></ErrorResponse>
        "#);
        insta::assert_snapshot!(shown(OtherProtocol::Ec2, &["A"]), @r#"
        400 text/xml []
        <?xml version="1.0" encoding="UTF-8"?>
        <Response><Errors><Error><Code>InvalidAction</Code><Message>This endpoint does not serve name; set AWS_ENDPOINT_URL_A</Message></Error></Errors><RequestID>1</RequestID></Response>
        "#);
        insta::assert_snapshot!(shown(OtherProtocol::Json10, &["A"]), @r#"
        400 application/x-amz-json-1.0 []
        {"__type":"UnknownOperationException","message":"This endpoint does not serve name; set AWS_ENDPOINT_URL_A"}
        "#);
        insta::assert_snapshot!(shown(OtherProtocol::RestJson, &["A"]), @r#"
        400 application/json [("x-amzn-errortype", "UnknownOperationException")]
        {"__type":"UnknownOperationException","message":"This endpoint does not serve name; set AWS_ENDPOINT_URL_A"}
        "#);
    }
}
