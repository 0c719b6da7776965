//! Actions, such as `s3:GetObject`, and the patterns of `Action` elements. Both ignore case.

use std::fmt;

use crate::pattern::{PatternRef, PatternSpan, glob_action};

/// The most bytes of an action or pattern. AWS has no action with more than 100.
const MAX_ACTION_BYTES: usize = 256;

/// One action.
#[derive(Clone, Debug)]
pub struct Action {
    text: Box<str>,
    colon: usize,
}

/// The text is not an action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an action such as `s3:GetObject`")]
pub struct InvalidAction(String);

impl Action {
    /// Parses `service:Name`.
    ///
    /// # Errors
    /// [`InvalidAction`] unless it has exactly one colon, with letters, digits, `-`, `.` or `_` on
    /// both sides.
    pub fn parse(text: &str) -> Result<Self, InvalidAction> {
        let invalid = || InvalidAction(text.chars().take(MAX_ACTION_BYTES).collect());
        let (service, name) = text.split_once(':').ok_or_else(invalid)?;
        let word = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        };
        if text.len() > MAX_ACTION_BYTES || !word(service) || !word(name) {
            return Err(invalid());
        }
        Ok(Self {
            text: text.into(),
            colon: service.len(),
        })
    }

    /// The action as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part before the colon.
    pub fn service(&self) -> &str {
        self.text.get(..self.colon).unwrap_or_default()
    }

    /// The part after the colon.
    pub fn name(&self) -> &str {
        self.text.get(self.colon + 1..).unwrap_or_default()
    }
}

impl PartialEq for Action {
    fn eq(&self, other: &Self) -> bool {
        self.text.eq_ignore_ascii_case(&other.text)
    }
}

impl Eq for Action {}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A pattern of a statement's `Action` or `NotAction`: `*`, or a service and a name with `*` and
/// `?`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionPattern<'p> {
    text: &'p str,
    /// The bytes before the first wildcard.
    head: usize,
}

/// Why a pattern is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActionPatternError {
    /// It has no colon.
    #[error("has no service before a colon")]
    NoVendor,
    /// It has more than one colon.
    #[error("has more than one colon")]
    TwoColons,
    /// The service is not one that could exist.
    #[error("names the service `{0}`, which is neither a name nor `*`")]
    BadVendor(String),
    /// It has more than 256 bytes.
    #[error("is longer than {MAX_ACTION_BYTES} bytes")]
    Long,
}

impl<'p> ActionPattern<'p> {
    /// Parses a pattern.
    ///
    /// # Errors
    /// [`ActionPatternError`], for what IAM rejects.
    pub fn parse(text: &'p str) -> Result<Self, ActionPatternError> {
        if text == "*" {
            return Ok(Self { text, head: 0 });
        }
        if text.len() > MAX_ACTION_BYTES {
            return Err(ActionPatternError::Long);
        }
        let (service, name) = text.split_once(':').ok_or(ActionPatternError::NoVendor)?;
        if name.contains(':') {
            return Err(ActionPatternError::TwoColons);
        }
        // A wildcard inside the service is rejected; a single `*` is accepted and matches every
        // service (observed at AWS).
        let word = !service.is_empty()
            && service
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
        if service != "*" && !word {
            return Err(ActionPatternError::BadVendor(service.to_owned()));
        }
        let head = memchr::memchr2(b'*', b'?', text.as_bytes()).unwrap_or(text.len());
        Ok(Self { text, head })
    }

    /// A pattern that was parsed before.
    pub(crate) fn parsed(pattern: PatternRef<'p>) -> Self {
        Self {
            text: pattern.text,
            head: pattern.head().len(),
        }
    }

    /// The pattern as the policy spells it.
    pub fn as_str(&self) -> &'p str {
        self.text
    }

    /// Whether the pattern matches an action, ignoring case.
    pub fn matches(&self, action: &Action) -> bool {
        let bytes = ActionBytes {
            text: self.text.as_bytes(),
            head: self.head,
        };
        bytes.matches(action)
    }
}

/// A pattern of actions as bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ActionBytes<'p> {
    text: &'p [u8],
    /// The bytes before the first wildcard.
    head: usize,
}

impl<'p> ActionBytes<'p> {
    /// A pattern that was parsed before, in the text of its policy.
    pub(crate) fn parsed(span: PatternSpan, text: &'p [u8]) -> Self {
        Self {
            text: span.bytes_of(text),
            head: span.head_bytes(),
        }
    }

    /// The steps that a match takes, of about a nanosecond each: names of actions are short.
    pub(crate) fn steps(&self) -> usize {
        4 + 16 * (self.text.len().saturating_sub(self.head))
    }

    /// Whether the pattern matches an action, ignoring case.
    pub(crate) fn matches(&self, action: &Action) -> bool {
        let (pattern, action) = (self.text, action.text.as_bytes());
        if self.head == pattern.len() {
            // Most actions are spelled as AWS spells them.
            return pattern.len() == action.len()
                && (pattern == action || pattern.eq_ignore_ascii_case(action));
        }
        let (Some((head, rest)), Some((begin, end))) = (
            pattern.split_at_checked(self.head),
            action.split_at_checked(self.head),
        ) else {
            return false;
        };
        // Both have one colon, so a star before it matches the service alone.
        (head == begin || head.eq_ignore_ascii_case(begin))
            && (rest == b"*" || glob_action(rest, end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, action: &str) -> bool {
        ActionPattern::parse(pattern)
            .unwrap()
            .matches(&Action::parse(action).unwrap())
    }

    #[test]
    fn actions_ignore_case_and_names_have_wildcards() {
        assert!(matches("S3:getobject", "s3:GetObject"));
        assert!(matches("s3:Get*", "s3:GetObject"));
        assert!(matches("s3:?etObject", "s3:GetObject"));
        assert!(matches("*", "s3:GetObject"));
        assert!(matches("*:GetObject", "s3:GetObject"));
        assert!(!matches("s3:Get", "s3:GetObject"));
        assert!(!matches("s3:G.tObject", "s3:GetObject"));
        assert!(matches("s3:*Object", "s3:GetObject"));
        assert!(!matches("s3:*Objects", "s3:GetObject"));
        assert!(!matches("s3:Get*Acl", "s3:GetObject"));
        assert!(!matches("s3:*", "sts:GetCallerIdentity"));
        assert!(!matches("s3:Get Object", "s3:GetObject"));
    }

    #[test]
    fn patterns_that_iam_rejects_are_rejected() {
        assert_eq!(
            ActionPattern::parse("s3*"),
            Err(ActionPatternError::NoVendor)
        );
        assert_eq!(
            ActionPattern::parse("s3:a:b"),
            Err(ActionPatternError::TwoColons)
        );
        assert_eq!(
            ActionPattern::parse("s*:Get"),
            Err(ActionPatternError::BadVendor("s*".to_owned()))
        );
    }
}
