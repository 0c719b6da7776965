//! Matches patterns with texts, part by part: a part is what stands between two stars.
//!
//! Each part takes the first end that it can have, which leaves the most to the others. Parts of
//! one literal are found by substring search, others by the automaton.

use super::{
    MAX_TEXT_BYTES, PatternError, Variables,
    automaton::{self, End, Start},
    parse::{PatternSpan, Wildcards},
    pieces::{PatternRef, Piece, Pieces, Values},
    variable::{Lookup, ValueText},
};

/// The steps for each byte of a pattern, at most: if it is read piece by piece, and if it is
/// literals between stars.
pub(super) const PIECE_STEPS: usize = 64;
pub(super) const LITERAL_STEPS: usize = 16;

/// Whether a pattern matches a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// It matches.
    Yes,
    /// It does not.
    No,
    /// The pattern has a variable without a value in the request.
    Unresolved,
    /// The pattern or the text is in doubt: the text is too long to be matched, or the pattern
    /// matches for some values of a variable whose value is not known, or which is in a position
    /// where variables are not allowed, for which AWS does not document its value.
    Uncertain,
}

/// A text with wildcards and variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    span: PatternSpan,
}

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// [`PatternError`] for a malformed variable or a pattern that is too long.
    pub fn parse(text: &str, variables: Variables) -> Result<Self, PatternError> {
        Self::with(text, Wildcards::Expand, variables)
    }

    /// Parses a text in which `*` and `?` are literal: what `StringEquals` compares.
    ///
    /// # Errors
    /// [`PatternError`] for a malformed variable or a pattern that is too long.
    pub fn parse_literal(text: &str, variables: Variables) -> Result<Self, PatternError> {
        Self::with(text, Wildcards::Literal, variables)
    }

    fn with(text: &str, wildcards: Wildcards, variables: Variables) -> Result<Self, PatternError> {
        let mut copy = String::with_capacity(text.len());
        let span = PatternSpan::parse(&mut copy, text, wildcards, variables)?;
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

    /// Matches the pattern with a text.
    pub fn matches(&self, text: &str, lookup: &impl Lookup) -> Match {
        self.span.of(&self.text).matches(text, lookup)
    }

    /// Matches the pattern with a text, ignoring the case of letters up to U+00FF. For patterns
    /// without wildcards.
    pub fn matches_ignoring_case(&self, text: &str, lookup: &impl Lookup) -> Match {
        let pattern = self.span.of(&self.text);
        pattern.matches_ignoring_case(text, lookup)
    }
}

impl Match {
    /// The match of a pattern, which is in doubt unless all values of its variables are known, and
    /// if it took too many steps.
    pub(super) fn of(matches: bool, values: Values, lookup: &impl Lookup) -> Self {
        if lookup.is_exhausted() {
            return Self::Uncertain;
        }
        match (matches, values) {
            (_, Values::Absent) => Self::Unresolved,
            (false, _) => Self::No,
            (true, Values::Known) => Self::Yes,
            (true, Values::Unknown) => Self::Uncertain,
        }
    }
}

impl PatternRef<'_> {
    pub(crate) fn matches(self, text: &str, lookup: &impl Lookup) -> Match {
        if self.wildcards && self.text == "*" {
            return Match::Yes;
        }
        let values = self.values(lookup);
        if values == Values::Absent {
            return Match::Unresolved;
        }
        if text.len() > MAX_TEXT_BYTES {
            return Match::Uncertain;
        }
        let matches = if self.is_literal() {
            text == self.text
        } else if let Some(after) = text.strip_prefix(self.head()) {
            let rest = self.text.get(self.head..).unwrap_or_default();
            if self.variables || self.segmented {
                lookup.spend(PIECE_STEPS * rest.len() + text.len() / 8);
                matches(self.pieces(lookup), text)
            } else {
                lookup.spend(LITERAL_STEPS * rest.len() + after.len() / 8);
                matches_after_head(rest, after, lookup)
            }
        } else {
            false
        };
        Match::of(matches, values, lookup)
    }

    /// For patterns without wildcards.
    pub(crate) fn matches_ignoring_case(self, text: &str, lookup: &impl Lookup) -> Match {
        let values = self.values(lookup);
        if values == Values::Absent {
            return Match::Unresolved;
        }
        if text.len() > MAX_TEXT_BYTES {
            return Match::Uncertain;
        }
        lookup.spend(text.len() + PIECE_STEPS * self.text.len());
        let mut pieces = self.pieces(lookup);
        let after_head = equal_ignoring_case(&mut pieces, text);
        let matches = after_head.is_some_and(|rest| {
            if values == Values::Known {
                return rest.is_empty();
            }
            // An unknown value could be anything: what follows the last one is compared at the end.
            let mut tail = pieces;
            while let Some(piece) = pieces.next() {
                if matches!(piece, Piece::Star { .. }) {
                    tail = pieces;
                }
            }
            let bytes: usize = tail.map(|piece| piece.bytes()).sum();
            let end = rest.len().checked_sub(bytes).and_then(|at| rest.get(at..));
            end.and_then(|end| equal_ignoring_case(&mut tail, end))
                .is_some_and(str::is_empty)
        });
        Match::of(matches, values, lookup)
    }
}

