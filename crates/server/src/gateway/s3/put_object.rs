//! `PutObject`.

use bowline_aws::s3::{ObjectMetadata, operation::PutObject};
use bowline_iam::decision::Permit;
use bytes::Bytes;
use http::header;
use http_body::Body;

use super::{
    body,
    call::{AuthorizedS3Operation, S3Call},
    error::S3Error,
    response,
};
use crate::{
    http::response::{BoxError, Response},
    upstream::objects::NewObject,
};

pub(super) async fn handle<B>(
    call: &S3Call<'_>,
    permit: Permit<AuthorizedS3Operation<PutObject>>,
    body: B,
) -> Result<Response, S3Error>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    let (bucket, put) = call.use_bucket(permit)?;
    let data = body::verified(body, &put.claims, call.content, call.chunk_chain.clone())?;
    let ObjectMetadata { headers, user } = put.metadata;
    let object = NewObject {
        headers,
        user,
        modified: call.now,
        only_if_absent: put.only_if_absent,
    };
    let key = &put.object.key;
    let stored = bucket.store.put(&bucket.name, key, object, data).await;
    let info = stored.map_err(|error| bucket.error(error))?;
    let mut response = response::ok();
    response::set(&mut response, header::ETAG, &info.etag.to_string());
    response::set_checksum(&mut response, &info);
    Ok(response)
}
