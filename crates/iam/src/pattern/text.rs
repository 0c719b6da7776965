//! Patterns of any text: wildcards and policy variables.

use std::borrow::Cow;

use super::matching::{Same, Step, glob_text};

/// Whether `${...}` is a variable. It is not in documents older than version 2012-10-17 (IAM User
/// Guide, "Policy elements: Variables and tags").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variables {
    /// `${key}` is the request's value of the key.
    Expand,
    /// `${key}` is literal text.
    Literal,
}

/// A source of values for variables.
pub trait Lookup {
    /// The value of a key, ignoring the case of the key.
    fn variable(&self, key: &str) -> VariableValue<'_>;
}

/// The value of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VariableValue<'a> {
    /// The request has no such key: the variable's default applies, if it has one.
    Absent,
    /// This text.
    Text(Cow<'a, str>),
    /// It is not known, so it could be any text.
    Unknown,
}

/// Whether a pattern matches a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// It matches.
    Yes,
    /// It does not.
    No,
    /// The pattern has a variable without a value in the request.
    Unresolved,
    /// The pattern matches for some values of a variable whose value is not known, or which is in
    /// a position where variables are not allowed, for which AWS does not document its value.
    Uncertain,
}

/// Why a pattern is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// `${` without `}`.
    #[error("has a variable without a closing brace")]
    Unclosed,
    /// `${}` or white space in a key.
    #[error("has a variable whose name is empty or holds white space")]
    BadKey,
    /// Not `${key, 'default'}`.
    #[error("has a variable whose default is not written as `, 'text'`")]
    BadDefault,
    /// More than 8,192 bytes.
    #[error("is longer than {MAX_PATTERN_BYTES} bytes")]
    Long,
}

/// The most bytes of a pattern.
const MAX_PATTERN_BYTES: usize = 8_192;

/// A text with wildcards and variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: Box<str>,
    tokens: Box<[Token]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// These characters.
    Literal(Box<str>),
    /// Any number of characters.
    Star,
    /// Any one character.
    Any,
    /// The value of a key, or the default if the request has none.
    Variable {
        key: Box<str>,
        default: Option<Box<str>>,
    },
}

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// [`PatternError`] for a malformed variable or a pattern that is too long.
    pub fn parse(text: &str, variables: Variables) -> Result<Self, PatternError> {
        Ok(Self {
            text: text.into(),
            tokens: tokens(text, variables, true)?.into(),
        })
    }

    /// Parses a text in which `*` and `?` are literal: what `StringEquals` compares.
    ///
    /// # Errors
    /// [`PatternError`] for a malformed variable or a pattern that is too long.
    pub fn parse_literal(text: &str, variables: Variables) -> Result<Self, PatternError> {
        Ok(Self {
            text: text.into(),
            tokens: tokens(text, variables, false)?.into(),
        })
    }

    /// The pattern as the policy spells it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Matches the pattern with a text.
    pub fn matches(&self, text: &str, lookup: &impl Lookup) -> Match {
        self.matches_by(text, lookup, |a, b| a == b)
    }

    /// Matches the pattern with a text, ignoring the case of letters up to U+00FF.
    pub fn matches_ignoring_case(&self, text: &str, lookup: &impl Lookup) -> Match {
        self.matches_by(text, lookup, |a, b| fold(a) == fold(b))
    }

    fn matches_by(&self, text: &str, lookup: &impl Lookup, same: Same) -> Match {
        if self.has_variables() {
            return match self.steps(lookup) {
                None => Match::Unresolved,
                Some((steps, known)) => matched(
                    glob_text(|at| steps.get(at).map(Step::borrowed), text, same),
                    known,
                ),
            };
        }
        // Without variables nothing is allocated.
        yes(glob_text(
            |at| self.tokens.get(at).and_then(Token::step),
            text,
            same,
        ))
    }

    pub(crate) fn has_variables(&self) -> bool {
        let variable = |token: &Token| matches!(token, Token::Variable { .. });
        self.tokens.iter().any(variable)
    }

    /// The steps with all variables resolved, and whether all their values are known: an unknown
    /// one is a star. `None` if one has no value.
    pub(crate) fn steps<'a>(&'a self, lookup: &'a impl Lookup) -> Option<(Vec<Step<'a>>, bool)> {
        let mut known = true;
        let steps = self.tokens.iter().map(|token| match token {
            Token::Variable { key, default } => match lookup.variable(key) {
                VariableValue::Text(text) => Some(Step::Text(text)),
                VariableValue::Absent => default.as_deref().map(|text| Step::Text(text.into())),
                VariableValue::Unknown => {
                    known = false;
                    Some(Step::Star)
                }
            },
            Token::Literal(_) | Token::Star | Token::Any => token.step(),
        });
        let steps = steps.collect::<Option<_>>()?;
        Some((steps, known))
    }

    /// Replaces each variable before the colon of this number by `*`. Returns whether there was
    /// one.
    pub(super) fn widen_before_colon(&mut self, colons: usize) -> bool {
        let (mut seen, mut widened) = (0, false);
        for token in &mut self.tokens {
            match token {
                Token::Literal(text) => seen += text.matches(':').count(),
                Token::Variable { .. } if seen < colons => {
                    *token = Token::Star;
                    widened = true;
                }
                Token::Variable { .. } | Token::Star | Token::Any => {}
            }
        }
        widened
    }

    /// The variables without a value and without a default.
    pub(crate) fn missing(&self, lookup: &impl Lookup) -> Vec<String> {
        let missing = self.tokens.iter().filter_map(|token| match token {
            Token::Variable { key, default: None }
                if lookup.variable(key) == VariableValue::Absent =>
            {
                Some(key.to_string())
            }
            Token::Variable { .. } | Token::Literal(_) | Token::Star | Token::Any => None,
        });
        missing.collect()
    }
}

