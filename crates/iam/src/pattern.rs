//! Wildcards and policy variables: `*`, `?`, `${key}`.
//!
//! A pattern is taken apart once into tokens. A variable's value enters the match as literal characters, never as part of
//! the pattern: a tag whose value is `*` matches an asterisk and nothing else. `*` matches every character, line breaks
//! included. Matching is linear but for one remembered star, so no pattern can be made slow.

mod resource;

pub use resource::{ArnPattern, ResourcePattern};

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
    fn single(&self, key: &str) -> Option<&str>;
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
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'a> {
    Text(&'a str),
    Star,
    Any,
}

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

    /// Holds the pattern against a text, ignoring the case of ASCII letters.
    pub fn matches_ignoring_case(&self, text: &str, lookup: &impl Lookup) -> Match {
        self.matches_by(text, lookup, |a, b| a.eq_ignore_ascii_case(&b))
    }

    fn matches_by(&self, text: &str, lookup: &impl Lookup, same: fn(char, char) -> bool) -> Match {
        // Most patterns have one token or two: those are matched where they stand.
        match &*self.tokens {
            [] => return yes(text.is_empty()),
            [Token::Star] => return Match::Yes,
            [Token::Literal(literal)] => return yes(equal(literal, text, same)),
            _ => {}
        }
        match self.steps(lookup) {
            Some(steps) => yes(run(&steps, text, same)),
            None => Match::Unresolved,
        }
    }

    /// The steps with every variable resolved; `None` where one has no value.
    pub(crate) fn steps<'a>(&'a self, lookup: &'a impl Lookup) -> Option<Vec<Step<'a>>> {
        self.tokens
            .iter()
            .map(|token| {
                Some(match token {
                    Token::Literal(text) => Step::Text(text),
                    Token::Star => Step::Star,
                    Token::Any => Step::Any,
                    Token::Variable { key, default } => {
                        Step::Text(lookup.single(key).or(default.as_deref())?)
                    }
                })
            })
            .collect()
    }
}

fn yes(matches: bool) -> Match {
    if matches { Match::Yes } else { Match::No }
}

fn equal(a: &str, b: &str, same: fn(char, char) -> bool) -> bool {
    let (mut a, mut b) = (a.chars(), b.chars());
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(x), Some(y)) if same(x, y) => {}
            _ => return false,
        }
    }
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

/// Holds resolved steps against a text.
fn run(steps: &[Step<'_>], text: &str, same: fn(char, char) -> bool) -> bool {
    let mut symbols = Vec::with_capacity(steps.len() * 4);
    for step in steps {
        match step {
            Step::Text(text) => symbols.extend(text.chars().map(Symbol::Char)),
            Step::Star => symbols.push(Symbol::Star),
            Step::Any => symbols.push(Symbol::Any),
        }
    }
    match_symbols(&symbols, text, same)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Symbol {
    Char(char),
    Star,
    Any,
}

/// Two cursors and the last star: when the match fails, the star takes one character more.
fn match_symbols(symbols: &[Symbol], text: &str, same: fn(char, char) -> bool) -> bool {
    let (mut at, mut rest) = (0, text);
    let mut star: Option<(usize, &str)> = None;
    loop {
        let next = rest.chars().next();
        let after = |c: char| rest.get(c.len_utf8()..).unwrap_or_default();
        match (symbols.get(at), next) {
            (Some(Symbol::Star), _) => {
                star = Some((at, rest));
                at += 1;
                continue;
            }
            (Some(Symbol::Any), Some(c)) => {
                rest = after(c);
                at += 1;
                continue;
            }
            (Some(Symbol::Char(wanted)), Some(c)) if same(*wanted, c) => {
                rest = after(c);
                at += 1;
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        let Some((star_at, taken)) = star else {
            return false;
        };
        let Some(c) = taken.chars().next() else {
            return false;
        };
        let taken = taken.get(c.len_utf8()..).unwrap_or_default();
        star = Some((star_at, taken));
        (at, rest) = (star_at + 1, taken);
    }
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
