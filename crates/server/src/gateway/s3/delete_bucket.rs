//! `DeleteBucket`.

use bowline_aws::s3::operation::DeleteBucket;
use bowline_iam::decision::Permit;

use super::{
    bucket_record,
    call::{AuthorizedS3Operation, S3Call, active},
    error::{S3Error, store_error},
    response,
};
use crate::{http::response::Response, upstream::objects::ObjectError};

pub(super) async fn handle(
    call: &S3Call<'_>,
    permit: Permit<AuthorizedS3Operation<DeleteBucket>>,
) -> Result<Response, S3Error> {
    let account = call.caller()?.account();
    let AuthorizedS3Operation { operation, bucket } = permit.into_action();
    let known = match bucket {
        Some(bucket) if bucket_record::may_resume_delete(&bucket.record, account) => bucket,
        bucket => active(&operation, bucket)?,
    };
    let store = call.upstreams.for_bucket(&known.record)?;
    let bucket = bucket_record::begin_delete(call.state, &known.record, call.now).await?;
    match store.delete_bucket(&bucket.upstream_bucket()).await {
        // The store may have deleted it for a request that was interrupted afterwards.
        Ok(()) | Err(ObjectError::NoSuchBucket) => {
            bucket_record::delete(call.state, &bucket).await?;
            Ok(response::no_content())
        }
        Err(error) => {
            bucket_record::activate(call.state, &bucket).await?;
            Err(store_error(&bucket.name, error).into())
        }
    }
}
