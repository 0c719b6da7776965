//! `GetObject`.

use bowline_aws::s3::operation::GetObject;
use bowline_iam::decision::Permit;
use futures_util::TryStreamExt as _;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};

use super::{
    call::{AuthorizedS3Operation, S3Call},
    error::S3Error,
    response,
};
use crate::{
    http::response::{BoxError, Response},
    upstream::objects::ObjectError,
};

pub(super) async fn handle(
    call: &S3Call<'_>,
    permit: Permit<AuthorizedS3Operation<GetObject>>,
) -> Result<Response, S3Error> {
    let (bucket, GetObject { object, read }) = call.use_bucket(permit)?;
    let open = match bucket.store.open(&bucket.name, &object.key).await {
        Ok(open) => open,
        Err(ObjectError::NoSuchKey) => return Err(S3Error::NoSuchKey(object)),
        Err(error) => return Err(bucket.error(error).into()),
    };
    let (mut response, range) = response::object_head(&open.info, &read)?;
    if !range.is_empty() {
        let data = (open.read)(range)
            .map_ok(Frame::data)
            .map_err(BoxError::from);
        *response.body_mut() = StreamBody::new(data).boxed_unsync();
    }
    Ok(response)
}
