//! Buckets as records: a name is taken before the store has the bucket, and given up after the store has let go of it, so that a
//! crash leaves a state that [`recover`] takes up again, never objects that nobody owns.
//!
//! Every step names the record as the step before has left it, and is refused if somebody else has changed it since.

use std::sync::Arc;

use bowline_aws::{
    error::{AwsError, Code, Protocol},
    s3::{BucketName, Operation},
};
use bowline_iam::{account::AccountId, decision::Permit};

use super::{
    S3Request,
    execute::{self, AuthorizedS3Operation},
};
use crate::upstream::{
    EMBEDDED, Upstreams,
    objects::{ObjectError, ObjectStore},
};
use crate::{
    http::response::Response,
    identity::{
        entity::{self, BucketState},
        index::{IdentityState, Index, UpdateError},
        store::Transaction,
    },
    request::{caller::Caller, error::RequestError, record::RequestRecord},
};

pub(super) async fn create(
    request: &S3Request<'_>,
    record: &RequestRecord<'_>,
    permit: Permit<AuthorizedS3Operation>,
) -> Result<Response, RequestError> {
    let (caller, name) = parties(record, &permit)?;
    let id = permit.action().bucket.clone().ok_or_else(under_way)?;
    let endpoint = record.region.as_deref().unwrap_or_default();
    let bucket = entity::Bucket {
        name: name.to_string(),
        id,
        owner: caller.account(),
        region: region(location(&permit), endpoint)?,
        upstream: EMBEDDED.to_owned(),
        upstream_bucket: None,
        state: BucketState::Creating,
        created: record.head.now,
        lease: None,
    };
    let state = &request.app.state;
    let objects = request.app.upstreams.for_bucket(&bucket);
    let objects =
        objects.map_err(|error| RequestError::new(AwsError::internal(Protocol::S3), &error))?;
    update(state, |index| take_name(index, &bucket)).await?;
    let context = context(request, record, &[]);
    let made = match request.execute(permit, &context).await {
        Ok(answer) => activate(state, &bucket)
            .await
            .map(|()| answer)
            .map_err(RequestError::from),
        Err(refused) => Err(refused),
    };
    if made.is_err() {
        give_up(state, objects, &bucket).await;
    }
    made
}

/// Undoes a creation that failed, so that the name is free at once. What the store has of it nobody else can have, since the id is its
/// own; what cannot be undone now the next start settles.
async fn give_up(state: &IdentityState, objects: &dyn ObjectStore, bucket: &entity::Bucket) {
    // Whoever has taken the name over meanwhile keeps it.
    if give_name_up(state, bucket).await.is_ok() {
        discard(objects, bucket).await;
        return;
    }
    let index = state.current();
    let found = index.bucket(&bucket.name);
    if found.is_none_or(|found| found.record.id != bucket.id) {
        discard(objects, bucket).await;
    }
}

/// Removes a bucket that nobody has used from the store. An empty folder that stays is in nobody's way.
async fn discard(objects: &dyn ObjectStore, bucket: &entity::Bucket) {
    match objects.delete_bucket(&bucket.upstream_bucket()).await {
        Ok(()) | Err(ObjectError::NoSuchBucket) => {}
        Err(error) => tracing::warn!(
            error = &error as &dyn std::error::Error,
            bucket = %bucket.id,
            "What was made of the bucket `{}` could not be removed", bucket.id
        ),
    }
}

pub(super) async fn delete(
    request: &S3Request<'_>,
    record: &RequestRecord<'_>,
    permit: Permit<AuthorizedS3Operation>,
) -> Result<Response, RequestError> {
    let (caller, _) = parties(record, &permit)?;
    let known = match request.bucket.record() {
        Some(bucket) if may_end(&bucket.record, caller.account()) => &bucket.record,
        Some(_) | None => &request.active()?.record,
    };
    let state = &request.app.state;
    let bucket = begin_deleting(state, known).await?;
    let context = context(request, record, &[]);
    match request.execute(permit, &context).await {
        Ok(answer) => {
            give_name_up(state, &bucket).await?;
            Ok(answer)
        }
        Err(refused) => {
            activate(state, &bucket).await?;
            Err(refused)
        }
    }
}

