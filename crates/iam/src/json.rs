//! The one strict JSON reader: for policies, token claims, key sets and request bodies.
//!
//! It reads RFC 8259 and nothing beyond it, and refuses what two readers could understand in two ways: a member given
//! twice, bytes that are not UTF-8, lone surrogates, anything after the value. Size, depth and number of values are bounded.
//! Every value knows its place in the text, so that an error can name line and column. Texts without escapes are borrowed.

mod reader;

use std::{borrow::Cow, fmt};

/// How much a text may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole text.
    pub max_bytes: usize,
    /// Arrays and objects inside each other.
    pub max_depth: usize,
    /// Values in all.
    pub max_values: usize,
}

impl Limits {
    /// For policy documents (shape `policyDocumentType` of IAM: at most 131,072 characters).
    pub const POLICY: Self = Self {
        max_bytes: 4 * 131_072,
        max_depth: 32,
        max_values: 65_536,
    };
    /// For the header and the claims of a token.
    pub const TOKEN: Self = Self {
        max_bytes: 20_000,
        max_depth: 8,
        max_values: 2_048,
    };
    /// For key sets and discovery documents.
    pub const DOCUMENT: Self = Self {
        max_bytes: 1 << 20,
        max_depth: 16,
        max_values: 16_384,
    };
}

/// Where something stands in the text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Value<'a> {
    /// Its place.
    pub span: Span,
    /// What it is.
    pub kind: Kind<'a>,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is written.
    Number(Number<'a>),
    /// A text, its escapes resolved.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Value<'a>>),
    /// An object.
    Object(Object<'a>),
}

/// A number as it is written: no digit is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number<'a>(&'a str);

/// The members of an object, in the order in which they are written. No name comes twice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object<'a>(Vec<Member<'a>>);

/// One member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Member<'a> {
    /// Its name, escapes resolved.
    pub name: Cow<'a, str>,
    /// Where the name stands, quotes included.
    pub name_span: Span,
    /// Its value.
    pub value: Value<'a>,
}

/// Why a text is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// What is wrong.
    pub problem: Problem,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// More bytes than are read.
    #[error("the text is longer than {0} bytes")]
    TooLong(usize),
    /// Too deep.
    #[error("more than {0} arrays and objects stand inside each other")]
    TooDeep(usize),
    /// Too many values.
    #[error("the text has more than {0} values")]
    TooMany(usize),
    /// Bytes that are no UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// It stops in the middle.
    #[error("the text ends too early")]
    End,
    /// Another character was to come.
    #[error("expected {expected}, found `{found}`")]
    Unexpected {
        /// What was to come.
        expected: &'static str,
        /// What stands there.
        found: char,
    },
    /// A control character inside a text.
    #[error("a control character in a string; write it as an escape")]
    ControlCharacter,
    /// An escape that JSON does not have.
    #[error("an escape that JSON does not have")]
    BadEscape,
    /// Half of a surrogate pair.
    #[error("half of a surrogate pair")]
    LoneSurrogate,
    /// A number that JSON does not have.
    #[error("a number that JSON does not have")]
    BadNumber,
    /// One name, two values.
    #[error("member `{0}` is given twice; keep one of them")]
    Duplicate(String),
    /// Something after the value.
    #[error("something stands after the end of the value")]
    Trailing,
}

/// Reads one value that is the whole text.
///
/// ```
/// use bowline_iam::json::{self, Limits};
///
/// let value = json::parse(br#"{"Effect": "Allow"}"#, &Limits::POLICY)?;
/// assert_eq!(value.as_object().and_then(|o| o.get("Effect")).and_then(|v| v.as_str()), Some("Allow"));
/// # Ok::<(), json::JsonError>(())
/// ```
///
/// # Errors
/// [`JsonError`], with line and column.
pub fn parse<'a>(text: &'a [u8], limits: &Limits) -> Result<Value<'a>, JsonError> {
    let at = |offset: usize, problem: Problem| {
        let (line, column) = position(text, offset);
        JsonError {
            problem,
            line,
            column,
        }
    };
    if text.len() > limits.max_bytes {
        return Err(at(0, Problem::TooLong(limits.max_bytes)));
    }
    let valid =
        std::str::from_utf8(text).map_err(|error| at(error.valid_up_to(), Problem::NotUtf8))?;
    reader::read(valid, limits).map_err(|(offset, problem)| at(offset, problem))
}

/// Line and column of a byte, from 1; the column counts characters.
pub fn position(text: &[u8], offset: usize) -> (usize, usize) {
    let before = text.get(..offset.min(text.len())).unwrap_or_default();
    let line = before.split(|byte| *byte == b'\n').count();
    let start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let column = before
        .get(start..)
        .unwrap_or_default()
        .iter()
        .filter(|byte| **byte & 0xc0 != 0x80)
        .count()
        + 1;
    (line, column)
}

impl<'a> Value<'a> {
    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Array(_) | Kind::Object(_) => None,
        }
    }

    /// The members, if it is an object.
    pub fn as_object(&self) -> Option<&Object<'a>> {
        match &self.kind {
            Kind::Object(object) => Some(object),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Array(_) | Kind::String(_) => None,
        }
    }

    /// The value of a member, if it is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_object()?.get(name)
    }

    /// The items, if it is an array.
    pub fn as_array(&self) -> Option<&[Self]> {
        match &self.kind {
            Kind::Array(items) => Some(items),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Object(_) | Kind::String(_) => {
                None
            }
        }
    }

    /// The truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match &self.kind {
            Kind::Bool(value) => Some(*value),
            Kind::Null | Kind::Array(_) | Kind::Number(_) | Kind::Object(_) | Kind::String(_) => {
                None
            }
        }
    }

    /// The integer, if it is one that fits.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.kind {
            Kind::Number(number) => number.as_i64(),
            Kind::Null | Kind::Array(_) | Kind::Bool(_) | Kind::Object(_) | Kind::String(_) => None,
        }
    }
}

impl<'a> Number<'a> {
    /// As it is written.
    pub fn text(self) -> &'a str {
        self.0
    }

    /// Its value, if it is written as an integer and fits.
    pub fn as_i64(self) -> Option<i64> {
        self.0.parse().ok()
    }
}

impl<'a> Object<'a> {
    /// The value of a member.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.0
            .iter()
            .find(|member| member.name == name)
            .map(|member| &member.value)
    }

    /// All members, in order.
    pub fn members(&self) -> &[Member<'a>] {
        &self.0
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.problem
        )
    }
}

impl std::error::Error for JsonError {}

#[cfg(test)]
mod tests;
