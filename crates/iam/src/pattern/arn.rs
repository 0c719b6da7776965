//! Patterns of ARN conditions.

use std::borrow::Cow;

use super::{
    matching::{ARN_COLONS, Step, glob_text},
    text::{Lookup, Match, Pattern, PatternError, Variables, matched},
};

/// A pattern of `ArnLike` and its variants: six segments, each matched separately, so that no
/// wildcard matches a colon except in the last segment (IAM User Guide, "Condition operators",
/// Amazon Resource Name).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArnPattern(Pattern);

impl ArnPattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// [`PatternError`] for a malformed variable or a pattern that is too long.
    pub fn parse(text: &str, variables: Variables) -> Result<Self, PatternError> {
        Pattern::parse(text, variables).map(Self)
    }

    /// The pattern as the policy spells it.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) fn missing(&self, lookup: &impl Lookup) -> Vec<String> {
        self.0.missing(lookup)
    }

    /// Matches the pattern with a value.
    ///
    /// A value that is not an ARN cannot be compared, except with a single `*`, which it matches. A
    /// pattern with fewer than six segments is in doubt for every value that it would match as a
    /// whole: AWS compares segments, and its writer expects it to match.
    pub fn matches(&self, value: &str, lookup: &impl Lookup) -> Match {
        if self.as_str() == "*" {
            return Match::Yes;
        }
        let Some((steps, known)) = self.0.steps(lookup) else {
            return Match::Unresolved;
        };
        let expected = segments(&steps);
        let actual: Vec<&str> = value.splitn(ARN_COLONS + 1, ':').collect();
        if actual.len() <= ARN_COLONS {
            return Match::Uncertain;
        }
        // An unknown value could contain colons.
        if !known || expected.len() <= ARN_COLONS {
            return matched(segment_matches(&steps, value), false);
        }
        let mut segments = expected.iter().zip(&actual);
        matched(
            segments.all(|(steps, text)| segment_matches(steps, text)),
            true,
        )
    }
}

/// The pattern, split at its first five colons.
fn segments<'s>(steps: &'s [Step<'_>]) -> Vec<Vec<Step<'s>>> {
    let mut segments: Vec<Vec<Step<'s>>> = Vec::with_capacity(ARN_COLONS + 1);
    let mut segment = Vec::new();
    for step in steps {
        let Step::Text(text) = step else {
            segment.push(step.borrowed());
            continue;
        };
        let mut parts = text.splitn(ARN_COLONS - segments.len() + 1, ':');
        if let Some(first) = parts.next() {
            segment.push(Step::Text(Cow::Borrowed(first)));
        }
        for part in parts {
            segments.push(std::mem::take(&mut segment));
            segment.push(Step::Text(Cow::Borrowed(part)));
        }
    }
    segments.push(segment);
    segments
}

fn segment_matches(steps: &[Step<'_>], text: &str) -> bool {
    glob_text(|at| steps.get(at).map(Step::borrowed), text, |a, b| a == b)
}