/// What follows in the text after the characters of the pieces before the next star; `None` if
/// they differ. The folding keeps the length of a letter.
fn equal_ignoring_case<'t, L: Lookup>(
    pieces: &mut Pieces<'_, L>,
    text: &'t str,
) -> Option<&'t str> {
    let mut rest = text;
    for piece in pieces {
        let Piece::Text(value, from, to) = piece else {
            break;
        };
        let expected = value.get(from..to).unwrap_or_default();
        let (actual, after) = rest.split_at_checked(expected.len())?;
        let same = expected.chars().map(fold).eq(actual.chars().map(fold));
        rest = same.then_some(after)?;
    }
    Some(rest)
}

/// Lower case up to U+00FF. Beyond, the folding that AWS applies is unknown, so letters stay as
/// they are.
fn fold(c: char) -> char {
    match c {
        'A'..='Z' => c.to_ascii_lowercase(),
        'À'..='Ö' | 'Ø'..='Þ' => char::from_u32(u32::from(c) + 32).unwrap_or(c),
        _ => c,
    }
}

/// A part of a pattern: the pieces up to the next star that can match everything.
struct Part<'p> {
    /// The bytes of its texts.
    bytes: usize,
    /// Its single characters.
    anys: usize,
    /// Its only piece, if it is a text.
    only: Option<(ValueText<'p>, usize, usize)>,
    has_limited_star: bool,
    /// Whether no star follows.
    is_last: bool,
}

impl<'p> Part<'p> {
    /// Reads the next part, and the star after it.
    fn next<L: Lookup>(pieces: &mut Pieces<'p, L>) -> Self {
        let mut part = Self {
            bytes: 0,
            anys: 0,
            only: None,
            has_limited_star: false,
            is_last: false,
        };
        let mut count = 0;
        for piece in pieces {
            count += 1;
            part.bytes += piece.bytes();
            match piece {
                Piece::Text(text, from, to) => part.only = Some((text, from, to)),
                Piece::Any { .. } => part.anys += 1,
                Piece::Star { limited: true } => part.has_limited_star = true,
                Piece::Star { limited: false } => {
                    part.only = part.only.filter(|_| count == 2);
                    return part;
                }
            }
        }
        part.only = part.only.filter(|_| count == 1);
        part.is_last = true;
        part
    }

    fn is_empty(&self) -> bool {
        self.bytes == 0 && self.anys == 0
    }
}

/// Whether a pattern with wildcards and without variables matches a text.
pub(super) fn matches_plain(pattern: &str, text: &str, lookup: &impl Lookup) -> bool {
    let wildcard = memchr::memchr2(b'*', b'?', pattern.as_bytes());
    let Some((head, rest)) = wildcard.and_then(|at| pattern.split_at_checked(at)) else {
        return pattern == text;
    };
    text.strip_prefix(head)
        .is_some_and(|after| matches_after_head(rest, after, lookup))
}

/// The same for a pattern that begins with a wildcard.
fn matches_after_head(pattern: &str, text: &str, lookup: &impl Lookup) -> bool {
    // Most patterns have one star, at their end.
    if pattern == "*" {
        return true;
    }
    if position(b'?', pattern.as_bytes()).is_some() {
        return matches(PatternRef::with_wildcards(pattern).pieces(lookup), text);
    }
    let (mut pattern, mut rest) = (pattern.as_bytes(), text.as_bytes());
    loop {
        pattern = pattern.get(1..).unwrap_or_default();
        let Some(star) = position(b'*', pattern) else {
            return rest.ends_with(pattern);
        };
        let (literal, following) = pattern.split_at_checked(star).unwrap_or_default();
        match find(rest, literal).and_then(|at| rest.get(at + literal.len()..)) {
            Some(after) => rest = after,
            None => return false,
        }
        pattern = following;
    }
}

/// The first position of a byte. Most patterns are short, for which a search by blocks costs more
/// than it saves.
#[inline]
fn position(byte: u8, bytes: &[u8]) -> Option<usize> {
    const SHORT: usize = 32;
    if bytes.len() > SHORT {
        return memchr::memchr(byte, bytes);
    }
    bytes.iter().position(|b| *b == byte)
}

