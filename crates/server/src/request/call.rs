//! The context of an authorized request, which every handler takes beside its input.

use std::sync::Arc;

use aws_lc_rs::rand::SecureRandom as _;
use bowline_aws::{
    error::{AwsError, Code, Protocol},
    ids::{self, UniqueIdKind},
    output::Envelope,
};
use bowline_iam::account::AccountId;
use jiff::Timestamp;

use crate::{
    app::App,
    identity::{
        entity::{Entity, UniqueId},
        index::{Index, QuotaExceeded, UpdateError},
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

/// An authorized request: the caller, the time, and the index that authorization used.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// The server.
    pub(crate) app: &'a App,
    /// The index that authorization used.
    pub(crate) index: Arc<Index>,
    /// The caller.
    pub(crate) caller: &'a Caller,
    /// The request's time.
    pub(crate) now: Timestamp,
    /// The request's id, and the form of the response.
    pub(crate) envelope: Envelope<'a>,
}

impl Call<'_> {
    /// The account of the request: the caller's.
    pub(crate) fn account(&self) -> AccountId {
        self.caller.account()
    }

    /// Builds a transaction on the current index and commits it, again after each conflict with
    /// another change. The permit is for what had a name on [`Self::index`], and another entity may
    /// have the name by now: `decide` looks it up by unique id or whole ARN.
    ///
    /// # Errors
    /// The error of `decide`; `ConcurrentModification` after too many conflicts; `ValidationError`
    /// or `LimitExceeded` for an invalid record; `LimitExceeded` for a quota; `InternalFailure` if
    /// the store fails.
    pub(crate) async fn update<T>(
        &self,
        mut decide: impl FnMut(&Index) -> Result<(Transaction, T), RequestError>,
    ) -> Result<T, RequestError> {
        let decide = |index: &Index| self.decide_standing(index, &mut decide);
        self.app.state.update(decide).await.map_err(refusal)
    }

    /// The same for a transaction that changes the quotas of an account.
    ///
    /// # Errors
    /// As [`Self::update`].
    pub(crate) async fn update_quotas<T>(
        &self,
        account: AccountId,
        mut decide: impl FnMut(&Index) -> Result<(Transaction, T), RequestError>,
    ) -> Result<T, RequestError> {
        let decide = |index: &Index| self.decide_standing(index, &mut decide);
        let updated = self.app.state.update_quotas(account, decide).await;
        updated.map_err(refusal)
    }

    /// Decides, with the condition that the caller still exists.
    fn decide_standing<T>(
        &self,
        index: &Index,
        decide: &mut impl FnMut(&Index) -> Result<(Transaction, T), RequestError>,
    ) -> Result<(Transaction, T), RequestError> {
        let standing = standing(self.caller, index)?;
        let (transaction, outcome) = decide(index)?;
        let transaction = if transaction.is_empty() {
            transaction
        } else {
            transaction.require(standing)
        };
        Ok((transaction, outcome))
    }

    /// Changes one record, together with the other changes that `change` returns. A record that
    /// stays the same costs no commit.
    ///
    /// # Errors
    /// The errors of `find` and `change`, and those of [`Self::update`].
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

/// The error of an update, as a client sees it.
fn refusal(error: UpdateError<RequestError>) -> RequestError {
    match error {
            UpdateError::Refused(error) => error,
            UpdateError::Busy => AwsError::new(
                Code::ConcurrentModification,
                "The request was rejected because multiple requests to change this object were submitted simultaneously. Wait a few minutes and submit your request again.",
            )
            .into(),
            UpdateError::Quota(exceeded) => exceeded_quota(exceeded),
            // Limits that no constraint of the input expresses: of several texts together, or of a
            // text in its stored form.
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
        }
}

/// AWS's text, and the account for the operator.
fn exceeded_quota(exceeded: QuotaExceeded) -> RequestError {
    let (name, max) = (exceeded.quota.name(), exceeded.max);
    let message = format!("Cannot exceed quota for {name}: {max}");
    RequestError::new(AwsError::new(Code::LimitExceeded, message), &exceeded)
}

/// The condition that the caller's key or role still exists. It is part of each commit.
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
