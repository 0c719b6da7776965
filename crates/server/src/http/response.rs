//! Responses, with the headers that all of them have.

use bowline_aws::{
    checksum::crc32,
    error::{AwsError, ErrorContext, Protocol},
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Full, combinators::UnsyncBoxBody};

/// The error of a body.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// The body of a response.
pub(crate) type ResponseBody = UnsyncBoxBody<Bytes, BoxError>;

/// A response, streamed or whole.
pub(crate) type Response = http::Response<ResponseBody>;

/// The header of the request id.
const AMZN_REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// The header of the request id in S3.
const AMZ_REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-request-id");

/// The content type of DynamoDB's responses. Its clients check the body against a checksum.
const DYNAMODB_JSON: &str = "application/x-amz-json-1.0";
/// The header of that checksum.
const AMZ_CRC32: HeaderName = HeaderName::from_static("x-amz-crc32");

/// A successful response with this body.
pub(crate) fn ok(content_type: &'static str, body: String) -> Response {
    let crc = (content_type == DYNAMODB_JSON).then(|| crc32(body.as_bytes()));
    let mut response = Response::new(full(body));
    let content_type = HeaderValue::from_static(content_type);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type);
    if let Some(crc) = crc {
        headers.insert(AMZ_CRC32, HeaderValue::from(crc));
    }
    response
}

/// An error in the format of the client's protocol. `resource` is the path of the request.
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
    let mut response = if bodiless {
        Response::new(empty())
    } else {
        ok(rendered.content_type, rendered.body)
    };
    *response.status_mut() = status;
    response
}

/// Adds the request id, under the header that the protocol's clients read.
pub(crate) fn set_request_id(response: &mut Response, protocol: Protocol, request_id: &str) {
    let name = match protocol {
        Protocol::S3 => AMZ_REQUEST_ID,
        Protocol::Query { .. } | Protocol::DynamoDb | Protocol::Bowline => AMZN_REQUEST_ID,
    };
    if let Ok(value) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(name, value);
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