/// Whether an account may end a removal that was cut short. To all but the owner the bucket is gone.
fn may_end(bucket: &entity::Bucket, account: AccountId) -> bool {
    bucket.state == BucketState::Deleting && bucket.owner == account
}

/// The buckets of the caller's account.
pub(super) async fn list(
    request: &S3Request<'_>,
    record: &RequestRecord<'_>,
    permit: Permit<AuthorizedS3Operation>,
) -> Result<Response, RequestError> {
    let account = record.caller().map(Caller::account);
    let buckets: Vec<_> = account
        .into_iter()
        .flat_map(|account| request.index.buckets(account, None))
        .filter(|bucket| bucket.record.state == BucketState::Active)
        .map(|bucket| (bucket.record.name.clone(), bucket.record.created))
        .collect();
    let context = context(request, record, &buckets);
    request.execute(permit, &context).await
}

/// Ends what a crash has cut short: makes buckets that were being made, and removes those that were being removed.
///
/// # Errors
/// What the store or the object store fails with.
pub(crate) async fn recover(
    state: &IdentityState,
    upstreams: &Upstreams,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let index = state.current();
    let unsettled: Vec<_> = index
        .accounts()
        .flat_map(|account| index.buckets(account.record.id, None))
        .filter(|bucket| bucket.record.state != BucketState::Active)
        .map(Arc::clone)
        .collect();
    for bucket in unsettled {
        let (name, id) = (&bucket.record.name, &bucket.record.id);
        let objects = match upstreams.for_bucket(&bucket.record) {
            Ok(objects) => objects,
            Err(error) => {
                let cause: &dyn std::error::Error = &error;
                tracing::error!(error = cause, bucket = %name, "Could not recover the bucket `{name}`: {error}");
                continue;
            }
        };
        let stored = bucket.record.upstream_bucket();
        match bucket.record.state {
            BucketState::Active => {}
            BucketState::Creating => match objects.create_bucket(&stored).await {
                Ok(()) => activate(state, &bucket.record).await?,
                // Nobody was told that the bucket is there, so nothing is lost with the name. No reason to keep all the others
                // from their buckets.
                Err(ObjectError::BucketNotEmpty) => {
                    tracing::error!(bucket = %id, "The object store has something in the bucket `{id}`, which was being made; its name is free");
                    give_name_up(state, &bucket.record).await?;
                }
                Err(error) => return Err(error.into()),
            },
            BucketState::Deleting => match objects.delete_bucket(&stored).await {
                Ok(()) | Err(ObjectError::NoSuchBucket) => {
                    give_name_up(state, &bucket.record).await?;
                }
                Err(ObjectError::BucketNotEmpty) => activate(state, &bucket.record).await?,
                Err(error) => return Err(error.into()),
            },
        }
        tracing::info!(bucket = %name, "What was under way with the bucket `{name}` is settled");
    }
    Ok(())
}

/// Who calls and which bucket is meant. Nobody else gets as far as this.
fn parties<'e>(
    record: &'e RequestRecord<'_>,
    permit: &Permit<AuthorizedS3Operation>,
) -> Result<(&'e Caller, BucketName), AwsError> {
    let denied = || AwsError::access_denied("Access Denied");
    let caller = record.caller().ok_or_else(denied)?;
    let name = permit.action().operation.bucket().ok_or_else(denied)?;
    Ok((caller, name.clone()))
}

/// The region that the body named, which the decision was about too.
fn location(permit: &Permit<AuthorizedS3Operation>) -> Option<String> {
    let Operation::CreateBucket { location, .. } = &permit.action().operation else {
        return None;
    };
    location.clone()
}

