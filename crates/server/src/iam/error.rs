//! The errors that several nouns share, in IAM's words.

use bowline_aws::error::{AwsError, Code};

/// Nothing of this kind has this name.
pub(super) fn no_such(kind: &str, name: &str) -> AwsError {
    let message = format!("The {kind} with name {name} cannot be found.");
    AwsError::new(Code::NoSuchEntity, message)
}

/// The name is taken.
pub(super) fn already_exists(message: String) -> AwsError {
    AwsError::new(Code::EntityAlreadyExists, message)
}

/// A quota is used up ("IAM and AWS STS quotas", IAM User Guide).
pub(crate) fn over_quota(quota: &str, most: usize) -> AwsError {
    let message = format!("Cannot exceed quota for {quota}: {most}");
    AwsError::new(Code::LimitExceeded, message)
}

/// What deleting a role and deleting an instance profile are refused with while the one is in the other.
pub(super) const IN_INSTANCE_PROFILE: &str =
    "Cannot delete entity, must remove roles from instance profile first.";

/// Something still hangs on it.
pub(super) fn delete_conflict(message: &'static str) -> AwsError {
    AwsError::new(Code::DeleteConflict, message)
}