impl Token {
    /// The step of a token that is not a variable.
    fn step(&self) -> Option<Step<'_>> {
        match self {
            Self::Literal(text) => Some(Step::Text(Cow::Borrowed(text))),
            Self::Star => Some(Step::Star),
            Self::Any => Some(Step::Any),
            Self::Variable { .. } => None,
        }
    }
}

fn yes(matches: bool) -> Match {
    if matches { Match::Yes } else { Match::No }
}

/// A match of resolved steps, which is in doubt unless all values of variables are known.
pub(super) fn matched(matches: bool, known: bool) -> Match {
    match (matches, known) {
        (false, _) => Match::No,
        (true, true) => Match::Yes,
        (true, false) => Match::Uncertain,
    }
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

fn tokens(text: &str, variables: Variables, wildcards: bool) -> Result<Vec<Token>, PatternError> {
    if text.len() > MAX_PATTERN_BYTES {
        return Err(PatternError::Long);
    }
    let mut tokens = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let after = rest.get(next.len_utf8()..).unwrap_or_default();
        if variables == Variables::Expand && rest.starts_with("${") {
            let (inner, after) = after
                .get(1..)
                .and_then(|inner| inner.split_once('}'))
                .ok_or(PatternError::Unclosed)?;
            rest = after;
            // `${*}`, `${?}` and `${$}` are the characters themselves.
            if matches!(inner, "*" | "?" | "$") {
                literal.push_str(inner);
            } else {
                flush(&mut literal, &mut tokens);
                tokens.push(variable(inner)?);
            }
            continue;
        }
        rest = after;
        match next {
            '*' if wildcards => {
                flush(&mut literal, &mut tokens);
                if tokens.last() != Some(&Token::Star) {
                    tokens.push(Token::Star);
                }
            }
            '?' if wildcards => {
                flush(&mut literal, &mut tokens);
                tokens.push(Token::Any);
            }
            other => literal.push(other),
        }
    }
    flush(&mut literal, &mut tokens);
    Ok(tokens)
}

fn flush(literal: &mut String, tokens: &mut Vec<Token>) {
    if !literal.is_empty() {
        tokens.push(Token::Literal(std::mem::take(literal).into()));
    }
}

/// `key` or `key, 'default'`.
fn variable(inner: &str) -> Result<Token, PatternError> {
    let (key, default) = match inner.split_once(',') {
        None => (inner, None),
        Some((key, default)) => {
            let default = default
                .trim_start_matches(' ')
                .strip_prefix('\'')
                .and_then(|text| text.strip_suffix('\''))
                .ok_or(PatternError::BadDefault)?;
            (key, Some(default.into()))
        }
    };
    if key.is_empty() || key.chars().any(char::is_whitespace) {
        return Err(PatternError::BadKey);
    }
    Ok(Token::Variable {
        key: key.into(),
        default,
    })
}
