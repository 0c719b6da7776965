//! What one of Bowline's own operations consists of.

use bowline_aws::{
    error::{AwsError, Protocol},
    requirement::ResourceOwner,
};
use bowline_iam::account::AccountId;
use serde::Serialize;

use super::{error::OperatorError, input::Members};
use crate::{
    http::response::{self, Response},
    iam::pass_role::PassRole,
    identity::index::Index,
    request::{
        call::Call,
        error::RequestError,
        record::{AuditFields, RequestRecord},
    },
};

/// One operation, implemented for its input.
pub(super) trait Operation: Sized {
    /// Reads the request's members. A member that the operation does not have is refused.
    ///
    /// # Errors
    /// [`OperatorError::InvalidInput`].
    fn read(members: &Members<'_>) -> Result<Self, OperatorError>;

    /// Adds the parameters to the audit record, without secrets.
    fn audit(&self, parameters: &mut AuditFields<'_>);

    /// The ARN of what the request acts on, or `*`, and its owner.
    fn resource(&self, index: &Index) -> (String, ResourceOwner);

    /// The role that the request passes to a service, for which the caller also needs
    /// `iam:PassRole`.
    fn pass_role(&self, _index: &Index, _caller: AccountId) -> Option<PassRole> {
        None
    }

    /// Carries out a request that was authorized.
    ///
    /// # Errors
    /// The operation's own, and those of the store.
    async fn handle(
        self,
        call: &Call<'_>,
        record: &mut RequestRecord<'_>,
    ) -> Result<Response, RequestError>;
}

/// `*`, which belongs to the caller's account.
pub(super) fn any_resource() -> (String, ResourceOwner) {
    ("*".to_owned(), ResourceOwner::Caller)
}

/// A response in JSON.
pub(super) fn to_json(output: &impl Serialize) -> Result<Response, RequestError> {
    serde_json::to_string(output)
        .map(|json| response::ok("application/x-amz-json-1.1", json))
        .map_err(|error| RequestError::new(AwsError::internal(Protocol::Bowline), &error))
}
