//! Checks patterns once, and notes what their matches need.

use super::{ARN_COLONS, PatternError, Variables, pieces::PatternRef};
use crate::statement::TextSpan;

/// The most bytes of a pattern.
pub(super) const MAX_PATTERN_BYTES: usize = 8_192;

/// Whether `*` and `?` are wildcards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wildcards {
    /// They are.
    Expand,
    /// They are literal: what `StringEquals` compares.
    Literal,
}

/// A pattern in the text of its policy: eight bytes.
///
/// The lengths have 14 bits, which 8,192 fits, and the two bits above them are flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PatternSpan {
    start: u32,
    /// The length in bytes, [`WILDCARDS`] and [`VARIABLES`].
    len: u16,
    /// The bytes before the first wildcard or variable, [`SEGMENTED`] and [`MISPLACED`].
    head: u16,
}

const LENGTH: u16 = 0x3fff;
/// `*` and `?` are wildcards.
const WILDCARDS: u16 = 0x8000;
/// It has a `${...}`, which is a variable or an escape.
const VARIABLES: u16 = 0x4000;
/// A wildcard is limited to its segment of the ARN.
const SEGMENTED: u16 = 0x8000;
/// A variable precedes the resource part of the ARN.
const MISPLACED: u16 = 0x4000;

/// One token of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'p> {
    /// These characters.
    Literal(&'p str),
    /// Any number of characters.
    Star,
    /// Any one character.
    Any,
    /// The value of a key, or the default if the request has none.
    Variable {
        key: &'p str,
        default: Option<&'p str>,
    },
}

impl PatternSpan {
    /// Checks a pattern and appends it to the text of its policy.
    ///
    /// # Errors
    /// [`PatternError`] for a malformed variable or a pattern that is too long.
    pub(crate) fn parse(
        into: &mut String,
        text: &str,
        wildcards: Wildcards,
        variables: Variables,
    ) -> Result<Self, PatternError> {
        let mut span = Self::plain(into, text)?;
        if wildcards == Wildcards::Expand {
            span.len |= WILDCARDS;
        }
        if variables == Variables::Expand && memchr::memmem::find(text.as_bytes(), b"${").is_some()
        {
            span.len |= VARIABLES;
        }
        let pattern = span.of(into);
        let mut head = None;
        let mut at = 0;
        while at < pattern.text.len() {
            let (token, next) = pattern.token(at)?;
            if !matches!(token, Token::Literal(literal) if next == at + literal.len()) {
                head.get_or_insert(at);
                if !pattern.has_variables() {
                    break;
                }
            }
            at = next;
        }
        if let Some(head) = head {
            span.head = u16::try_from(head).map_err(|_| PatternError::Long)?;
        }
        Ok(span)
    }

    /// Appends a text without wildcards and variables.
    ///
    /// # Errors
    /// [`PatternError::Long`].
    pub(crate) fn plain(into: &mut String, text: &str) -> Result<Self, PatternError> {
        if text.len() > MAX_PATTERN_BYTES {
            return Err(PatternError::Long);
        }
        let start = u32::try_from(into.len()).map_err(|_| PatternError::Long)?;
        let len = u16::try_from(text.len()).map_err(|_| PatternError::Long)?;
        into.push_str(text);
        Ok(Self {
            start,
            len,
            head: len,
        })
    }

    /// Its bytes in the text of its policy.
    pub(crate) fn bytes_of(self, text: &[u8]) -> &[u8] {
        let start = usize::try_from(self.start).unwrap_or(usize::MAX);
        let end = start.saturating_add(usize::from(self.len & LENGTH));
        text.get(start..end).unwrap_or_default()
    }

    /// The bytes before the first wildcard or variable.
    pub(crate) fn head_bytes(self) -> usize {
        usize::from(self.head & LENGTH)
    }

