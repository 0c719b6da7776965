//! A strict reading of the small JSON documents of OIDC: token headers, claims, discovery documents and key sets.
//!
//! An object that names a member twice is refused, since two readers would see two documents. Depth, members and elements are
//! bounded, so that an unverified document costs little.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Objects and lists stand in each other at most this deep.
const MAX_DEPTH: u8 = 12;
/// Members of one object.
const MAX_MEMBERS: usize = 256;
/// Elements of one list.
const MAX_ELEMENTS: usize = 4_096;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Integer(i64),
    /// A number that is no integer of 64 bits.
    Number(f64),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Json {
    /// Reads one document.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let value = Strict { depth: MAX_DEPTH }.deserialize(&mut reader)?;
        reader.end()?;
        Ok(value)
    }

    /// The member of this name, if this is an object that has it.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let members = self.as_object()?;
        members.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    pub(super) fn as_object(&self) -> Option<&[(String, Self)]> {
        if let Self::Object(members) = self {
            Some(members)
        } else {
            None
        }
    }

    pub(super) fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(elements) = self {
            Some(elements)
        } else {
            None
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self {
            Some(text)
        } else {
            None
        }
    }

    pub(super) fn as_integer(&self) -> Option<i64> {
        if let Self::Integer(number) = self {
            Some(*number)
        } else {
            None
        }
    }
}

struct Strict {
    depth: u8,
}

impl Strict {
    fn inner<E: Error>(&self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1);
        depth
            .map(|depth| Self { depth })
            .ok_or_else(|| E::custom("is nested too deep"))
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Json, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Integer(value))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "only an integer beyond 63 bits, which is no time and no id"
    )]
    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        Ok(i64::try_from(value).map_or(Json::Number(value as f64), Json::Integer))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = access.next_element_seed(self.inner()?)? {
            if elements.len() == MAX_ELEMENTS {
                return Err(A::Error::custom("has a list of too many elements"));
            }
            elements.push(element);
        }
        Ok(Json::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut members: Vec<(String, Json)> = Vec::new();
        while let Some(name) = access.next_key::<String>()? {
            if members.iter().any(|(other, _)| *other == name) {
                return Err(A::Error::custom(format_args!(
                    "names the member `{}` twice",
                    name.escape_debug()
                )));
            }
            if members.len() == MAX_MEMBERS {
                return Err(A::Error::custom("has an object of too many members"));
            }
            members.push((name, access.next_value_seed(self.inner()?)?));
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_given_twice_is_refused_however_it_is_spelled() {
        let error = Json::parse(br#"{"sub":"a","s\u0075b":"b"}"#).unwrap_err();
        insta::assert_snapshot!(error, @"names the member `sub` twice at line 1 column 21");
        Json::parse(br#"{"sub":"a","s\u0075c":"b"}"#).unwrap();
        Json::parse(br#"{"a":{"x":1,"x":1}}"#).unwrap_err();
    }

    #[test]
    fn depth_and_counts_are_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        Json::parse(nested(12).as_bytes()).unwrap();
        Json::parse(nested(14).as_bytes()).unwrap_err();
        Json::parse(nested(100_000).as_bytes()).unwrap_err();
        Json::parse(format!("[{}1]", "1,".repeat(5_000)).as_bytes()).unwrap_err();
    }

    #[test]
    fn nothing_may_follow_the_document() {
        Json::parse(b"{} ").unwrap();
        Json::parse(b"{} {}").unwrap_err();
    }
}