/// The region of a new bucket: the one addressed, which is the one that the body names, if it names one. `us-east-1` takes all.
fn region(named: Option<String>, addressed: &str) -> Result<String, AwsError> {
    match named {
        None => Ok(addressed.to_owned()),
        Some(named) if named == addressed || addressed == "us-east-1" => Ok(named),
        Some(named) => Err(AwsError::new(
            Code::IllegalLocationConstraint,
            format!(
                "The {named} location constraint is incompatible for the region specific endpoint this request was sent to."
            ),
        )),
    }
}

/// Takes the name, or takes up what this account had begun under it.
fn take_name(index: &Index, bucket: &entity::Bucket) -> Result<(Transaction, ()), AwsError> {
    let Some(other) = index.bucket(&bucket.name) else {
        return Ok((Transaction::new().create(bucket), ()));
    };
    if other.record.owner != bucket.owner {
        let message = "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.";
        return Err(AwsError::new(Code::BucketAlreadyExists, message)
            .with("BucketName", bucket.name.as_str()));
    }
    match other.record.state {
        // Whoever began it no longer finds the record as it was.
        BucketState::Creating => Ok((Transaction::new().update(bucket, other.revision), ())),
        BucketState::Active => {
            let message = "Your previous request to create the named bucket succeeded and you already own it.";
            Err(AwsError::new(Code::BucketAlreadyOwnedByYou, message)
                .with("BucketName", bucket.name.as_str()))
        }
        BucketState::Deleting => Err(under_way()),
    }
}

/// Lets nobody use the bucket any more, or takes up a removal of it that was cut short: gives the record as it is then. The bucket
/// has to be the one that was decided about, not another that has got its name since.
async fn begin_deleting(
    state: &IdentityState,
    known: &entity::Bucket,
) -> Result<entity::Bucket, AwsError> {
    let deleting = entity::Bucket {
        state: BucketState::Deleting,
        ..known.clone()
    };
    update(state, |index| {
        let bucket = index.bucket(&known.name).ok_or_else(under_way)?;
        if *bucket.record != *known {
            return Err(under_way());
        }
        let transaction = Transaction::new().update(&deleting, bucket.revision);
        Ok((transaction, ()))
    })
    .await?;
    Ok(deleting)
}

/// Lets the bucket be used, now that the store has it, or still has it.
async fn activate(state: &IdentityState, bucket: &entity::Bucket) -> Result<(), AwsError> {
    update(state, |index| {
        let found = index.bucket(&bucket.name).ok_or_else(under_way)?;
        if *found.record != *bucket {
            return Err(under_way());
        }
        let record = entity::Bucket {
            state: BucketState::Active,
            ..bucket.clone()
        };
        Ok((Transaction::new().update(&record, found.revision), ()))
    })
    .await
}

/// Forgets the record. One that is gone was given up by somebody who ended the same removal.
async fn give_name_up(state: &IdentityState, bucket: &entity::Bucket) -> Result<(), AwsError> {
    update(state, |index| {
        let transaction = match index.bucket(&bucket.name) {
            None => Transaction::new(),
            Some(found) if *found.record == *bucket => {
                Transaction::new().delete(bucket, found.revision)
            }
            Some(_) => return Err(under_way()),
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
        Err(UpdateError::Busy) => Err(under_way()),
        Err(error @ (UpdateError::Invalid(_) | UpdateError::Store(_))) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "A bucket's record could not be stored"
            );
            Err(AwsError::internal(Protocol::S3))
        }
    }
}

fn under_way() -> AwsError {
    AwsError::new(
        Code::OperationAborted,
        "A conflicting conditional operation is currently in progress against this resource. Please try again.",
    )
}

fn context<'a>(
    request: &S3Request<'_>,
    record: &'a RequestRecord<'_>,
    buckets: &'a [(String, jiff::Timestamp)],
) -> execute::Context<'a> {
    execute::Context {
        now: record.head.now,
        content: request.content,
        chunk_chain: None,
        owner: record
            .caller()
            .map(|caller| caller.account().to_string())
            .unwrap_or_default(),
        region: record.region.as_deref().unwrap_or_default(),
        buckets,
    }
}

#[cfg(test)]
mod tests;
