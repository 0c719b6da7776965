//! How a command fails: the fact, what caused it, and what to do next.

use std::fmt;

/// A failure of a command.
#[derive(Debug)]
pub(crate) struct CommandError {
    /// What happened, with its causes.
    pub(crate) error: anyhow::Error,
    /// The next thing to try.
    pub(crate) hint: Option<String>,
}

impl CommandError {
    /// A failure that says what to do.
    pub(crate) fn with_hint(error: impl Into<anyhow::Error>, hint: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            hint: Some(hint.into()),
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for CommandError {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            hint: None,
        }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}
