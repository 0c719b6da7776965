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
    caller::Caller,
    entity::UniqueId,
    index::{Index, UpdateError},
    store::Transaction,
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

    /// Decides on the current index and commits, anew whenever somebody else was faster.
    ///
    /// # Errors
    /// What `decide` refuses with; `ConcurrentModification` if others are always faster; `InternalFailure`, logged here, if the store
    /// fails.
    pub(crate) async fn update<T>(
        &self,
        decide: impl FnMut(&Index) -> Result<(Transaction, T), AwsError>,
    ) -> Result<T, AwsError> {
        match self.app.state.update(decide).await {
            Ok(outcome) => Ok(outcome),
            Err(UpdateError::Refused(error)) => Err(error),
            Err(UpdateError::Busy) => Err(AwsError::new(
                Code::ConcurrentModification,
                "The request was rejected because multiple requests to change this object were submitted simultaneously. Wait a few minutes and submit your request again.",
            )),
            Err(error @ (UpdateError::Invalid(_) | UpdateError::Store(_))) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    request.id = self.request_id,
                    "A change could not be stored"
                );
                Err(AwsError::internal(Protocol::IAM))
            }
        }
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
