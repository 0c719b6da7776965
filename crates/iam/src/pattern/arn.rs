//! Patterns of ARN conditions.

use super::{
    ARN_COLONS, MAX_TEXT_BYTES, Match, PatternError, Variables, glob,
    parse::{PatternSpan, Wildcards},
    pieces::{PatternRef, Values},
    variable::Lookup,
};

/// A pattern of `ArnLike` and its variants: six segments, each matched separately, so that no
/// wildcard matches a colon except in the last segment (IAM User Guide, "Condition operators",
/// Amazon Resource Name).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArnPattern {
    text: String,
    span: PatternSpan,
}

impl ArnPattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// [`PatternError`] for a malformed variable or a pattern that is too long.
    pub fn parse(text: &str, variables: Variables) -> Result<Self, PatternError> {
        let mut copy = String::with_capacity(text.len());
        let span = PatternSpan::parse(&mut copy, text, Wildcards::Expand, variables)?;
        Ok(Self { text: copy, span })
    }

    /// The pattern as the policy spells it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    #[cfg(test)]
    pub(super) fn missing(&self, lookup: &impl Lookup) -> Vec<String> {
        self.span.of(&self.text).missing(lookup)
    }

    /// Matches the pattern with a value.
    ///
    /// A value that is not an ARN cannot be compared, except with a single `*`, which it matches. A
    /// pattern with fewer than six segments is in doubt for every value that it would match as a
    /// whole: AWS compares segments, and its writer expects it to match.
    pub fn matches(&self, value: &str, lookup: &impl Lookup) -> Match {
        self.span.of(&self.text).matches_arn(value, lookup)
    }
}

/// Whether a value is an ARN, as far as patterns compare it.
pub(crate) fn has_six_segments(value: &str) -> bool {
    memchr::memchr_iter(b':', value.as_bytes()).count() >= ARN_COLONS
}

impl PatternRef<'_> {
    /// As [`ArnPattern::matches`].
    pub(crate) fn matches_arn(self, value: &str, lookup: &impl Lookup) -> Match {
        if self.text == "*" {
            return Match::Yes;
        }
        let values = self.values(lookup);
        if values == Values::Absent {
            return Match::Unresolved;
        }
        if value.len() > MAX_TEXT_BYTES || !has_six_segments(value) {
            return Match::Uncertain;
        }
        if self.variables {
            lookup.spend(8 * glob::PIECE_STEPS * self.text.len());
            self.matches_segments(value, lookup, values)
        } else {
            lookup.spend(glob::LITERAL_STEPS * self.text.len() + value.len() / 4);
            self.matches_plain_segments(value, lookup)
        }
    }

    /// For patterns without variables.
    fn matches_plain_segments(self, value: &str, lookup: &impl Lookup) -> Match {
        let (mut pattern, mut text) = (self.text, value);
        let mut all = true;
        for _ in 0..ARN_COLONS {
            let (segment, after) = match pattern.split_once(':') {
                Some(parts) => parts,
                None if glob::matches_plain(self.text, value, lookup) => return Match::Uncertain,
                None => return Match::No,
            };
            let (actual, rest) = text.split_once(':').unwrap_or_default();
            all = all && glob::matches_plain(segment, actual, lookup);
            (pattern, text) = (after, rest);
        }
        let matches = all && glob::matches_plain(pattern, text, lookup);
        Match::of(matches, Values::Known, lookup)
    }

    fn matches_segments(self, value: &str, lookup: &impl Lookup, values: Values) -> Match {
        let pieces = self.pieces(lookup);
        let as_text = || {
            if glob::matches(pieces, value) {
                Match::Uncertain
            } else {
                Match::No
            }
        };
        // An unknown value could contain colons.
        if values == Values::Unknown {
            return as_text();
        }
        let mut rest = pieces;
        for _ in 0..ARN_COLONS {
            match rest.after_segment() {
                Some(after) => rest = after,
                None => return as_text(),
            }
        }
        let (mut rest, mut text) = (pieces, value);
        for _ in 0..ARN_COLONS {
            let (segment, after) = text.split_once(':').unwrap_or_default();
            if !glob::matches(rest.one_segment(), segment) {
                return Match::No;
            }
            let Some(following) = rest.after_segment() else {
                return Match::No;
            };
            (rest, text) = (following, after);
        }
        Match::of(glob::matches(rest, text), values, lookup)
    }
}
