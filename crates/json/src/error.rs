//! Why a text is not read, and where.

use std::fmt;

/// Why a text is not read. `Display` names line, column and problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// The problem.
    pub problem: JsonProblem,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// A problem of a JSON text. The texts reach clients of DynamoDB (`SerializationException`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonProblem {
    /// More than [`max_bytes`](crate::JsonLimits::max_bytes).
    #[error("the text is longer than {0} bytes")]
    TooLong(usize),
    /// More than [`max_depth`](crate::JsonLimits::max_depth).
    #[error("more than {0} arrays and objects stand inside each other")]
    TooDeep(usize),
    /// More than [`max_values`](crate::JsonLimits::max_values).
    #[error("the text has more than {0} values")]
    TooMany(usize),
    /// Invalid UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// The text ends inside a value.
    #[error("the text ends too early")]
    End,
    /// A character that cannot follow.
    #[error("expected {expected}, found `{found}`")]
    Unexpected {
        /// What can follow.
        expected: &'static str,
        /// The character in the text.
        found: char,
    },
    /// A control character inside a string.
    #[error("a control character in a string; write it as an escape")]
    ControlCharacter,
    /// An escape that JSON does not have.
    #[error("an escape that JSON does not have")]
    BadEscape,
    /// Half of a surrogate pair.
    #[error("half of a surrogate pair")]
    LoneSurrogate,
    /// A number that JSON does not have, such as `01`.
    #[error("a number that JSON does not have")]
    BadNumber,
    /// An object with two members of one name.
    #[error("member `{0}` is given twice; keep one of them")]
    Duplicate(String),
    /// Text after the value.
    #[error("something stands after the end of the value")]
    Trailing,
}

impl JsonError {
    pub(crate) fn at(text: &[u8], offset: usize, problem: JsonProblem) -> Self {
        let (line, column) = line_and_column(text, offset);
        Self {
            problem,
            line,
            column,
        }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.problem
        )
    }
}

impl std::error::Error for JsonError {}

/// Line and column of the byte at `offset`, both from 1. The column counts characters.
pub fn line_and_column(text: &[u8], offset: usize) -> (usize, usize) {
    let before = text.get(..offset.min(text.len())).unwrap_or_default();
    let line = before.split(|byte| *byte == b'\n').count();
    let start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let column = before
        .get(start..)
        .unwrap_or_default()
        .iter()
        .filter(|byte| **byte & 0xc0 != 0x80)
        .count()
        + 1;
    (line, column)
}
