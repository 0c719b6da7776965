//! Errors of several operations.

use crate::error::{AwsError, Code};

/// The error for everything that is not built.
pub(super) fn not_implemented() -> AwsError {
    AwsError::new(
        Code::NotImplemented,
        "A header or query you provided implies functionality that is not implemented",
    )
}

/// The error for a malformed query parameter or header.
pub(super) fn invalid_argument(name: &str, value: &str) -> AwsError {
    let shown: String = value.chars().take(64).collect();
    AwsError::new(Code::InvalidArgument, format!("Invalid value for {name}"))
        .with("ArgumentName", name)
        .with("ArgumentValue", shown)
}
