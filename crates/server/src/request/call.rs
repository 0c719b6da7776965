//! What a handler is given beside its input.

use std::sync::Arc;

use aws_lc_rs::rand::SecureRandom as _;
use bowline_aws::{
    error::{AwsError, Code, Protocol},
    ids::{self, UniqueIdKind},
};
use bowline_iam::account::AccountId;
use jiff::Timestamp;

use crate::{
    app::App,
    identity::{
        entity::{Entity, UniqueId},
        index::{Index, UpdateError},
        store::{
            Precondition, Revision, Transaction,
            record::RecordError,
            transaction::{InvalidTransaction, MAX_VALUE_BYTES},
        },
    },
    request::{
        caller::{Caller, Identity},
        error::RequestError,
    },
};

/// A call that was decided on: who makes it, when, and on which state of things.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// The server.
    pub(crate) app: &'a App,
    /// The index that the decision was made on.
    pub(crate) index: Arc<Index>,
    /// Who calls.
    pub(crate) caller: &'a Caller,
    /// The request's time.
    pub(crate) now: Timestamp,
    /// The request's id.
    pub(crate) request_id: &'a str,
}

impl Call<'_> {
    /// The account that is acted in: the caller's.
    pub(crate) fn account(&self) -> AccountId {
        self.caller.account()
    }

    /// Decides on the current index and commits, anew whenever somebody else was faster. The permit is for what had a name on
    /// [`Self::index`]; `decide` has to find that by its id or whole ARN, since another may have the name by now.
    ///
    /// # Errors
    /// What `decide` refuses with; `ConcurrentModification` if others are always faster; `ValidationError` or `LimitExceeded` for a
    /// record that cannot be kept; `InternalFailure` if the store fails.
    pub(crate) async fn update<T>(
        &self,
        mut decide: impl FnMut(&Index) -> Result<(Transaction, T), RequestError>,
    ) -> Result<T, RequestError> {
        let decide = |index: &Index| -> Result<(Transaction, T), RequestError> {
            let standing = standing(self.caller, index)?;
            let (transaction, outcome) = decide(index)?;
            let transaction = if transaction.is_empty() {
                transaction
            } else {
                transaction.require(standing)
            };
            Ok((transaction, outcome))
        };
        let error = match self.app.state.update(decide).await {
            Ok(outcome) => return Ok(outcome),
            Err(error) => error,
        };
        Err(match error {
            UpdateError::Refused(error) => error,
            UpdateError::Busy => AwsError::new(
                Code::ConcurrentModification,
                "The request was rejected because multiple requests to change this object were submitted simultaneously. Wait a few minutes and submit your request again.",
            )
            .into(),
            // What no constraint of the input says: texts together, or one once it is written as a record.
            UpdateError::Invalid(InvalidTransaction::Record(RecordError::Invalid { source, .. })) => {
                AwsError::new(Code::ValidationError, source.to_string()).into()
            }
            UpdateError::Invalid(InvalidTransaction::ValueTooLong { bytes, .. }) => {
                let message = format!("The request makes a record of {bytes} bytes, over the limit of {MAX_VALUE_BYTES}.");
                AwsError::new(Code::LimitExceeded, message).into()
            }
            UpdateError::Invalid(_) | UpdateError::Store(_) => {
                let mut reasons = vec![error.to_string()];
                let mut source = std::error::Error::source(&error);
                while let Some(cause) = source {
                    reasons.push(cause.to_string());
                    source = cause.source();
                }
                RequestError::new(AwsError::internal(Protocol::IAM), &reasons.join(": "))
            }
        })
    }

    /// Puts a record as `change` leaves it, with what else it puts or touches. One that stays as it is costs no commit.
    ///
    /// # Errors
    /// What the two refuse with, and as [`Self::update`].
    pub(crate) async fn change<E: Entity + Clone + PartialEq>(
        &self,
        find: impl for<'i> Fn(&'i Index) -> Result<(&'i Arc<E>, Revision), RequestError> + Send + Sync,
        change: impl Fn(&mut E, &Index) -> Result<Transaction, RequestError> + Send + Sync,
    ) -> Result<E, RequestError> {
        self.update(|index| {
            let (before, revision) = find(index)?;
            let mut record = (**before).clone();
            let beside = change(&mut record, index)?;
            let transaction = if record == **before {
                Transaction::new()
            } else {
                beside.update(&record, revision)
            };
            Ok((transaction, record))
        })
        .await
    }

    /// Random bytes.
    ///
    /// # Errors
    /// `InternalFailure` if the operating system has none.
    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], AwsError> {
        let mut bytes = [0; N];
        self.app
            .random
            .fill(&mut bytes)
            .map_err(|_| AwsError::internal(Protocol::IAM))?;
        Ok(bytes)
    }

    /// A new unique id.
    ///
    /// # Errors
    /// `InternalFailure` without randomness.
    pub(crate) fn unique_id(&self, kind: UniqueIdKind) -> Result<UniqueId, AwsError> {
        let id = ids::unique_id(kind, self.random()?);
        id.parse().map_err(|_| AwsError::internal(Protocol::IAM))
    }
}

/// What makes the caller one, and must still be so when a change is committed.
fn standing(caller: &Caller, index: &Index) -> Result<Precondition, AwsError> {
    let id = caller.access_key_id().as_str();
    let gone = || AwsError::unknown_access_key(Protocol::IAM, id);
    match caller.identity() {
        Identity::Root(_) | Identity::User(_) => {
            let key = index.access_key(id).filter(|key| key.is_active());
            let key = key.ok_or_else(gone)?;
            Ok(Precondition::At(key.record.key(), key.revision))
        }
        Identity::Session { role, .. } => {
            let role = index.role_by_id(role.record.id.as_str()).ok_or_else(gone)?;
            Ok(Precondition::Present(role.record.key()))
        }
    }
}
