//! Answers. Request ids, `Date` and `Server` are added where the listener is.

use std::ops::Range;

use bowline_aws::{
    error::{AwsError, Protocol},
    s3::{BucketName, ReadObject},
    xml::XmlWriter,
};
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt as _, Empty, Full, StreamBody};
use jiff::fmt::rfc2822::DateTimePrinter;

use super::{BoxError, Context, ResponseBody};
use crate::upstream::objects::{ObjectInfo, OpenObject};

/// The XML namespace of S3 answers.
pub(super) const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

pub(super) fn no_content() -> Response<ResponseBody> {
    with_status(StatusCode::NO_CONTENT)
}

pub(super) fn created(bucket: &BucketName) -> Response<ResponseBody> {
    let mut response = with_status(StatusCode::OK);
    set(&mut response, header::LOCATION, &format!("/{bucket}"));
    response
}

pub(super) fn bucket(region: &str) -> Response<ResponseBody> {
    let mut response = with_status(StatusCode::OK);
    set(
        &mut response,
        HeaderName::from_static("x-amz-bucket-region"),
        region,
    );
    response
}

/// `us-east-1` is shown as nothing, as ever.
pub(super) fn location(region: &str) -> Response<ResponseBody> {
    let mut doc = XmlWriter::with_declaration();
    doc.open_in("LocationConstraint", NAMESPACE);
    if region != "us-east-1" {
        doc.text(region);
    }
    doc.close("LocationConstraint");
    xml(doc)
}

pub(super) fn buckets(context: &Context<'_>) -> Response<ResponseBody> {
    let mut doc = XmlWriter::with_declaration();
    doc.open_in("ListAllMyBucketsResult", NAMESPACE);
    doc.open("Owner");
    doc.element("ID", &context.owner);
    doc.close("Owner");
    doc.open("Buckets");
    for (name, created) in context.buckets {
        doc.open("Bucket");
        doc.element("Name", name);
        doc.timestamp_millis("CreationDate", *created);
        doc.close("Bucket");
    }
    doc.close("Buckets");
    doc.close("ListAllMyBucketsResult");
    xml(doc)
}

pub(super) fn stored(info: &ObjectInfo) -> Response<ResponseBody> {
    let mut response = with_status(StatusCode::OK);
    set(&mut response, header::ETAG, &info.etag.to_string());
    checksum(&mut response, info);
    response
}

/// An object or a part of it, with its data.
pub(super) fn object(
    open: OpenObject,
    read: &ReadObject,
) -> Result<Response<ResponseBody>, AwsError> {
    let (mut response, range) = head(&open.info, read)?;
    if !range.is_empty() {
        let data = (open.read)(range)
            .map_ok(Frame::data)
            .map_err(BoxError::from);
        *response.body_mut() = StreamBody::new(data).boxed_unsync();
    }
    Ok(response)
}

/// What [`object`] would be, without its data.
pub(super) fn object_head(
    info: &ObjectInfo,
    read: &ReadObject,
) -> Result<Response<ResponseBody>, AwsError> {
    head(info, read).map(|(response, _)| response)
}

pub(super) fn xml(doc: XmlWriter) -> Response<ResponseBody> {
    let mut response = with_status(StatusCode::OK);
    set(&mut response, header::CONTENT_TYPE, "application/xml");
    *response.body_mut() = Full::new(Bytes::from(doc.finish()))
        .map_err(|never| match never {})
        .boxed_unsync();
    response
}

fn head(
    info: &ObjectInfo,
    read: &ReadObject,
) -> Result<(Response<ResponseBody>, Range<u64>), AwsError> {
    let range = match read.range {
        None => 0..info.length,
        Some(range) => range.within(info.length)?,
    };
    let mut response = with_status(StatusCode::OK);
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
    // A checksum is of the whole object, and a client would hold it against the part that it gets.
    if read.checksum && read.range.is_none() {
        checksum(&mut response, info);
    }
    Ok((response, range))
}

fn checksum(response: &mut Response<ResponseBody>, info: &ObjectInfo) {
    if let Some(checksum) = &info.checksum {
        set_named(response, &checksum.header, &checksum.value);
        set_named(response, "x-amz-checksum-type", "FULL_OBJECT");
    }
}

fn with_status(status: StatusCode) -> Response<ResponseBody> {
    let mut response = Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    response
}

fn set_named(response: &mut Response<ResponseBody>, name: &str, value: &str) {
    if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
        set(response, name, value);
    }
}

/// Sets a header. Values came in as headers or are made here, so that none is lost.
fn set(response: &mut Response<ResponseBody>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
        response.headers_mut().insert(name, value);
    }
}
