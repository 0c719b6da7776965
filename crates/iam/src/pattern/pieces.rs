//! Reads a pattern piece by piece, with the values of its variables.

use super::{
    ARN_COLONS,
    parse::Token,
    variable::{Lookup, ValueText, VariableValue},
};

/// A pattern, and what its matches need.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent properties of one pattern"
)]
pub(crate) struct PatternRef<'p> {
    /// The pattern as the policy spells it.
    pub(crate) text: &'p str,
    /// The bytes before the first wildcard or variable.
    pub(super) head: usize,
    pub(super) wildcards: bool,
    pub(super) variables: bool,
    /// Whether a wildcard is limited to its segment of the ARN.
    pub(super) segmented: bool,
    /// Whether a variable precedes the resource part of the ARN.
    pub(super) misplaced: bool,
}

/// A position in a pattern: a byte, and how much of the value of the variable at this byte is
/// before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    at: usize,
    of_value: usize,
    /// The colons before it.
    colons: usize,
}

/// A piece of a pattern whose variables have their values.
#[derive(Clone, Copy, Debug)]
pub(super) enum Piece<'p> {
    /// These characters: the text from this byte to that.
    Text(ValueText<'p>, usize, usize),
    /// Any number of characters, but no colon if it is limited.
    Star { limited: bool },
    /// Any one character, likewise.
    Any { limited: bool },
}

/// The pieces of a pattern from a cursor on.
#[derive(Debug)]
pub(super) struct Pieces<'p, L> {
    pattern: PatternRef<'p>,
    lookup: &'p L,
    cursor: Cursor,
    /// Whether the pieces end before the next colon of a text.
    one_segment: bool,
    ended: bool,
}

/// The values of a pattern's variables, all together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Values {
    /// All of them are known.
    Known,
    /// Some are not known.
    Unknown,
    /// One has no value and no default.
    Absent,
}

impl<L> Clone for Pieces<'_, L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L> Copy for Pieces<'_, L> {}

impl<'p> PatternRef<'p> {
    /// A pattern with wildcards and without variables.
    pub(super) fn with_wildcards(text: &'p str) -> Self {
        Self {
            text,
            head: 0,
            wildcards: true,
            variables: false,
            segmented: false,
            misplaced: false,
        }
    }

    pub(crate) fn has_variables(&self) -> bool {
        self.variables
    }

    /// The characters before the first wildcard or variable.
    pub(crate) fn head(&self) -> &'p str {
        self.text.get(..self.head).unwrap_or_default()
    }

    /// Whether the pattern is nothing but characters.
    pub(super) fn is_literal(&self) -> bool {
        self.head == self.text.len()
    }

    pub(super) fn pieces<L: Lookup>(self, lookup: &'p L) -> Pieces<'p, L> {
        Pieces {
            pattern: self,
            lookup,
            cursor: Cursor::default(),
            one_segment: false,
            ended: false,
        }
    }

    pub(super) fn values(&self, lookup: &impl Lookup) -> Values {
        let mut values = Values::Known;
        if !self.variables {
            return values;
        }
        // Each variable is looked for among the keys of the request.
        lookup.spend(16 * self.text.len());
        for (key, default) in self.variable_names() {
            match lookup.variable(key) {
                VariableValue::Absent if default.is_none() => return Values::Absent,
                VariableValue::Absent | VariableValue::Text(_) => {}
                VariableValue::Unknown => values = Values::Unknown,
            }
        }
        values
    }

    /// The variables without a value and without a default.
    pub(crate) fn missing(&self, lookup: &impl Lookup) -> Vec<String> {
        let absent = self.variable_names().filter(|(key, default)| {
            default.is_none() && lookup.variable(key) == VariableValue::Absent
        });
        absent.map(|(key, _)| key.to_owned()).collect()
    }

    /// The variables whose values are not known.
    pub(crate) fn unknown(&self, lookup: &impl Lookup) -> Vec<String> {
        let names = self.variable_names().map(|(key, _)| key);
        let unknown = names.filter(|key| lookup.variable(key) == VariableValue::Unknown);
        unknown.map(str::to_owned).collect()
    }

    /// The variables of the pattern with their defaults, except those in a position where none are
    /// allowed.
    fn variable_names(&self) -> impl Iterator<Item = (&'p str, Option<&'p str>)> {
        let pattern = *self;
        let mut colons = if self.misplaced { 0 } else { ARN_COLONS };
        let mut at = match (self.variables, self.misplaced) {
            (false, _) => self.text.len(),
            (true, false) => self.head,
            (true, true) => 0,
        };
        std::iter::from_fn(move || {
            while at < pattern.text.len() {
                let (token, next) = pattern.token(at).ok()?;
                at = next;
                match token {
                    Token::Literal(text) if colons < ARN_COLONS => colons += colons_in(text),
                    Token::Variable { key, default } if colons >= ARN_COLONS => {
                        return Some((key, default));
                    }
                    Token::Variable { .. } | Token::Literal(_) | Token::Star | Token::Any => {}
                }
            }
            None
        })
    }
}

