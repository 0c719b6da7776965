//! Buckets as records: a name is taken before the store has the bucket, and given up after the store has let go of it, so that a
//! crash leaves a state that [`recover`] takes up again, never objects that nobody owns.

use std::sync::Arc;

use bowline_aws::{
    error::{AwsError, Code, Protocol},
    s3::{BucketName, Operation, create_bucket_location},
};
use bowline_iam::decision::Permit;

use super::{
    S3Request, s3,
    upstream::{ObjectStore, StoreError},
};
use crate::{
    caller::Caller,
    entity::{self, BucketState},
    event::Event,
    http::answer::Answer,
    index::{Index, State, UpdateError},
    refusal::Refused,
    store::Transaction,
};

/// The upstream of all buckets that nothing else is configured for.
const EMBEDDED: &str = "embedded";

pub(super) async fn create(
    request: &S3Request<'_>,
    event: &Event<'_>,
    permit: Permit<Operation>,
    body: &[u8],
) -> Result<Answer, Refused> {
    let (caller, name) = parties(event, &permit)?;
    let endpoint = event.region.as_deref().unwrap_or_default();
    let bucket = entity::Bucket {
        name: name.to_string(),
        owner: caller.account(),
        region: region(create_bucket_location(body)?, endpoint)?,
        upstream: EMBEDDED.to_owned(),
        state: BucketState::Creating,
        created: event.head.now,
    };
    let state = &request.app.state;
    update(state, |index| take_name(index, &bucket)).await?;
    let context = context(request, event, &[]);
    let answer = request.execute(permit, &context).await?;
    activate(state, &bucket.name).await?;
    Ok(answer)
}

pub(super) async fn delete(
    request: &S3Request<'_>,
    event: &Event<'_>,
    permit: Permit<Operation>,
) -> Result<Answer, Refused> {
    let (_, name) = parties(event, &permit)?;
    request.active()?;
    let state = &request.app.state;
    begin_deleting(state, name.as_str()).await?;
    let context = context(request, event, &[]);
    match request.execute(permit, &context).await {
        Ok(answer) => {
            give_name_up(state, name.as_str()).await?;
            Ok(answer)
        }
        Err(refused) => {
            activate(state, name.as_str()).await?;
            Err(refused)
        }
    }
}

/// The buckets of the caller's account.
pub(super) async fn list(
    request: &S3Request<'_>,
    event: &Event<'_>,
    permit: Permit<Operation>,
) -> Result<Answer, Refused> {
    let account = event.caller().map(Caller::account);
    let buckets: Vec<_> = account
        .into_iter()
        .flat_map(|account| request.index.buckets(account, None))
        .filter(|bucket| bucket.record.state == BucketState::Active)
        .map(|bucket| (bucket.record.name.clone(), bucket.record.created))
        .collect();
    let context = context(request, event, &buckets);
    request.execute(permit, &context).await
}

/// Ends what a crash has cut short: makes buckets that were being made, and removes those that were being removed.
///
/// # Errors
/// What the store or the object store fails with.
pub(crate) async fn recover(
    state: &State,
    objects: &dyn ObjectStore,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let index = state.current();
    let unsettled: Vec<_> = index
        .accounts()
        .flat_map(|account| index.buckets(account.record.id, None))
        .filter(|bucket| bucket.record.state != BucketState::Active)
        .map(Arc::clone)
        .collect();
    for bucket in unsettled {
        let name: BucketName = bucket.record.name.parse()?;
        match bucket.record.state {
            BucketState::Active => {}
            BucketState::Creating => {
                objects.create_bucket(&name).await?;
                activate(state, name.as_str()).await?;
            }
            BucketState::Deleting => match objects.delete_bucket(&name).await {
                Ok(()) | Err(StoreError::NoSuchBucket) => {
                    give_name_up(state, name.as_str()).await?;
                }
                Err(StoreError::NotEmpty) => {
                    activate(state, name.as_str()).await?;
                }
                Err(error) => return Err(error.into()),
            },
        }
        tracing::info!(bucket = %name, "What was under way with the bucket `{name}` is settled");
    }
    Ok(())
}

/// Who calls and which bucket is meant. Nobody else gets as far as this.
fn parties<'e>(
    event: &'e Event<'_>,
    permit: &Permit<Operation>,
) -> Result<(&'e Caller, BucketName), AwsError> {
    let denied = || AwsError::access_denied("Access Denied");
    let caller = event.caller().ok_or_else(denied)?;
    let name = permit.action().bucket().ok_or_else(denied)?;
    Ok((caller, name.clone()))
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
        BucketState::Creating => Ok((Transaction::new().update(bucket, other.revision), ())),
        BucketState::Active => {
            let message = "Your previous request to create the named bucket succeeded and you already own it.";
            Err(AwsError::new(Code::BucketAlreadyOwnedByYou, message)
                .with("BucketName", bucket.name.as_str()))
        }
        BucketState::Deleting => Err(under_way()),
    }
}

/// Lets nobody use the bucket any more. Only one caller at a time gets here, or the second could remove what is made anew.
async fn begin_deleting(state: &State, name: &str) -> Result<(), AwsError> {
    update(state, |index| {
        let bucket = index.bucket(name).ok_or_else(under_way)?;
        match bucket.record.state {
            BucketState::Active => {}
            BucketState::Creating | BucketState::Deleting => return Err(under_way()),
        }
        let record = entity::Bucket {
            state: BucketState::Deleting,
            ..(*bucket.record).clone()
        };
        Ok((Transaction::new().update(&record, bucket.revision), ()))
    })
    .await
}

/// Lets the bucket be used, now that the store has it, or still has it.
async fn activate(state: &State, name: &str) -> Result<(), AwsError> {
    update(state, |index| {
        let bucket = index.bucket(name).ok_or_else(under_way)?;
        let record = entity::Bucket {
            state: BucketState::Active,
            ..(*bucket.record).clone()
        };
        Ok((Transaction::new().update(&record, bucket.revision), ()))
    })
    .await
}

async fn give_name_up(state: &State, name: &str) -> Result<(), AwsError> {
    update(state, |index| {
        let transaction = match index.bucket(name) {
            Some(bucket) => Transaction::new().delete(&*bucket.record, bucket.revision),
            None => Transaction::new(),
        };
        Ok((transaction, ()))
    })
    .await
}

async fn update<T>(
    state: &State,
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
    event: &'a Event<'_>,
    buckets: &'a [(String, jiff::Timestamp)],
) -> s3::Context<'a> {
    s3::Context {
        now: event.head.now,
        content: request.content,
        reveals_absence: true,
        owner: event
            .caller()
            .map(|caller| caller.account().to_string())
            .unwrap_or_default(),
        region: event.region.as_deref().unwrap_or_default(),
        buckets,
    }
}
