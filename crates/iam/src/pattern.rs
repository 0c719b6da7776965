//! Wildcards and policy variables: `*`, `?`, `${key}`.
//!
//! A pattern is taken apart once into tokens. A variable's value enters the match as literal characters, never as part of
//! the pattern: a tag whose value is `*` matches an asterisk and nothing else. `*` matches every character, line breaks
//! included. Matching takes the product of both lengths at most, so no pattern can be made slow, and copies nothing unless
//! there are variables.

mod resource;

pub use resource::{ArnPattern, ResourcePattern};

use std::borrow::Cow;

/// Whether `${...}` has a meaning. It has not in documents older than version 2012-10-17 (IAM User Guide, "Policy elements:
/// Variables and tags").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variables {
    /// `${key}` stands for the request's value of the key.
    Expand,
    /// It stands for itself.
    Literal,
}

/// Where the values of variables come from.
pub trait Lookup {
    /// The only value of a key, ignoring the key's case; none for keys that have a set of values.
    fn single(&self, key: &str) -> Option<Cow<'_, str>>;
}

/// How a pattern met a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// It matches.
    Yes,
    /// It does not.
    No,
    /// It has a variable that the request has no value for.
    Unresolved,
    /// It has a variable where none may stand, and matches for some values of it. Nobody knows for which AWS does.
    Misplaced,
}

/// A pattern that cannot be read.
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
    /// Too long.
    #[error("is longer than {LONGEST} bytes")]
    Long,
}

/// Longest pattern.
const LONGEST: usize = 8_192;

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
    /// Any characters.
    Star,
    /// Any one character.
    Any,
    /// The value of a key, or else the default.
    Variable {
        key: Box<str>,
        default: Option<Box<str>>,
    },
}

/// One step of a resolved pattern.
#[derive(Clone, Debug)]
pub(crate) enum Step<'a> {
    Text(Cow<'a, str>),
    Star,
    Any,
}

/// Whether two characters count as the same.
type Same = fn(char, char) -> bool;

impl Pattern {
    /// Takes a pattern apart.
    ///
    /// # Errors
    /// [`PatternError`], where variables have a meaning.
    pub fn parse(text: &str, variables: Variables) -> Result<Self, PatternError> {
        Ok(Self {
            text: text.into(),
            tokens: tokens(text, variables, true)?.into(),
        })
    }

    /// Takes a text apart in which `*` and `?` stand for themselves: what `StringEquals` compares.
    ///
    /// # Errors
    /// [`PatternError`], where variables have a meaning.
    pub fn parse_literal(text: &str, variables: Variables) -> Result<Self, PatternError> {
        Ok(Self {
            text: text.into(),
            tokens: tokens(text, variables, false)?.into(),
        })
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Holds the pattern against a text.
    pub fn matches(&self, text: &str, lookup: &impl Lookup) -> Match {
        self.matches_by(text, lookup, |a, b| a == b)
    }

    /// Holds the pattern against a text, ignoring the case of the letters up to U+00FF.
    pub fn matches_ignoring_case(&self, text: &str, lookup: &impl Lookup) -> Match {
        self.matches_by(text, lookup, |a, b| fold(a) == fold(b))
    }

    fn matches_by(&self, text: &str, lookup: &impl Lookup, same: Same) -> Match {
        if self.has_variables() {
            return match self.steps(lookup) {
                None => Match::Unresolved,
                Some(steps) => yes(glob_text(
                    |at| steps.get(at).map(Step::borrowed),
                    text,
                    same,
                )),
            };
        }
        // Without variables nothing is copied.
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

    /// The steps with every variable resolved; `None` where one has no value.
    pub(crate) fn steps<'a>(&'a self, lookup: &'a impl Lookup) -> Option<Vec<Step<'a>>> {
        self.tokens
            .iter()
            .map(|token| match token {
                Token::Variable { key, default } => {
                    let default = default.as_deref().map(Cow::Borrowed);
                    lookup.single(key).or(default).map(Step::Text)
                }
                Token::Literal(_) | Token::Star | Token::Any => token.step(),
            })
            .collect()
    }

    /// Takes anything in place of each variable that stands before so many colons were written. Tells whether there was one.
    fn widen_before_colon(&mut self, colons: usize) -> bool {
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

    /// The variables that have no value here.
    pub(crate) fn missing(&self, lookup: &impl Lookup) -> Vec<String> {
        let missing = self.tokens.iter().filter_map(|token| match token {
            Token::Variable { key, default: None } if lookup.single(key).is_none() => {
                Some(key.to_string())
            }
            Token::Variable { .. } | Token::Literal(_) | Token::Star | Token::Any => None,
        });
        missing.collect()
    }
}

impl Token {
    /// What it stands for by itself; a variable stands for nothing.
    fn step(&self) -> Option<Step<'_>> {
        match self {
            Self::Literal(text) => Some(Step::Text(Cow::Borrowed(text))),
            Self::Star => Some(Step::Star),
            Self::Any => Some(Step::Any),
            Self::Variable { .. } => None,
        }
    }
}

impl Step<'_> {
    fn borrowed(&self) -> Step<'_> {
        match self {
            Self::Text(text) => Step::Text(Cow::Borrowed(text)),
            Self::Star => Step::Star,
            Self::Any => Step::Any,
        }
    }
}

