//! The document that is being parsed.

use crate::{
    pattern::Variables,
    policy::{
        error::{PolicyError, PolicyProblem},
        kind::PolicyKind,
    },
};

/// The text of a document, and how to interpret it.
pub(super) struct Source<'t> {
    pub(super) text: &'t str,
    pub(super) kind: PolicyKind,
    /// Whether the document's version has policy variables.
    pub(super) variables: Variables,
}

impl Source<'_> {
    /// An error at a byte of the text.
    pub(super) fn error(
        &self,
        at: usize,
        problem: PolicyProblem,
        detail: impl Into<String>,
    ) -> PolicyError {
        PolicyError::at(self.text, at, problem, detail)
    }
}
