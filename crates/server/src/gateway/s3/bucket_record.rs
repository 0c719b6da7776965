//! The life of a bucket's record.
//!
//! The record is written before the bucket is created in its store and deleted after it is deleted
//! there, so a crash leaves a state that [`recover`] resumes, never objects without an owner. Every
//! step names the record as the step before left it, and fails if it was changed since. While a
//! step is under way, the record has a lease of this server, so that others do not resume it.

use std::sync::Arc;

use bowline_aws::error::{AwsError, Code, Protocol};
use bowline_iam::account::AccountId;
use jiff::Timestamp;

use crate::{
    identity::{
        entity::{Bucket, BucketState},
        index::{IdentityState, Index, UpdateError},
        store::Transaction,
    },
    upstream::{
        Upstreams,
        objects::{ObjectError, ObjectStore},
    },
};

/// Writes the record of a bucket that is being created.
pub(super) async fn create(state: &IdentityState, bucket: &Bucket) -> Result<(), AwsError> {
    update(state, |index| reserve_name(index, bucket)).await
}

/// Reserves the name of a new bucket, or resumes what its account began under the name.
fn reserve_name(index: &Index, bucket: &Bucket) -> Result<(Transaction, ()), AwsError> {
    let Some(other) = index.bucket(&bucket.name) else {
        return Ok((Transaction::new().create(bucket), ()));
    };
    if other.record.owner != bucket.owner {
        let message = "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.";
        return Err(AwsError::new(Code::BucketAlreadyExists, message)
            .with("BucketName", bucket.name.as_str()));
    }
    match other.record.state {
        // The request that began it no longer finds the record as it was.
        BucketState::Creating => Ok((Transaction::new().update(bucket, other.revision), ())),
        BucketState::Active => {
            let message = "Your previous request to create the named bucket succeeded and you already own it.";
            Err(AwsError::new(Code::BucketAlreadyOwnedByYou, message)
                .with("BucketName", bucket.name.as_str()))
        }
        BucketState::Deleting => Err(operation_aborted()),
    }
}

/// Rolls back a creation that failed, so that the name is free at once. The store's bucket has a
/// name that no other bucket gets, so it can be deleted whatever the record is. The next start
/// completes what fails here.
pub(super) async fn roll_back_create(
    state: &IdentityState,
    store: &dyn ObjectStore,
    bucket: &Bucket,
) {
    // If another request resumed the creation, its record stays.
    if delete(state, bucket).await.is_ok() {
        delete_from_store(store, bucket).await;
        return;
    }
    let index = state.current();
    let found = index.bucket(&bucket.name);
    if found.is_none_or(|found| found.record.id != bucket.id) {
        delete_from_store(store, bucket).await;
    }
}

/// Deletes an unused bucket from its store. An empty folder that stays is harmless.
async fn delete_from_store(store: &dyn ObjectStore, bucket: &Bucket) {
    match store.delete_bucket(&bucket.upstream_bucket()).await {
        Ok(()) | Err(ObjectError::NoSuchBucket) => {}
        Err(error) => tracing::warn!(
            error = &error as &dyn std::error::Error,
            bucket = %bucket.id,
            "Could not clean up the partially created bucket `{}`", bucket.id
        ),
    }
}

/// Whether an account may resume an interrupted deletion. To all but the owner the bucket is gone.
pub(super) fn may_resume_delete(bucket: &Bucket, account: AccountId) -> bool {
    bucket.state == BucketState::Deleting && bucket.owner == account
}

/// Marks a bucket as being deleted, so that it cannot be used any more, and returns the new record.
/// The bucket must be unchanged since the decision, not another one with its name.
pub(super) async fn begin_delete(
    state: &IdentityState,
    known: &Bucket,
    now: Timestamp,
) -> Result<Bucket, AwsError> {
    let deleting = Bucket {
        state: BucketState::Deleting,
        lease: state.lease(now),
        ..known.clone()
    };
    update(state, |index| {
        let bucket = index.bucket(&known.name).ok_or_else(operation_aborted)?;
        if !is_unchanged(&bucket.record, known) {
            return Err(operation_aborted());
        }
        let transaction = Transaction::new().update(&deleting, bucket.revision);
        Ok((transaction, ()))
    })
    .await?;
    Ok(deleting)
}

/// Whether a record is still the known one. Its lease may be newer, if another request does the
/// same work.
fn is_unchanged(found: &Bucket, known: &Bucket) -> bool {
    let without_lease = |bucket: &Bucket| Bucket {
        lease: None,
        ..bucket.clone()
    };
    without_lease(found) == without_lease(known)
}

