//! What is known of a request: condition keys and their values.
//!
//! A [`ConditionContext`] borrows its values and is searched in the order in which it was filled, so whoever fills it puts what the server
//! itself knows first: a key that comes again, from a token or a parameter, changes nothing. Key names ignore case, values do not.

use std::{borrow::Cow, net::IpAddr};

use jiff::{Timestamp, tz::Offset};

use crate::pattern::Lookup;

/// Condition keys with their values.
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
    /// A text.
    Text(Cow<'a, str>),
    /// A set of texts. Whether a key has a set follows from the key, not from how many values it has today.
    Set(Vec<Cow<'a, str>>),
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A point in time.
    Time(Timestamp),
    /// An address.
    Address(IpAddr),
    /// Something that cannot be known. Whoever asks for it gets what allows less: it meets no condition of an `Allow`, and every one of
    /// a `Deny`.
    Unknown,
}

impl<'a> ConditionContext<'a> {
    /// Nothing known yet.
    pub fn new() -> Self {
        Self {
            entries: Vec::with_capacity(24),
        }
    }

    /// Adds a key, unless it is there already.
    pub fn set(&mut self, key: impl Into<Cow<'a, str>>, value: ConditionValue<'a>) {
        let key = key.into();
        if self.get(&key).is_none() {
            self.entries.push((key, value));
        }
    }

    /// Adds a key that may have no value.
    pub fn set_if(&mut self, key: impl Into<Cow<'a, str>>, value: Option<ConditionValue<'a>>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    /// The value of a key, ignoring the key's case.
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
        // A set has no text of its own.
        self.get(key)?.text()
    }
}

impl ConditionValue<'_> {
    /// The value as text, if it is one value.
    pub(crate) fn text(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Set(_) | Self::Unknown => return None,
            Self::Bool(true) => Cow::Borrowed("true"),
            Self::Bool(false) => Cow::Borrowed("false"),
            Self::Integer(number) => Cow::Owned(number.to_string()),
            Self::Time(time) => Cow::Owned(iso(*time)),
            Self::Address(address) => Cow::Owned(address.to_string()),
        })
    }

    /// All values as texts, for people.
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

/// `2026-11-24T01:02:03Z`: the form of `aws:CurrentTime`.
fn iso(time: Timestamp) -> String {
    let t = Offset::UTC.to_datetime(time);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        t.year(),
        t.month(),
        t.day(),
        t.hour(),
        t.minute(),
        t.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_set_first_stays() {
        let mut context = ConditionContext::new();
        context.set("aws:PrincipalTag/team", "red".into());
        context.set("aws:principaltag/TEAM", "blue".into());
        assert_eq!(
            context.single("aws:PrincipalTag/Team").as_deref(),
            Some("red")
        );
    }

    #[test]
    fn a_set_is_no_single_value_however_few_it_has() {
        let mut context = ConditionContext::new();
        context.set("aws:TagKeys", ConditionValue::Set(vec!["team".into()]));
        assert_eq!(context.single("aws:TagKeys"), None);
    }

    #[test]
    fn typed_values_have_the_texts_of_aws() {
        let texts = |value: ConditionValue<'_>| value.texts().join(",");
        assert_eq!(texts(ConditionValue::Bool(true)), "true");
        assert_eq!(
            texts(ConditionValue::Time(Timestamp::UNIX_EPOCH)),
            "1970-01-01T00:00:00Z"
        );
        assert_eq!(
            texts(ConditionValue::Address("::1".parse().unwrap())),
            "::1"
        );
        assert_eq!(texts(ConditionValue::Integer(7)), "7");
    }
}
