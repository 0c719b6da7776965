//! `DeleteObject`.

use bowline_aws::s3::operation::DeleteObject;
use bowline_iam::decision::Permit;

use super::{
    call::{AuthorizedS3Operation, S3Call},
    error::S3Error,
    response,
};
use crate::http::response::Response;

pub(super) async fn handle(
    call: &S3Call<'_>,
    permit: Permit<AuthorizedS3Operation<DeleteObject>>,
) -> Result<Response, S3Error> {
    let (bucket, delete) = call.use_bucket(permit)?;
    let deleted = bucket.store.delete(&bucket.name, &delete.object.key).await;
    deleted.map_err(|error| bucket.error(error))?;
    let mut response = response::no_content();
    response::set_null_version(&mut response, delete.null_version);
    Ok(response)
}
