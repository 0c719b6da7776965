//! Parts of S3's responses. The listener adds request ids, `Date` and `Server`.

use std::ops::Range;

use bowline_aws::{
    error::{AwsError, Code, Protocol},
    s3::ReadParameters,
    xml::XmlWriter,
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Full};
use jiff::{Timestamp, fmt::rfc2822::DateTimePrinter};

use crate::{http::response::Response, upstream::objects::ObjectInfo};

/// The XML namespace of S3's documents.
pub(super) const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// The header of a bucket's region.
pub(super) const BUCKET_REGION: &str = "x-amz-bucket-region";
/// The header of an object's version.
const VERSION_ID: HeaderName = HeaderName::from_static("x-amz-version-id");
/// The headers of an object that a client may use again without its data (RFC 9110, 15.4.5).
const CACHED_HEADERS: [&str; 2] = ["cache-control", "expires"];

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
    now: Timestamp,
) -> Result<(Response, Range<u64>), AwsError> {
    let modified = DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&info.modified)
        .map_err(|_| AwsError::internal(Protocol::S3))?;
    read.preconditions
        .check(info.etag.as_str(), info.modified, now)
        .map_err(|error| {
            if error.code() == Code::NotModified {
                not_modified(error, info, &modified)
            } else {
                error
            }
        })?;
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

/// Adds what a client must learn that has the object.
fn not_modified(error: AwsError, info: &ObjectInfo, modified: &str) -> AwsError {
    let error = error
        .with_header("etag", info.etag.to_string())
        .with_header("last-modified", modified);
    CACHED_HEADERS
        .iter()
        .fold(error, |error, name| match info.headers.get(*name) {
            Some(value) => error.with_header(name, value.as_str()),
            None => error,
        })
}

/// Adds the version of an object for a request that names it.
pub(super) fn set_null_version(response: &mut Response, named: bool) {
    if named {
        set(response, VERSION_ID, "null");
    }
}

/// Adds the headers of the stored checksum.
pub(super) fn set_checksum(response: &mut Response, info: &ObjectInfo) {
    if let Some(checksum) = &info.checksum {
        set_named(response, &checksum.header, &checksum.value);
        set_named(response, "x-amz-checksum-type", "FULL_OBJECT");
    }
}

/// Sets a header by its name.
pub(super) fn set_named(response: &mut Response, name: &str, value: &str) {
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
