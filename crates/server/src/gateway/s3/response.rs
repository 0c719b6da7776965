//! Parts of S3's responses. The listener adds request ids, `Date` and `Server`.

use std::ops::Range;

use bowline_aws::{
    error::{AwsError, Protocol},
    s3::ReadParameters,
    xml::XmlWriter,
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Full};
use jiff::fmt::rfc2822::DateTimePrinter;

use crate::{http::response::Response, upstream::objects::ObjectInfo};

/// The XML namespace of S3's documents.
pub(super) const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// 200 without a body.
pub(super) fn ok() -> Response {
    Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync())
}

/// 204.
pub(super) fn no_content() -> Response {
    let mut response = ok();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// 200 with a document.
pub(super) fn xml(doc: XmlWriter) -> Response {
    let mut response = ok();
    set(&mut response, header::CONTENT_TYPE, "application/xml");
    *response.body_mut() = Full::new(Bytes::from(doc.finish()))
        .map_err(|never| match never {})
        .boxed_unsync();
    response
}

/// The response to a read of an object without its data, and the range of the data.
///
/// # Errors
/// `PreconditionFailed`, `NotModified` and `InvalidRange`.
pub(super) fn object_head(
    info: &ObjectInfo,
    read: &ReadParameters,
) -> Result<(Response, Range<u64>), AwsError> {
    read.preconditions
        .check(info.etag.as_str(), info.modified)?;
    let range = match read.range {
        None => 0..info.length,
        Some(range) => range.within(info.length)?,
    };
    let mut response = ok();
    if read.range.is_some() {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let last = range.end.saturating_sub(1);
        let part = format!("bytes {}-{last}/{}", range.start, info.length);
        set(&mut response, header::CONTENT_RANGE, &part);
    }
    let modified = DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&info.modified)
        .map_err(|_| AwsError::internal(Protocol::S3))?;
    set(&mut response, header::LAST_MODIFIED, &modified);
    set(&mut response, header::ETAG, &info.etag.to_string());
    set(&mut response, header::ACCEPT_RANGES, "bytes");
    set(&mut response, header::CONTENT_TYPE, "binary/octet-stream");
    let length = range.end.saturating_sub(range.start);
    set(&mut response, header::CONTENT_LENGTH, &length.to_string());
    for (name, value) in &info.headers {
        set_named(&mut response, name, value);
    }
    for (name, value) in &info.user {
        set_named(&mut response, &format!("x-amz-meta-{name}"), value);
    }
    // The checksum covers the whole object, and clients compare it with the data that they receive.
    if read.checksum && read.range.is_none() {
        set_checksum(&mut response, info);
    }
    Ok((response, range))
}

/// Adds the headers of the stored checksum.
pub(super) fn set_checksum(response: &mut Response, info: &ObjectInfo) {
    if let Some(checksum) = &info.checksum {
        set_named(response, &checksum.header, &checksum.value);
        set_named(response, "x-amz-checksum-type", "FULL_OBJECT");
    }
}

fn set_named(response: &mut Response, name: &str, value: &str) {
    if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
        set(response, name, value);
    }
}

/// Sets a header. Every value was a header of a request or is made here, so none is invalid.
pub(super) fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
        response.headers_mut().insert(name, value);
    }
}
