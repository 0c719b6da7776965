//! `HeadBucket`.

use bowline_aws::s3::operation::HeadBucket;
use bowline_iam::decision::Permit;
use http::HeaderName;

use super::{
    call::{AuthorizedS3Operation, S3Call},
    error::S3Error,
    response,
};
use crate::http::response::Response;

const BUCKET_REGION: HeaderName = HeaderName::from_static("x-amz-bucket-region");

#[expect(clippy::unused_async, reason = "handlers are async")]
pub(super) async fn handle(
    call: &S3Call<'_>,
    permit: Permit<AuthorizedS3Operation<HeadBucket>>,
) -> Result<Response, S3Error> {
    let (bucket, _) = call.use_bucket(permit)?;
    let mut response = response::ok();
    response::set(&mut response, BUCKET_REGION, &bucket.entry.record.region);
    Ok(response)
}
