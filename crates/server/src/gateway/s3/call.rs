//! What the handlers work with: the authorized operation, the parts of the server that it may use,
//! and its bucket.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use bowline_aws::{
    error::{AwsError, Code},
    s3::{Operation, S3Operation, operation::OperationTarget as _},
    sigv4::{ChunkChain, ContentSha256},
};
use bowline_iam::decision::Permit;
use jiff::Timestamp;

use super::error::{S3Error, store_error};
use crate::{
    identity::{
        entity::{BucketState, UpstreamBucket},
        index::{BucketEntry, IdentityState, Index},
    },
    request::{caller::Caller, error::RequestError},
    upstream::{
        Upstreams,
        objects::{ObjectError, ObjectStore},
    },
};

/// An operation that the policies allow, with the one bucket that the decision was about.
#[derive(Debug)]
pub(super) struct AuthorizedS3Operation<O = Operation> {
    pub(super) operation: O,
    /// The record at the time of the decision; `None` if the operation is not about a bucket, or no
    /// bucket has the name.
    pub(super) bucket: Option<Arc<BucketEntry>>,
}

/// What handlers need beside their permits.
pub(super) struct S3Call<'a> {
    pub(super) state: &'a IdentityState,
    /// The snapshot that the decision was made on.
    pub(super) index: &'a Index,
    pub(super) upstreams: &'a Upstreams,
    pub(super) random: &'a SystemRandom,
    pub(super) caller: Option<&'a Caller>,
    /// The region of the signature.
    pub(super) region: &'a str,
    /// The time of the request.
    pub(super) now: Timestamp,
    /// What the signature states about the body.
    pub(super) content: ContentSha256,
    /// What the signatures of the body's chunks build on.
    pub(super) chunk_chain: Option<ChunkChain>,
}

/// A bucket that can be used, in its store.
pub(super) struct ActiveBucket<'a> {
    pub(super) entry: Arc<BucketEntry>,
    pub(super) store: &'a dyn ObjectStore,
    /// The store's name of it.
    pub(super) name: UpstreamBucket,
    state: &'a IdentityState,
}

impl ActiveBucket<'_> {
    pub(super) fn error(&self, error: ObjectError) -> RequestError {
        let name = &self.entry.record.name;
        let is_current = || {
            let index = self.state.current();
            let bucket = index.bucket(name);
            bucket.is_some_and(|bucket| bucket.record == self.entry.record)
        };
        // A bucket that has its record has not been deleted: its store has lost it.
        if matches!(error, ObjectError::NoSuchBucket) && is_current() {
            let lost = "the store has lost the bucket";
            return store_error(name, ObjectError::Failed(lost.into()));
        }
        store_error(name, error)
    }
}

impl S3Call<'_> {
    /// Takes a permit for an operation on a bucket that can be used.
    ///
    /// # Errors
    /// `NoSuchBucket` if it cannot, and an internal error if its upstream is not configured.
    pub(super) fn use_bucket<O: S3Operation>(
        &self,
        permit: Permit<AuthorizedS3Operation<O>>,
    ) -> Result<(ActiveBucket<'_>, O), S3Error> {
        let AuthorizedS3Operation { operation, bucket } = permit.into_action();
        let entry = active(&operation, bucket)?;
        let store = self.upstreams.for_bucket(&entry.record)?;
        let name = entry.record.upstream_bucket();
        let bucket = ActiveBucket {
            entry,
            store,
            name,
            state: self.state,
        };
        Ok((bucket, operation))
    }

    /// The caller.
    ///
    /// # Errors
    /// `AccessDenied` for an anonymous request, which is never allowed to do anything.
    pub(super) fn caller(&self) -> Result<&Caller, AwsError> {
        let denied = || AwsError::access_denied("Access Denied");
        self.caller.ok_or_else(denied)
    }
}

/// The bucket of an operation, if it can be used.
pub(super) fn active<O: S3Operation>(
    operation: &O,
    bucket: Option<Arc<BucketEntry>>,
) -> Result<Arc<BucketEntry>, RequestError> {
    let why = match bucket.map(|bucket| (bucket.record.state, bucket)) {
        Some((BucketState::Active, bucket)) => return Ok(bucket),
        Some((BucketState::Creating, _)) => "the bucket is being created and cannot be used yet",
        Some((BucketState::Deleting, _)) => "the bucket is being deleted",
        None => "no bucket has this name",
    };
    let error = AwsError::new(Code::NoSuchBucket, "The specified bucket does not exist");
    let error = match operation.target().bucket() {
        None => error,
        Some(name) => error.with("BucketName", name.as_str()),
    };
    Err(RequestError::new(error, why))
}
