//! Policy variables: where they are allowed, and their values in a request.

use std::{fmt, ops::Deref};

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

    /// Counts steps of the match, of about a nanosecond each.
    fn spend(&self, _steps: usize) {}

    /// Whether no more steps are left: every match is in doubt.
    fn is_exhausted(&self) -> bool {
        false
    }
}

/// The value of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VariableValue<'a> {
    /// The request has no such key: the variable's default applies, if it has one.
    Absent,
    /// This text.
    Text(ValueText<'a>),
    /// It is not known, so it could be any text.
    Unknown,
}

/// The text of a value. That of a number, a time or an address is made on the stack.
#[derive(Clone, Copy, Debug)]
pub enum ValueText<'a> {
    /// A text of the request.
    Borrowed(&'a str),
    /// A text that was made from a typed value.
    Made(MadeText),
}

/// A text of at most 48 bytes: the longest address has 45 characters.
#[derive(Clone, Copy, Debug)]
pub struct MadeText {
    bytes: [u8; 48],
    len: usize,
}

impl ValueText<'_> {
    /// The text that `write` writes; `None` if it does not fit.
    pub(crate) fn made(write: impl FnOnce(&mut MadeText) -> fmt::Result) -> Option<Self> {
        let mut made = MadeText {
            bytes: [0; 48],
            len: 0,
        };
        write(&mut made).is_ok().then_some(Self::Made(made))
    }
}

impl Deref for ValueText<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Made(made) => {
                let written = made.bytes.get(..made.len).unwrap_or_default();
                // Only whole texts are written.
                str::from_utf8(written).unwrap_or_default()
            }
        }
    }
}

impl PartialEq for ValueText<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for ValueText<'_> {}

impl<'a> From<&'a str> for ValueText<'a> {
    fn from(text: &'a str) -> Self {
        Self::Borrowed(text)
    }
}

impl fmt::Write for MadeText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.len..).unwrap_or_default();
        let room = room.get_mut(..text.len()).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}
