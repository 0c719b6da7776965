//! Why a pattern is rejected.

use super::parse::MAX_PATTERN_BYTES;

/// Why a pattern is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// `${` without `}`.
    #[error("has a variable without a closing brace")]
    Unclosed,
    /// `${}` or white space in a key.
    #[error("has a variable whose name is empty or holds white space")]
    BadKey,
    /// Not `${key, 'default'}`.
    #[error("has a variable whose default is not written as `, 'text'`")]
    BadDefault,
    /// More than 8,192 bytes.
    #[error("is longer than {MAX_PATTERN_BYTES} bytes")]
    Long,
}
