//! JSON values with their positions.

use std::borrow::Cow;

/// A range of the text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A value and its position.
#[derive(Clone, Debug, PartialEq)]
pub struct Json<'a> {
    /// Its position, quotes and brackets included.
    pub span: Span,
    /// Its type and content.
    pub kind: JsonKind<'a>,
}

/// The type and content of a value. Strings without escapes borrow from the text.
#[derive(Clone, Debug, PartialEq)]
pub enum JsonKind<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(JsonNumber<'a>),
    /// A string, its escapes resolved.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Json<'a>>),
    /// An object.
    Object(JsonObject<'a>),
}

/// A number as the text spells it, so that no digit is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonNumber<'a>(pub(crate) &'a str);

/// The members of an object, in the order of the text. No name comes twice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JsonObject<'a>(pub(crate) Vec<JsonMember<'a>>);

/// One member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonMember<'a> {
    /// Its name, escapes resolved.
    pub name: Cow<'a, str>,
    /// The position of the name, quotes included.
    pub name_span: Span,
    /// Its value.
    pub value: Json<'a>,
}

impl<'a> Json<'a> {
    /// The string, if the value is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            JsonKind::String(text) => Some(text),
            JsonKind::Null
            | JsonKind::Bool(_)
            | JsonKind::Number(_)
            | JsonKind::Array(_)
            | JsonKind::Object(_) => None,
        }
    }

    /// The object, if the value is one.
    pub fn as_object(&self) -> Option<&JsonObject<'a>> {
        match &self.kind {
            JsonKind::Object(object) => Some(object),
            JsonKind::Null
            | JsonKind::Bool(_)
            | JsonKind::Number(_)
            | JsonKind::Array(_)
            | JsonKind::String(_) => None,
        }
    }

    /// The value of the member `name`, if the value is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_object()?.get(name)
    }

    /// The items, if the value is an array.
    pub fn as_array(&self) -> Option<&[Self]> {
        match &self.kind {
            JsonKind::Array(items) => Some(items),
            JsonKind::Null
            | JsonKind::Bool(_)
            | JsonKind::Number(_)
            | JsonKind::Object(_)
            | JsonKind::String(_) => None,
        }
    }

    /// The truth value, if the value is one.
    pub fn as_bool(&self) -> Option<bool> {
        match &self.kind {
            JsonKind::Bool(value) => Some(*value),
            JsonKind::Null
            | JsonKind::Array(_)
            | JsonKind::Number(_)
            | JsonKind::Object(_)
            | JsonKind::String(_) => None,
        }
    }

    /// The integer, if the value is one that fits 64 bits.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.kind {
            JsonKind::Number(number) => number.as_i64(),
            JsonKind::Null
            | JsonKind::Array(_)
            | JsonKind::Bool(_)
            | JsonKind::Object(_)
            | JsonKind::String(_) => None,
        }
    }
}

impl<'a> JsonNumber<'a> {
    /// The number as the text spells it.
    pub fn text(self) -> &'a str {
        self.0
    }

    /// The number, if it is written as an integer and fits 64 bits.
    pub fn as_i64(self) -> Option<i64> {
        self.0.parse().ok()
    }
}

impl<'a> JsonObject<'a> {
    /// The value of the member `name`.
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.0
            .iter()
            .find(|member| member.name == name)
            .map(|member| &member.value)
    }

    /// All members, in the order of the text.
    pub fn members(&self) -> &[JsonMember<'a>] {
        &self.0
    }
}
