//! The condition keys of a request and their values.
//!
//! A [`ConditionContext`] borrows its values. The first value of a key stays, so the server adds
//! its own keys before those from tokens and parameters, which then cannot override them. Key names
//! ignore case, values do not.

use std::{borrow::Cow, net::IpAddr};

use jiff::{Timestamp, fmt::temporal::DateTimePrinter};

use crate::pattern::Lookup;

/// The condition keys of a request with their values.
///
/// ```
/// use bowline_iam::context::{ConditionContext, ConditionValue};
///
/// let mut context = ConditionContext::new();
/// context.set("aws:SourceIp", ConditionValue::from("203.0.113.7"));
/// context.set("AWS:sourceip", ConditionValue::from("10.0.0.1"));
/// assert_eq!(context.get("aws:sourceIP"), Some(&ConditionValue::from("203.0.113.7")));
/// ```
#[derive(Clone, Debug, Default)]
pub struct ConditionContext<'a> {
    entries: Vec<(Cow<'a, str>, ConditionValue<'a>)>,
}

/// The value of a condition key.
#[derive(Clone, Debug, PartialEq)]
pub enum ConditionValue<'a> {
    /// A string.
    Text(Cow<'a, str>),
    /// A set of strings. The key determines whether its value is a set, not the number of values.
    Set(Vec<Cow<'a, str>>),
    /// True or false.
    Bool(bool),
    /// An integer.
    Integer(i64),
    /// A point in time.
    Time(Timestamp),
    /// An IP address.
    Address(IpAddr),
    /// A value that cannot be determined. It allows less: no condition of an `Allow` on it holds,
    /// and every condition of a `Deny` on it holds.
    Unknown,
}

impl<'a> ConditionContext<'a> {
    /// A context without keys.
    pub fn new() -> Self {
        Self {
            entries: Vec::with_capacity(24),
        }
    }

    /// Adds a key, unless it is present already.
    pub fn set(&mut self, key: impl Into<Cow<'a, str>>, value: ConditionValue<'a>) {
        let key = key.into();
        if self.get(&key).is_none() {
            self.entries.push((key, value));
        }
    }

    /// Adds a key if it has a value, unless the key is present already.
    pub fn set_if(&mut self, key: impl Into<Cow<'a, str>>, value: Option<ConditionValue<'a>>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    /// The value of a key, ignoring the case of the key.
    pub fn get(&self, key: &str) -> Option<&ConditionValue<'a>> {
        let found = self
            .entries
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(key));
        found.map(|(_, value)| value)
    }

    /// All keys and values, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ConditionValue<'a>)> {
        self.entries.iter().map(|(key, value)| (&**key, value))
    }
}

impl Lookup for ConditionContext<'_> {
    fn single(&self, key: &str) -> Option<Cow<'_, str>> {
        // A set has no single text.
        self.get(key)?.text()
    }
}

impl ConditionValue<'_> {
    /// The value as text, if it is a single value.
    pub(crate) fn text(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Set(_) | Self::Unknown => return None,
            Self::Bool(true) => Cow::Borrowed("true"),
            Self::Bool(false) => Cow::Borrowed("false"),
            Self::Integer(number) => Cow::Owned(number.to_string()),
            Self::Time(time) => Cow::Owned(ISO_SECONDS.timestamp_to_string(time)),
            Self::Address(address) => Cow::Owned(address.to_string()),
        })
    }

    /// All values as texts, for display.
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::Set(texts) => texts.iter().map(|text| text.clone().into_owned()).collect(),
            Self::Unknown => vec!["(unknown)".to_owned()],
            Self::Text(_) | Self::Bool(_) | Self::Integer(_) | Self::Time(_) | Self::Address(_) => {
                self.text().map(Cow::into_owned).into_iter().collect()
            }
        }
    }
}

impl<'a> From<&'a str> for ConditionValue<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for ConditionValue<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

/// Prints `2026-11-24T01:02:03Z`, the form of `aws:CurrentTime`. Fractions of a second are cut off.
const ISO_SECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(0));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_of_a_key_stays() {
        let mut context = ConditionContext::new();
        context.set("aws:PrincipalTag/team", "red".into());
        context.set("aws:principaltag/TEAM", "blue".into());
        assert_eq!(
            context.single("aws:PrincipalTag/Team").as_deref(),
            Some("red")
        );
    }

    #[test]
    fn a_set_of_one_value_is_not_a_single_value() {
        let mut context = ConditionContext::new();
        context.set("aws:TagKeys", ConditionValue::Set(vec!["team".into()]));
        assert_eq!(context.single("aws:TagKeys"), None);
    }

    #[test]
    fn typed_values_have_the_texts_that_aws_uses() {
        let texts = |value: ConditionValue<'_>| value.texts().join(",");
        assert_eq!(texts(ConditionValue::Bool(true)), "true");
        assert_eq!(
            texts(ConditionValue::Time(Timestamp::UNIX_EPOCH)),
            "1970-01-01T00:00:00Z"
        );
        let fraction = "2026-11-24T01:02:03.999Z".parse().unwrap();
        assert_eq!(
            texts(ConditionValue::Time(fraction)),
            "2026-11-24T01:02:03Z"
        );
        assert_eq!(
            texts(ConditionValue::Address("::1".parse().unwrap())),
            "::1"
        );
        assert_eq!(texts(ConditionValue::Integer(7)), "7");
    }
}