/// Marks a bucket as usable: its store has it now, or still has it.
pub(super) async fn activate(state: &IdentityState, bucket: &Bucket) -> Result<(), AwsError> {
    update(state, |index| {
        let found = index.bucket(&bucket.name).ok_or_else(operation_aborted)?;
        if !is_unchanged(&found.record, bucket) {
            return Err(operation_aborted());
        }
        let record = Bucket {
            state: BucketState::Active,
            lease: None,
            ..bucket.clone()
        };
        Ok((Transaction::new().update(&record, found.revision), ()))
    })
    .await
}

/// Deletes the record. Succeeds if another request that did the same work has deleted it.
pub(super) async fn delete(state: &IdentityState, bucket: &Bucket) -> Result<(), AwsError> {
    update(state, |index| {
        let transaction = match index.bucket(&bucket.name) {
            None => Transaction::new(),
            Some(found) if is_unchanged(&found.record, bucket) => {
                Transaction::new().delete(bucket, found.revision)
            }
            Some(_) => return Err(operation_aborted()),
        };
        Ok((transaction, ()))
    })
    .await
}

async fn update<T>(
    state: &IdentityState,
    decide: impl FnMut(&Index) -> Result<(Transaction, T), AwsError>,
) -> Result<T, AwsError> {
    match state.update(decide).await {
        Ok(outcome) => Ok(outcome),
        Err(UpdateError::Refused(error)) => Err(error),
        Err(UpdateError::Quota(_)) => Err(AwsError::new(
            Code::TooManyBuckets,
            "You have attempted to create more buckets than allowed",
        )),
        Err(UpdateError::Busy) => Err(operation_aborted()),
        Err(error @ (UpdateError::Invalid(_) | UpdateError::Store(_))) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "Could not store the record of a bucket"
            );
            Err(AwsError::internal(Protocol::S3))
        }
    }
}

fn operation_aborted() -> AwsError {
    AwsError::new(
        Code::OperationAborted,
        "A conflicting conditional operation is currently in progress against this resource. Please try again.",
    )
}

/// Completes the creations and deletions of buckets that a crash interrupted. It leaves alone those
/// that another server works on, and those whose upstream is not configured.
///
/// # Errors
/// Those of the identity store and of the object stores.
pub(crate) async fn recover(
    state: &IdentityState,
    upstreams: &Upstreams,
    now: Timestamp,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let index = state.current();
    let interrupted: Vec<_> = index
        .accounts()
        .flat_map(|account| index.buckets(account.record.id, None))
        .filter(|bucket| bucket.record.state != BucketState::Active)
        .filter(|bucket| !state.is_leased_elsewhere(bucket.record.lease.as_ref(), now))
        .map(|bucket| Arc::clone(&bucket.record))
        .collect();
    for bucket in interrupted {
        let name = &bucket.name;
        match upstreams.for_bucket(&bucket) {
            Ok(store) => {
                resume(state, store, &bucket).await?;
                tracing::info!(bucket = %name, "Recovered an interrupted operation on the bucket `{name}`");
            }
            Err(error) => tracing::error!(
                error = &error as &dyn std::error::Error,
                bucket = %name,
                "Could not recover the bucket `{name}`: {error}"
            ),
        }
    }
    Ok(())
}

async fn resume(
    state: &IdentityState,
    store: &dyn ObjectStore,
    bucket: &Bucket,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let stored = bucket.upstream_bucket();
    match bucket.state {
        BucketState::Active => {}
        BucketState::Creating => match store.create_bucket(&stored).await {
            Ok(()) => activate(state, bucket).await?,
            // No client learned that the bucket exists, so nothing is lost with the name. The other
            // buckets must not become unavailable for it.
            Err(ObjectError::BucketNotEmpty) => {
                let id = &bucket.id;
                tracing::error!(bucket = %id, "The object store has content for the new bucket `{id}`: the bucket is not created, and its name is free");
                delete(state, bucket).await?;
            }
            Err(error) => return Err(error.into()),
        },
        BucketState::Deleting => match store.delete_bucket(&stored).await {
            Ok(()) | Err(ObjectError::NoSuchBucket) => delete(state, bucket).await?,
            Err(ObjectError::BucketNotEmpty) => activate(state, bucket).await?,
            Err(error) => return Err(error.into()),
        },
    }
    Ok(())
}

#[cfg(test)]
mod tests;