    /// The same as a pattern of `Resource` and `NotResource`.
    pub(crate) fn with_segments(mut self, text: &str) -> Self {
        let pattern = self.of(text);
        if pattern.text == "*" {
            return self;
        }
        let (mut at, mut colons) = (0, 0);
        while at < pattern.text.len() && colons < ARN_COLONS {
            let Ok((token, next)) = pattern.token(at) else {
                break;
            };
            match token {
                Token::Literal(literal) => {
                    colons += memchr::memchr_iter(b':', literal.as_bytes()).count();
                }
                Token::Any => self.head |= SEGMENTED,
                Token::Star if !pattern.ends_segment(next) => self.head |= SEGMENTED,
                Token::Star => {}
                Token::Variable { .. } => {
                    self.head |= MISPLACED;
                    if !pattern.ends_segment(next) {
                        self.head |= SEGMENTED;
                    }
                }
            }
            at = next;
        }
        self
    }

    /// The characters before the first wildcard or variable.
    pub(crate) fn head(self) -> TextSpan {
        let start = usize::try_from(self.start).unwrap_or_default();
        TextSpan::new(start, usize::from(self.head & LENGTH))
    }

    /// The pattern in the text of its policy.
    pub(crate) fn of(self, text: &str) -> PatternRef<'_> {
        let start = usize::try_from(self.start).unwrap_or(usize::MAX);
        let len = usize::from(self.len & LENGTH);
        let end = start.saturating_add(len);
        PatternRef {
            text: text.get(start..end).unwrap_or_default(),
            head: usize::from(self.head & LENGTH),
            wildcards: self.len & WILDCARDS != 0,
            variables: self.len & VARIABLES != 0,
            segmented: self.head & SEGMENTED != 0,
            misplaced: self.head & MISPLACED != 0,
        }
    }
}

impl<'p> PatternRef<'p> {
    /// The token at a byte of the pattern, and the byte after it. Literals extend to the next
    /// wildcard or variable.
    pub(super) fn token(&self, at: usize) -> Result<(Token<'p>, usize), PatternError> {
        let rest = self.text.get(at..).unwrap_or_default();
        let bytes = rest.as_bytes();
        match bytes.first() {
            Some(b'*') if self.wildcards => {
                let stars = bytes.iter().take_while(|byte| **byte == b'*').count();
                return Ok((Token::Star, at + stars));
            }
            Some(b'?') if self.wildcards => return Ok((Token::Any, at + 1)),
            Some(b'$') if self.variables => {
                if let Some(inner) = rest.strip_prefix("${") {
                    let (inner, _) = inner.split_once('}').ok_or(PatternError::Unclosed)?;
                    return Ok((variable(inner)?, at + inner.len() + 3));
                }
            }
            _ => {}
        }
        let mut from = usize::from(!bytes.is_empty());
        let len = loop {
            let after = bytes.get(from..).unwrap_or_default();
            let found = match (self.wildcards, self.variables) {
                (true, true) => memchr::memchr3(b'*', b'?', b'$', after),
                (true, false) => memchr::memchr2(b'*', b'?', after),
                (false, true) => memchr::memchr(b'$', after),
                (false, false) => None,
            };
            let Some(found) = found.map(|found| from + found) else {
                break bytes.len();
            };
            // A dollar sign alone is literal.
            if bytes.get(found) == Some(&b'$') && bytes.get(found + 1) != Some(&b'{') {
                from = found + 1;
                continue;
            }
            break found;
        };
        Ok((
            Token::Literal(rest.get(..len).unwrap_or_default()),
            at + len,
        ))
    }

    /// Whether the segment of an ARN ends at this byte.
    pub(super) fn ends_segment(&self, at: usize) -> bool {
        matches!(self.text.as_bytes().get(at), None | Some(b':'))
    }
}

/// `key` or `key, 'default'`. `${*}`, `${?}` and `${$}` are the characters themselves.
fn variable(inner: &str) -> Result<Token<'_>, PatternError> {
    if matches!(inner, "*" | "?" | "$") {
        return Ok(Token::Literal(inner));
    }
    let (key, default) = match inner.split_once(',') {
        None => (inner, None),
        Some((key, default)) => {
            let default = default
                .trim_start_matches(' ')
                .strip_prefix('\'')
                .and_then(|text| text.strip_suffix('\''))
                .ok_or(PatternError::BadDefault)?;
            (key, Some(default))
        }
    };
    if key.is_empty() || key.chars().any(char::is_whitespace) {
        return Err(PatternError::BadKey);
    }
    Ok(Token::Variable { key, default })
}
