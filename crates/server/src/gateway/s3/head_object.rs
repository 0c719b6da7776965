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
    let (bucket, HeadObject { object, read }) = call.use_bucket(permit)?;
    let info = match bucket.store.info(&bucket.name, &object.key).await {
        Ok(info) => info,
        Err(ObjectError::NoSuchKey) => return Err(S3Error::NoSuchKey(object)),
        Err(error) => return Err(bucket.error(error).into()),
    };
    let (response, _) = response::object_head(&info, &read)?;
    Ok(response)
}
