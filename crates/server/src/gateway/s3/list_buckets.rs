//! `ListBuckets`.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bowline_aws::{
    error::{AwsError, Code},
    s3::operation::ListBuckets,
    xml::XmlWriter,
};
use bowline_iam::decision::Permit;

use super::{
    call::{AuthorizedS3Operation, S3Call},
    error::S3Error,
    response,
};
use crate::{http::response::Response, identity::entity::BucketState};

#[expect(clippy::unused_async, reason = "handlers are async")]
pub(super) async fn handle(
    call: &S3Call<'_>,
    permit: Permit<AuthorizedS3Operation<ListBuckets>>,
) -> Result<Response, S3Error> {
    let list = permit.into_action().operation;
    let account = call.caller()?.account();
    let after = list.continuation_token.as_deref().map(read_token);
    let after = after.transpose()?;
    let prefix = list.prefix.as_deref().unwrap_or_default();
    let buckets = call.index.buckets(account, after.as_deref());
    let mut buckets = buckets
        .map(|bucket| &bucket.record)
        .filter(|bucket| bucket.state == BucketState::Active && bucket.name.starts_with(prefix))
        .filter(|bucket| {
            list.region
                .as_ref()
                .is_none_or(|region| *region == bucket.region)
        })
        .peekable();
    let mut doc = XmlWriter::with_declaration();
    doc.open_in("ListAllMyBucketsResult", response::NAMESPACE);
    doc.open("Owner");
    doc.element("ID", account.as_ref());
    doc.close("Owner");
    doc.open("Buckets");
    let mut shown = None;
    for bucket in buckets.by_ref().take(list.max()) {
        doc.open("Bucket");
        doc.element("Name", &bucket.name);
        doc.s3_timestamp("CreationDate", bucket.created);
        if list.is_for_part() {
            doc.element("BucketRegion", &bucket.region);
        }
        doc.close("Bucket");
        shown = Some(&bucket.name);
    }
    doc.close("Buckets");
    if let (Some(last), Some(_)) = (shown, buckets.peek()) {
        doc.element("ContinuationToken", &URL_SAFE_NO_PAD.encode(last));
    }
    doc.element_if("Prefix", list.prefix.as_deref());
    doc.close("ListAllMyBucketsResult");
    Ok(response::xml(doc))
}

/// The name of the last bucket of the page before. A token grants nothing: every page is
/// authorized.
fn read_token(token: &str) -> Result<String, AwsError> {
    let name = URL_SAFE_NO_PAD.decode(token).ok();
    name.and_then(|name| String::from_utf8(name).ok())
        .ok_or_else(|| {
            AwsError::new(
                Code::InvalidArgument,
                "The continuation token provided is incorrect",
            )
        })
}
