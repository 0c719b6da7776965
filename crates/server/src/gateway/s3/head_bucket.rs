//! `HeadBucket`.

use super::{
    call::{AuthorizedS3Operation, S3Call},
    error::S3Error,
    response,
};
use crate::http::response::Response;
use bowline_aws::s3::operation::HeadBucket;
use bowline_iam::decision::Permit;

#[expect(clippy::unused_async, reason = "handlers are async")]
pub(super) async fn handle(
    call: &S3Call<'_>,
    permit: Permit<AuthorizedS3Operation<HeadBucket>>,
) -> Result<Response, S3Error> {
    let (bucket, _) = call.use_bucket(permit)?;
    let mut response = response::ok();
    let region = &bucket.entry.record.region;
    response::set_named(&mut response, response::BUCKET_REGION, region);
    Ok(response)
}
