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
    pub(super) rules: Rules,
    /// Whether the document's version has policy variables.
    pub(super) variables: Variables,
}

/// The rules that a document is checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) enum Rules {
    /// Those of AWS when a policy is saved.
    Save,
    /// The same, and what earlier versions accepted: for a document that was saved.
    Load,
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
