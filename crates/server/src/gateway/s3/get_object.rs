//! `GetObject`.

use bowline_aws::s3::operation::GetObject;
use bowline_iam::decision::Permit;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
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
    let (bucket, operation) = call.use_bucket(permit)?;
    let GetObject {
        object,
        read,
        null_version,
    } = operation;
    let open = match bucket.store.open(&bucket.name, &object.key).await {
        Ok(open) => open,
        Err(ObjectError::NoSuchKey) => return Err(S3Error::NoSuchKey(object)),
        Err(error) => return Err(bucket.error(error).into()),
    };
    let (mut response, range) = response::object_head(&open.info, &read, call.now)?;
    response::set_null_version(&mut response, null_version);
    if !range.is_empty() {
        let mut data = (open.read)(range);
        // Before the head: a failure of the first piece, which is all of a small object, is an
        // error and not a cut connection.
        let first = data.next().await.transpose();
        let first = first.map_err(|error| bucket.error(error))?;
        let data = stream::iter(first.map(Ok))
            .chain(data)
            .map_ok(Frame::data)
            .map_err(BoxError::from);
        *response.body_mut() = StreamBody::new(data).boxed_unsync();
    }
    Ok(response)
}
