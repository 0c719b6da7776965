//! Why a condition is rejected.

use crate::pattern::PatternError;

/// Why a condition is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// It has no values.
    #[error("has no values")]
    NoValues,
    /// It has a value that its operator cannot compare.
    #[error("has the value `{value}`, which is not {expected}")]
    Value {
        /// The value, shortened.
        value: String,
        /// What the operator compares.
        expected: &'static str,
    },
    /// It has a value with a malformed variable.
    #[error("has the value `{value}`, which {problem}")]
    Variable {
        /// The value, shortened.
        value: String,
        /// The problem of the variable.
        problem: PatternError,
    },
}
