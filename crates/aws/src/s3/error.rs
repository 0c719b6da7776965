//! Errors of several operations.

use crate::error::{AwsError, Code};

/// The most characters of the client's that an error shows.
const MAX_SHOWN_CHARS: usize = 64;

/// The error for everything that is not built.
pub(super) fn not_implemented() -> AwsError {
    AwsError::new(
        Code::NotImplemented,
        "A header or query you provided implies functionality that is not implemented",
    )
}

/// The error for a header that is not built, or not with its value. AWS names the header.
pub(super) fn unsupported_header(name: &str) -> AwsError {
    not_implemented().with("Header", beginning(name))
}

/// The error for a query parameter that is not built, or not with its value.
pub(super) fn unsupported_parameter(name: &str) -> AwsError {
    not_implemented().with("QueryParameter", beginning(name))
}

/// What an error shows of a text of the client's.
fn beginning(text: &str) -> String {
    text.chars().take(MAX_SHOWN_CHARS).collect()
}

/// The error for a malformed query parameter or header.
pub(super) fn invalid_argument(name: &str, value: &str) -> AwsError {
    AwsError::new(Code::InvalidArgument, format!("Invalid value for {name}"))
        .with("ArgumentName", name)
        .with("ArgumentValue", beginning(value))
}
