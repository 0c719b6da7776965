//! Executes a permitted S3 operation against the store that holds the bucket, and builds the answer.
//!
//! Whether the caller may is decided before ([`execute`] takes the permit). Bucket records are the caller's too: for `CreateBucket` and
//! `DeleteBucket` only the store's side is done here.

use bowline_aws::{
    error::{AwsError, Code},
    s3::{Metadata, ObjectKey, Operation, PutObject, ReadObject},
    sigv4::{ChunkChain, ContentSha256},
};
use bowline_iam::decision::Permit;
use bytes::Bytes;
use http_body::Body;
use jiff::Timestamp;

use crate::http::response::{BoxError, ResponseBody};
use crate::identity::entity::{BucketId, UpstreamBucket};
use crate::upstream::objects::{NewObject, ObjectError, ObjectStore, OpenObject};

mod body;
mod list;
mod response;

/// What the answer needs beside the operation.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    /// The time of the request.
    pub now: Timestamp,
    /// What the signature says about the body.
    pub content: ContentSha256,
    /// What the signatures of its chunks build on, if there are any.
    pub chunk_chain: Option<&'a ChunkChain>,
    /// The account that owns the bucket, or whose buckets are listed.
    pub owner: String,
    /// The bucket's region.
    pub region: &'a str,
    /// For `ListBuckets`: names in order, with their creation times.
    pub buckets: &'a [(String, Timestamp)],
}

/// What is decided about: an operation, and the one bucket that it is for, of all that have the name in turn.
#[derive(Debug)]
pub(crate) struct AuthorizedS3Operation {
    /// The operation.
    pub operation: Operation,
    /// The bucket; `None` if the operation is about none, or there is none of that name.
    pub bucket: Option<BucketId>,
}

/// Executes the operation, on the bucket that the permit is for.
///
/// # Errors
/// As the client is to see it; failures of the store itself are logged here and become an internal error. `BucketNotEmpty` for a bucket
/// that is to be made: the store has objects of that name. `NoSuchKey` is not yet what the client is to see: whether the caller may know
/// that is [decided](Operation::absence_requirement) then.
pub(crate) async fn execute<B>(
    permit: Permit<AuthorizedS3Operation>,
    store: &dyn ObjectStore,
    request_body: B,
    context: &Context<'_>,
) -> Result<http::Response<ResponseBody>, AwsError>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    run(permit.into_action(), store, request_body, context).await
}

pub(super) async fn run<B>(
    AuthorizedS3Operation { operation, bucket }: AuthorizedS3Operation,
    store: &dyn ObjectStore,
    request_body: B,
    context: &Context<'_>,
) -> Result<http::Response<ResponseBody>, AwsError>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    let bound = || {
        let bucket = bucket.as_ref().map(UpstreamBucket::from);
        bucket.ok_or_else(|| refusal(ObjectError::NoSuchBucket))
    };
    match operation {
        Operation::ListBuckets => Ok(response::buckets(context)),
        Operation::CreateBucket { bucket, .. } => {
            store.create_bucket(&bound()?).await.map_err(refusal)?;
            Ok(response::created(&bucket))
        }
        Operation::HeadBucket { .. } => Ok(response::bucket(context.region)),
        Operation::DeleteBucket { .. } => {
            match store.delete_bucket(&bound()?).await {
                // It has a record: the store was done with it when somebody before was cut short.
                Ok(()) | Err(ObjectError::NoSuchBucket) => Ok(response::no_content()),
                Err(error) => Err(refusal(error)),
            }
        }
        Operation::GetBucketLocation { .. } => Ok(response::location(context.region)),
        Operation::ListObjectsV2 { bucket, list } => {
            let query = list::query(&list)?;
            let page = store.list(&bound()?, query).await.map_err(refusal)?;
            list::answer(&bucket, &list, &page, &context.owner)
        }
        Operation::GetObject { key, read, .. } => {
            let open = store.open(&bound()?, &key).await;
            response::object(found(open, &key, &read)?, &read)
        }
        Operation::HeadObject { key, read, .. } => {
            let open = store.open(&bound()?, &key).await;
            response::object_head(&found(open, &key, &read)?.info, &read)
        }
        Operation::PutObject { key, put, .. } => {
            let pieces = body::verified(
                request_body,
                &put,
                context.content,
                context.chunk_chain.cloned(),
            )?;
            let PutObject {
                metadata: Metadata { headers, user },
                only_if_absent,
                ..
            } = *put;
            let object = NewObject {
                headers,
                user,
                modified: context.now,
                only_if_absent,
            };
            let info = store
                .put(&bound()?, &key, object, pieces)
                .await
                .map_err(refusal)?;
            Ok(response::stored(&info))
        }
        Operation::DeleteObject { key, .. } => {
            store.delete(&bound()?, &key).await.map_err(refusal)?;
            Ok(response::no_content())
        }
    }
}

/// The object, if it is there and the request's conditions hold.
fn found(
    open: Result<OpenObject, ObjectError>,
    key: &ObjectKey,
    read: &ReadObject,
) -> Result<OpenObject, AwsError> {
    let open = match open {
        Err(ObjectError::NoSuchKey) => {
            return Err(
                AwsError::new(Code::NoSuchKey, "The specified key does not exist.")
                    .with("Key", key.as_str()),
            );
        }
        open => open.map_err(refusal)?,
    };
    read.conditions
        .check(open.info.etag.as_str(), open.info.modified)?;
    Ok(open)
}

/// A store's failure as the client sees it.
fn refusal(error: ObjectError) -> AwsError {
    match error {
        ObjectError::NoSuchBucket => {
            AwsError::new(Code::NoSuchBucket, "The specified bucket does not exist")
        }
        ObjectError::NoSuchKey => {
            AwsError::new(Code::NoSuchKey, "The specified key does not exist.")
        }
        ObjectError::BucketNotEmpty => AwsError::new(
            Code::BucketNotEmpty,
            "The bucket you tried to delete is not empty",
        ),
        ObjectError::AlreadyExists => AwsError::new(
            Code::PreconditionFailed,
            "At least one of the pre-conditions you specified did not hold",
        )
        .with("Condition", "If-None-Match"),
        ObjectError::Body(error) | ObjectError::PreconditionFailed(error) => error,
        ObjectError::Full(_) => AwsError::new(
            Code::InsufficientStorage,
            "Please reduce your request rate.",
        ),
        ObjectError::Unsupported(_) => AwsError::new(
            Code::NotImplemented,
            "A header or query you provided implies functionality that is not implemented",
        ),
        ObjectError::Damaged
        | ObjectError::Failed(_)
        | ObjectError::NoSuchUpload
        | ObjectError::InvalidPart(_) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "The object store failed"
            );
            AwsError::internal(bowline_aws::error::Protocol::S3)
        }
    }
}

#[cfg(test)]
mod tests;
