//! Why Bowline's own operations refuse a request, with the code and the text of each cause.

use bowline_aws::error::{AwsError, Code};
use bowline_iam::account::AccountId;

use crate::{identity::entity::ServiceResource, request::error::RequestError};

/// A cause for which an operation refuses a request. `Display` is the text for the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OperatorError {
    /// The account's id is taken.
    #[error("Account {0} already exists.")]
    AccountExists(AccountId),
    /// A backup is being written.
    #[error("Another backup is being written. Try again when it is complete.")]
    BackupRunning,
    /// The keys of a provider are being fetched, or were fetched for a check lately.
    #[error(
        "The keys of the provider are being fetched, or a check has fetched them in the last ten seconds. Try again later."
    )]
    CheckedLately,
    /// The request's members are not those of the operation; the text says which one and why.
    #[error("{0}")]
    InvalidInput(String),
    /// The request body is not JSON within the limits; the text says why.
    #[error("{0}")]
    MalformedJson(String),
    /// There is no account with this id.
    #[error("The account with id {0} cannot be found.")]
    NoSuchAccount(AccountId),
    /// No recent denial with this request id can be explained, or none at all.
    #[error("{}", no_explanation(.0.as_deref()))]
    NoExplanation(Option<String>),
    /// No role is attached to the resource.
    #[error("The resource {0} has no role attached.")]
    NoRoleAttached(ServiceResource),
    /// There is no role with this ARN.
    #[error("The role {0} cannot be found.")]
    NoSuchRole(String),
    /// A request is not a `POST` to `/` without a query.
    #[error("The operator API takes POST requests to / without a query")]
    NotAPost,
    /// The resource has a role, and a request attaches another one.
    #[error("The resource {0} has another role attached. Detach that first.")]
    OtherRoleAttached(ServiceResource),
    /// A root's request would revoke the key that signs it.
    #[error(
        "A root that signs the request cannot revoke its own access keys: rotate without revoking, and delete the earlier key with the new one"
    )]
    OwnKeyRevoked,
}

fn no_explanation(request_id: Option<&str>) -> String {
    match request_id {
        Some(id) => format!(
            "No recent call of this account with the request id {id} has ended with an error"
        ),
        None => "No recent call of this account has ended with an error".to_owned(),
    }
}

impl OperatorError {
    fn code(&self) -> Code {
        match self {
            Self::BackupRunning | Self::CheckedLately => Code::ConcurrentModification,
            Self::AccountExists(_) | Self::OtherRoleAttached(_) => Code::EntityAlreadyExists,
            Self::InvalidInput(_) | Self::OwnKeyRevoked => Code::ValidationError,
            Self::MalformedJson(_) => Code::MalformedInput,
            Self::NoSuchAccount(_)
            | Self::NoExplanation(_)
            | Self::NoRoleAttached(_)
            | Self::NoSuchRole(_) => Code::NoSuchEntity,
            Self::NotAPost => Code::InvalidRequest,
        }
    }
}

impl From<OperatorError> for RequestError {
    fn from(error: OperatorError) -> Self {
        Self::from(AwsError::new(error.code(), error.to_string()))
    }
}