/// The most steps of a search that tries every position.
const MAX_STEPS: usize = 1_024;

/// The position of a literal in a text. The time is linear in both.
fn find(text: &[u8], literal: &[u8]) -> Option<usize> {
    let Some(first) = literal.first() else {
        return Some(0);
    };
    let last = text.len().checked_sub(literal.len())?;
    if literal.len() > 1 && literal.len() * (last + 1) > MAX_STEPS {
        return memchr::memmem::find(text, literal);
    }
    let starts = text.get(..=last).unwrap_or_default();
    memchr::memchr_iter(*first, starts).find(|at| {
        let rest = text.get(*at..).unwrap_or_default();
        rest.starts_with(literal)
    })
}

/// Whether a pattern whose variables have values matches a text.
pub(super) fn matches<L: Lookup>(mut pieces: Pieces<'_, L>, text: &str) -> bool {
    let text = text.as_bytes();
    let mut rest = text;
    let mut after_star = false;
    loop {
        let start = pieces;
        let part = Part::next(&mut pieces);
        if part.bytes + part.anys > rest.len() {
            return false;
        }
        if part.is_last {
            return ends_with(start, &part, rest, after_star);
        }
        let after = if part.is_empty() {
            Some(rest)
        } else if after_star {
            after_first(start, &part, rest)
        } else if part.has_limited_star {
            automaton::run(start, rest, Start::Here, End::First)
        } else {
            after_prefix(start, rest)
        };
        match after {
            Some(after) => rest = after,
            None => return false,
        }
        after_star = true;
    }
}

/// Whether the last part matches up to the end of the text.
fn ends_with<L: Lookup>(
    start: Pieces<'_, L>,
    part: &Part<'_>,
    text: &[u8],
    after_star: bool,
) -> bool {
    let whole = |after: Option<&[u8]>| after.is_some_and(<[u8]>::is_empty);
    match (after_star, part.has_limited_star) {
        (true, false) if part.is_empty() => true,
        (false, false) => whole(after_prefix(start, text)),
        (false, true) => whole(automaton::run(start, text, Start::Here, End::Last)),
        (true, false) if part.anys == 0 => {
            let tail = text.get(text.len().saturating_sub(part.bytes)..);
            whole(tail.and_then(|tail| after_prefix(start, tail)))
        }
        (true, false) => {
            // A character has at most four bytes.
            let most = part.bytes + 4 * part.anys;
            let tail = text.get(text.len().saturating_sub(most)..);
            whole(tail.and_then(|tail| automaton::run(start, tail, Start::Anywhere, End::Last)))
        }
        (true, true) => whole(automaton::run(start, text, Start::Anywhere, End::Last)),
    }
}

/// What follows in the text after the first match of a part.
fn after_first<'t, L: Lookup>(
    start: Pieces<'_, L>,
    part: &Part<'_>,
    text: &'t [u8],
) -> Option<&'t [u8]> {
    let Some((literal, from, to)) = &part.only else {
        return automaton::run(start, text, Start::Anywhere, End::First);
    };
    let literal = literal.as_bytes().get(*from..*to).unwrap_or_default();
    let at = find(text, literal)?;
    text.get(at + literal.len()..)
}

/// What follows in the text after the pieces before the next star.
fn after_prefix<'t, L: Lookup>(pieces: Pieces<'_, L>, text: &'t [u8]) -> Option<&'t [u8]> {
    let mut rest = text;
    for piece in pieces {
        rest = match piece {
            Piece::Text(value, from, to) => {
                rest.strip_prefix(value.as_bytes().get(from..to).unwrap_or_default())?
            }
            Piece::Any { limited } => {
                let first = rest.first().filter(|byte| !(limited && **byte == b':'))?;
                rest.get(char_bytes(*first)..)?
            }
            Piece::Star { .. } => break,
        };
    }
    Some(rest)
}

/// The bytes of the character that begins with this one.
fn char_bytes(first: u8) -> usize {
    match first {
        0..0xc0 => 1,
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0.. => 4,
    }
}

/// Whether the name of an action pattern matches that of an action, ignoring case. Both are ASCII
/// and have at most 256 bytes.
pub(crate) fn glob_action(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(p), name.get(n)) {
            (Some(b'*'), _) => {
                star = Some((p, n));
                p += 1;
            }
            (Some(expected), Some(byte))
                if *expected == b'?' || expected.eq_ignore_ascii_case(byte) =>
            {
                p += 1;
                n += 1;
            }
            (None, None) => return true,
            _ => match star {
                Some((star_p, star_n)) if star_n < name.len() => {
                    star = Some((star_p, star_n + 1));
                    (p, n) = (star_p + 1, star_n + 1);
                }
                _ => return false,
            },
        }
    }
}