fn yes(matches: bool) -> Match {
    if matches { Match::Yes } else { Match::No }
}

/// Lower case up to U+00FF; beyond it AWS's folding is not known, and letters are themselves.
fn fold(c: char) -> char {
    match c {
        'A'..='Z' => c.to_ascii_lowercase(),
        'À'..='Ö' | 'Ø'..='Þ' => char::from_u32(u32::from(c) + 32).unwrap_or(c),
        _ => c,
    }
}

/// Holds steps against a text. When the match fails, the last star takes one character more.
fn glob_text<'s>(step: impl Fn(usize) -> Option<Step<'s>>, text: &str, same: Same) -> bool {
    let (mut at, mut rest) = (0, text);
    let mut star: Option<(usize, &str)> = None;
    loop {
        let after = match step(at) {
            Some(Step::Star) => {
                at += 1;
                if step(at).is_none() {
                    return true;
                }
                star = Some((at, rest));
                continue;
            }
            Some(Step::Text(literal)) => without_prefix(rest, &literal, same),
            Some(Step::Any) => without_first(rest),
            None if rest.is_empty() => return true,
            None => None,
        };
        if let Some(after) = after {
            (at, rest) = (at + 1, after);
            continue;
        }
        let Some((after_star, taken)) = star else {
            return false;
        };
        let Some(taken) = without_first(taken) else {
            return false;
        };
        star = Some((after_star, taken));
        (at, rest) = (after_star, taken);
    }
}

fn without_first(text: &str) -> Option<&str> {
    let mut chars = text.chars();
    chars.next().map(|_| chars.as_str())
}

fn without_prefix<'t>(text: &'t str, prefix: &str, same: Same) -> Option<&'t str> {
    let mut chars = text.chars();
    for wanted in prefix.chars() {
        if !same(wanted, chars.next()?) {
            return None;
        }
    }
    Some(chars.as_str())
}

fn tokens(text: &str, variables: Variables, wildcards: bool) -> Result<Vec<Token>, PatternError> {
    if text.len() > LONGEST {
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

/// Bytes with `*` and `?`, for texts that are ASCII.
pub(crate) fn glob(pattern: &[u8], text: &[u8], same: impl Fn(u8, u8) -> bool) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(p), text.get(t)) {
            (Some(b'*'), _) => {
                star = Some((p, t));
                p += 1;
            }
            (Some(wanted), Some(byte)) if *wanted == b'?' || same(*wanted, *byte) => {
                p += 1;
                t += 1;
            }
            (None, None) => return true,
            _ => match star {
                Some((star_p, star_t)) if star_t < text.len() => {
                    star = Some((star_p, star_t + 1));
                    (p, t) = (star_p + 1, star_t + 1);
                }
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests;
