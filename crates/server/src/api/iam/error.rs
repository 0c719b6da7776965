//! The errors that several nouns share, in IAM's words.

use bowline_aws::error::{AwsError, Code};

/// What can be missing or there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Role,
    User,
    RolePolicy,
    UserPolicy,
}

/// Nothing has this name.
pub(super) fn no_such(kind: Kind, name: &str) -> AwsError {
    let kind = match kind {
        Kind::Role => "role",
        Kind::User => "user",
        Kind::RolePolicy => "role policy",
        Kind::UserPolicy => "user policy",
    };
    let message = format!("The {kind} with name {name} cannot be found.");
    AwsError::new(Code::NoSuchEntity, message)
}

/// The name is taken.
pub(super) fn already_exists(message: String) -> AwsError {
    AwsError::new(Code::EntityAlreadyExists, message)
}

/// A quota is used up ("IAM and AWS STS quotas", IAM User Guide).
pub(super) fn over_quota(quota: &str, most: usize) -> AwsError {
    let message = format!("Cannot exceed quota for {quota}: {most}");
    AwsError::new(Code::LimitExceeded, message)
}

/// Something still hangs on it.
pub(super) fn delete_conflict(message: &'static str) -> AwsError {
    AwsError::new(Code::DeleteConflict, message)
}

/// A member that is recognized and comes in a later version: refused, so that nobody believes it to be in force.
pub(super) fn refuse_member<T>(name: &str, value: Option<&T>) -> Result<(), AwsError> {
    match value {
        None => Ok(()),
        Some(_) => Err(AwsError::unsupported_parameter(name)),
    }
}