impl<'p, L: Lookup> Pieces<'p, L> {
    /// Counts steps. Returns whether some are left.
    pub(super) fn spend(&self, steps: usize) -> bool {
        self.lookup.spend(steps);
        !self.lookup.is_exhausted()
    }

    /// The same up to the next colon.
    pub(super) fn one_segment(mut self) -> Self {
        self.one_segment = true;
        self
    }

    /// The pieces after the colon that ends this segment; `None` if the pattern has no further
    /// colon.
    pub(super) fn after_segment(mut self) -> Option<Self> {
        self.one_segment = true;
        while self.next().is_some() {}
        self.ended.then_some(Self {
            one_segment: false,
            ended: false,
            ..self
        })
    }

    /// The piece of a text, of which `before` bytes are used up. `next` is the byte of the pattern
    /// after it.
    fn text(&mut self, text: ValueText<'p>, before: usize, next: usize) -> Piece<'p> {
        let rest = text.as_bytes().get(before..).unwrap_or_default();
        if self.one_segment
            && let Some(colon) = memchr::memchr(b':', rest)
        {
            self.ended = true;
            // The colon itself is used up.
            self.cursor.of_value = before + colon + 1;
            if self.cursor.of_value == text.len() {
                self.cursor.at = next;
                self.cursor.of_value = 0;
            }
            return Piece::Text(text, before, before + colon);
        }
        if self.cursor.colons < ARN_COLONS && (self.pattern.segmented || self.pattern.misplaced) {
            self.cursor.colons += colons_in(text.get(before..).unwrap_or_default());
        }
        self.cursor.at = next;
        self.cursor.of_value = 0;
        Piece::Text(text, before, text.len())
    }
}

#[expect(
    clippy::copy_iterator,
    reason = "a part is read twice: to measure it, and to match it"
)]
impl<'p, L: Lookup> Iterator for Pieces<'p, L> {
    type Item = Piece<'p>;

    fn next(&mut self) -> Option<Piece<'p>> {
        let Cursor {
            at,
            of_value,
            colons,
        } = self.cursor;
        if self.ended || at >= self.pattern.text.len() {
            return None;
        }
        // The pattern was checked when it was parsed.
        let (token, next) = self.pattern.token(at).ok()?;
        let lookup: &'p L = self.lookup;
        let limited = self.pattern.segmented && colons < ARN_COLONS;
        let star = |limited: bool| Piece::Star {
            limited: limited && !self.pattern.ends_segment(next),
        };
        let piece = match token {
            Token::Literal(literal) => return Some(self.text(literal.into(), of_value, next)),
            Token::Star => star(limited),
            Token::Any => Piece::Any { limited },
            Token::Variable { .. } if self.pattern.misplaced && colons < ARN_COLONS => {
                star(limited)
            }
            Token::Variable { key, default } => match lookup.variable(key) {
                VariableValue::Text(text) => return Some(self.text(text, of_value, next)),
                VariableValue::Absent => {
                    let default = ValueText::from(default.unwrap_or_default());
                    return Some(self.text(default, of_value, next));
                }
                VariableValue::Unknown => Piece::Star { limited: false },
            },
        };
        self.cursor.at = next;
        Some(piece)
    }
}

fn colons_in(text: &str) -> usize {
    memchr::memchr_iter(b':', text.as_bytes()).count()
}

impl Piece<'_> {
    /// The bytes of its text.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Text(_, from, to) => to.saturating_sub(*from),
            Self::Star { .. } | Self::Any { .. } => 0,
        }
    }
}
