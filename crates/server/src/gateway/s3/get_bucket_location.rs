//! `GetBucketLocation`.

use bowline_aws::{s3::operation::GetBucketLocation, xml::XmlWriter};
use bowline_iam::decision::Permit;

use super::{
    call::{AuthorizedS3Operation, S3Call},
    error::S3Error,
    response,
};
use crate::http::response::Response;

#[expect(clippy::unused_async, reason = "handlers are async")]
pub(super) async fn handle(
    call: &S3Call<'_>,
    permit: Permit<AuthorizedS3Operation<GetBucketLocation>>,
) -> Result<Response, S3Error> {
    let (bucket, _) = call.use_bucket(permit)?;
    let region = &bucket.entry.record.region;
    let mut doc = XmlWriter::with_declaration();
    doc.open_in("LocationConstraint", response::NAMESPACE);
    // AWS shows `us-east-1` as an empty element.
    if region != "us-east-1" {
        doc.text(region);
    }
    doc.close("LocationConstraint");
    Ok(response::xml(doc))
}
