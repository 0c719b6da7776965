//! `HeadObject`.

use bowline_aws::s3::operation::HeadObject;
use bowline_iam::decision::Permit;

use super::{
    call::{AuthorizedS3Operation, S3Call},
    error::S3Error,
    response,
};
use crate::{http::response::Response, upstream::objects::ObjectError};

pub(super) async fn handle(
    call: &S3Call<'_>,
    permit: Permit<AuthorizedS3Operation<HeadObject>>,
) -> Result<Response, S3Error> {
    let (bucket, operation) = call.use_bucket(permit)?;
    let HeadObject {
        object,
        read,
        null_version,
    } = operation;
    let info = match bucket.store.info(&bucket.name, &object.key).await {
        Ok(info) => info,
        Err(ObjectError::NoSuchKey) => return Err(S3Error::NoSuchKey(object)),
        Err(error) => return Err(bucket.error(error).into()),
    };
    let (mut response, _) = response::object_head(&info, &read, call.now)?;
    response::set_null_version(&mut response, null_version);
    Ok(response)
}
