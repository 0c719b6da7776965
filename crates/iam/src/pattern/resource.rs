//! Patterns of `Resource` and `NotResource`.

use super::{
    Match, PatternError, Variables,
    parse::{PatternSpan, Wildcards},
    pieces::PatternRef,
    variable::Lookup,
};

/// A pattern of a statement's `Resource` or `NotResource`: `*`, or an ARN with wildcards.
///
/// A `*` inside one of the first five segments matches within that segment. One at the end of a
/// segment matches beyond it, so that `arn:aws:s3:*` matches every object (IAM User Guide, "IAM
/// JSON policy elements: Resource"). In the resource part, `*` matches everything.
///
/// Variables are allowed in the resource part only (IAM User Guide, "Policy elements: Variables and
/// tags"). AWS does not document what a variable before it does, so a pattern with one [is in
/// doubt](Match::Uncertain) wherever it would match for some value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourcePattern {
    text: String,
    span: PatternSpan,
}

impl ResourcePattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// [`PatternError`] for a malformed variable or a pattern that is too long.
    pub fn parse(text: &str, variables: Variables) -> Result<Self, PatternError> {
        let mut copy = String::with_capacity(text.len());
        let span = PatternSpan::parse_resource(&mut copy, text, variables)?;
        Ok(Self { text: copy, span })
    }

    /// The pattern as the policy spells it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Matches the pattern with the ARN of a resource.
    pub fn matches(&self, resource: &str, lookup: &impl Lookup) -> Match {
        self.span.of(&self.text).matches_resource(resource, lookup)
    }
}

impl PatternSpan {
    /// Checks a pattern of a resource and appends it to the text of its policy.
    ///
    /// # Errors
    /// [`PatternError`] for a malformed variable or a pattern that is too long.
    pub(crate) fn parse_resource(
        into: &mut String,
        text: &str,
        variables: Variables,
    ) -> Result<Self, PatternError> {
        let span = Self::parse(into, text, Wildcards::Expand, variables)?;
        Ok(span.with_segments(into))
    }
}

impl PatternRef<'_> {
    /// As [`ResourcePattern::matches`].
    pub(crate) fn matches_resource(self, resource: &str, lookup: &impl Lookup) -> Match {
        match self.matches(resource, lookup) {
            Match::Yes if self.misplaced => Match::Uncertain,
            other @ (Match::Yes | Match::No | Match::Unresolved | Match::Uncertain) => other,
        }
    }
}
