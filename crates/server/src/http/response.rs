//! Answers: what a handler gives, with the headers that every answer has.

use bowline_aws::{
    checksum::crc32,
    error::{AwsError, ErrorContext, Protocol},
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Full, combinators::UnsyncBoxBody};

/// What a body may fail with.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// The body of an answer.
pub(crate) type ResponseBody = UnsyncBoxBody<Bytes, BoxError>;

/// An answer, streamed or whole.
pub(crate) type Response = http::Response<ResponseBody>;

/// Where the AWS clients look for the request id.
const AMZN_REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// Where S3's clients do.
const AMZ_REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-request-id");

/// What DynamoDB's answers are, whose clients hold the body against a checksum.
const DYNAMODB_JSON: &str = "application/x-amz-json-1.0";
/// That checksum.
const AMZ_CRC32: HeaderName = HeaderName::from_static("x-amz-crc32");

/// A good answer with this body.
pub(crate) fn ok(content_type: &'static str, body: String) -> Response {
    let crc = (content_type == DYNAMODB_JSON).then(|| crc32(body.as_bytes()));
    let mut answer = Response::new(full(body));
    let content_type = HeaderValue::from_static(content_type);
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type);
    if let Some(crc) = crc {
        headers.insert(AMZ_CRC32, HeaderValue::from(crc));
    }
    answer
}

/// A failure in the form that the client's protocol has. Resource is the path that was asked for.
pub(crate) fn error(
    error: &AwsError,
    protocol: Protocol,
    request_id: &str,
    resource: &str,
    method: &Method,
) -> Response {
    let ids = ErrorContext {
        request_id,
        resource,
        ..ErrorContext::default()
    };
    let rendered = error.render(protocol, ids);
    let status = StatusCode::from_u16(rendered.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let bodiless = *method == Method::HEAD || status == StatusCode::NOT_MODIFIED;
    let mut answer = if bodiless {
        Response::new(empty())
    } else {
        ok(rendered.content_type, rendered.body)
    };
    *answer.status_mut() = status;
    answer
}

/// Adds the request id, where the protocol's clients look for it.
pub(crate) fn set_request_id(answer: &mut Response, protocol: Protocol, request_id: &str) {
    let name = match protocol {
        Protocol::S3 => AMZ_REQUEST_ID,
        Protocol::Query { .. } | Protocol::DynamoDb | Protocol::Bowline => AMZN_REQUEST_ID,
    };
    if let Ok(value) = HeaderValue::from_str(request_id) {
        answer.headers_mut().insert(name, value);
    }
}

fn full(body: String) -> ResponseBody {
    Full::new(Bytes::from(body))
        .map_err(|never| match never {})
        .boxed_unsync()
}

fn empty() -> ResponseBody {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}
