//! Responses, with the headers that all of them have.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bowline_aws::{
    checksum::crc32,
    error::{AwsError, ErrorContext, Protocol},
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
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

/// The smallest body that is metered while it waits for its client.
const MIN_METERED_BYTES: usize = 16 * 1024;

/// The length of a body that is whole in memory and large.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WholeBody(pub(crate) usize);

/// A successful response with this body.
pub(crate) fn ok(content_type: &'static str, body: impl Into<Bytes>) -> Response {
    let body: Bytes = body.into();
    let crc = (content_type == DYNAMODB_JSON).then(|| crc32(&body));
    let length = body.len();
    let mut response = Response::new(full(body));
    if length >= MIN_METERED_BYTES {
        response.extensions_mut().insert(WholeBody(length));
    }
    let content_type = HeaderValue::from_static(content_type);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type);
    if let Some(crc) = crc {
        headers.insert(AMZ_CRC32, HeaderValue::from(crc));
    }
    response
}

/// An error in the format of the client's protocol.
pub(crate) fn error(
    error: &AwsError,
    protocol: Protocol,
    context: ErrorContext<'_>,
    method: &Method,
) -> Response {
    let rendered = error.render(protocol, context);
    let status = StatusCode::from_u16(rendered.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let bodiless = *method == Method::HEAD || status == StatusCode::NOT_MODIFIED;
    let mut response = if bodiless {
        Response::new(empty())
    } else {
        ok(rendered.content_type, rendered.body)
    };
    *response.status_mut() = status;
    for (name, value) in rendered.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
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

/// Ends the connection after the response.
pub(crate) fn end_connection(response: &mut Response) {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
}

/// The response if there is no memory for the one that was made: the client tries again.
pub(crate) fn no_memory() -> Response {
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response
}

/// Lets every piece of a body keep `owner` until it is sent. The length stays known.
pub(crate) fn owned_by<T>(body: ResponseBody, owner: T) -> ResponseBody
where
    T: Clone + Send + Sync + Unpin + 'static,
{
    OwnedBody { body, owner }.boxed_unsync()
}

struct OwnedBody<T> {
    body: ResponseBody,
    owner: T,
}

impl<T: Clone + Send + Sync + Unpin + 'static> Body for OwnedBody<T> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let owned = |data| {
            Bytes::from_owner(Owned {
                data,
                _owner: self.owner.clone(),
            })
        };
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(owned))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

struct Owned<T> {
    data: Bytes,
    _owner: T,
}

impl<T> AsRef<[u8]> for Owned<T> {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

fn full(body: Bytes) -> ResponseBody {
    Full::new(body)
        .map_err(|never| match never {})
        .boxed_unsync()
}

fn empty() -> ResponseBody {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn a_body_keeps_its_owner_until_it_is_sent_and_its_length() {
        let owner = Arc::new(());
        let body = owned_by(full(Bytes::from_static(b"abc")), Arc::clone(&owner));
        assert_eq!(body.size_hint().exact(), Some(3));
        let sent = body.collect().await.unwrap().to_bytes();
        assert_eq!((&*sent, Arc::strong_count(&owner)), (&b"abc"[..], 2));
        drop(sent);
        assert_eq!(Arc::strong_count(&owner), 1);
    }
}
