//! `ListBuckets`.

use bowline_aws::{s3::operation::ListBuckets, xml::XmlWriter};
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
    let AuthorizedS3Operation {
        operation: ListBuckets,
        ..
    } = permit.into_action();
    let account = call.caller()?.account();
    let buckets = call.index.buckets(account, None);
    let mut doc = XmlWriter::with_declaration();
    doc.open_in("ListAllMyBucketsResult", response::NAMESPACE);
    doc.open("Owner");
    doc.element("ID", account.as_ref());
    doc.close("Owner");
    doc.open("Buckets");
    for bucket in buckets.filter(|bucket| bucket.record.state == BucketState::Active) {
        doc.open("Bucket");
        doc.element("Name", &bucket.record.name);
        doc.timestamp_millis("CreationDate", bucket.record.created);
        doc.close("Bucket");
    }
    doc.close("Buckets");
    doc.close("ListAllMyBucketsResult");
    Ok(response::xml(doc))
}
