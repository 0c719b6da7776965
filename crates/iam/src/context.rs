//! The condition keys of a request and their values.
//!
//! A [`ConditionContext`] borrows its values. The first value of a key stays, so the server adds
//! its own keys before those from tokens and parameters, which then cannot override them. Key names
//! ignore case, values do not.

use std::{
    borrow::Cow,
    cell::Cell,
    fmt::{self, Write as _},
    net::IpAddr,
};

use jiff::{
    Timestamp,
    fmt::{StdFmtWrite, temporal::DateTimePrinter},
};

use crate::pattern::{Lookup, MAX_TEXT_BYTES, ValueText, VariableValue};

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
#[derive(Clone, Debug)]
pub struct ConditionContext<'a> {
    entries: Vec<Entry<'a>>,
    /// A bit for each key: most keys that are absent need no search.
    present: u64,
    /// The prefix before the colon and the names after it of further keys, whose values are
    /// unknown.
    unknown: Option<(&'a str, &'a [Cow<'a, str>])>,
    /// The most steps of a decision.
    max_steps: u64,
    /// The steps that the evaluation may still take.
    steps: Cell<u64>,
}

/// The most steps of a decision, of about a nanosecond each. It is far more than any that was meant
/// to allow something takes.
pub const MAX_STEPS: u64 = 1 << 27;

/// A key and its value.
#[derive(Clone, Debug)]
struct Entry<'a> {
    print: Fingerprint,
    key: Cow<'a, str>,
    value: ConditionValue<'a>,
}

/// What most keys differ in, ignoring case: the length and three characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(u32);

impl Fingerprint {
    #[inline]
    pub(crate) fn of(key: &str) -> Self {
        let bytes = key.as_bytes();
        let lower = |at: usize| bytes.get(at).map_or(0, u8::to_ascii_lowercase);
        let len = bytes.len();
        let [middle, later, last] = [
            lower(len / 2),
            lower(len - len / 4),
            lower(len.wrapping_sub(1)),
        ];
        // A longer key has the length of a shorter one here, which costs a comparison.
        let [length, ..] = u16::try_from(len).unwrap_or_default().to_le_bytes();
        Self(u32::from_le_bytes([length, middle, later, last]))
    }

    /// One of 64 bits.
    fn bit(self) -> u64 {
        // By the golden ratio, so that every byte counts.
        1 << (self.0.wrapping_mul(0x9e37_79b9) >> 26)
    }
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
    /// A value that cannot be determined; the key may also be absent. Every condition on it is
    /// [uncertain](crate::truth::Truth::Uncertain).
    Unknown,
}

impl<'a> ConditionContext<'a> {
    /// A context without keys.
    pub fn new() -> Self {
        Self {
            entries: Vec::with_capacity(24),
            present: 0,
            unknown: None,
            max_steps: MAX_STEPS,
            steps: Cell::new(u64::MAX),
        }
    }

    /// The same for decisions of at most these many steps each.
    #[must_use]
    pub fn with_steps(mut self, max_steps: u64) -> Self {
        self.max_steps = max_steps;
        self
    }

    /// Begins a decision, which has all its steps.
    pub(crate) fn begin(&self) {
        self.steps.set(self.max_steps);
    }

    /// The steps that the latest decision left.
    pub fn steps_left(&self) -> u64 {
        self.steps.get()
    }

    /// Whether the evaluation took all its steps. What it says is then not known, so the decision
    /// is a denial.
    pub fn is_exhausted(&self) -> bool {
        self.steps.get() == 0
    }

    /// What `evaluate` returns. Its steps are not counted: it repeats some that were.
    pub(crate) fn without_spending<T>(&self, evaluate: impl FnOnce() -> T) -> T {
        let left = self.steps.get();
        let result = evaluate();
        self.steps.set(left);
        result
    }

    pub(crate) fn spend(&self, steps: usize) {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        self.steps.set(self.steps.get().saturating_sub(steps));
    }

    /// The same with texts of its own, for a decision on another thread.
    pub fn into_owned(self) -> ConditionContext<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        let entries = self.entries.into_iter().map(|entry| Entry {
            print: entry.print,
            key: owned(entry.key),
            value: entry.value.into_owned(),
        });
        let mut context = ConditionContext {
            entries: entries.collect(),
            present: self.present,
            unknown: None,
            max_steps: self.max_steps,
            steps: self.steps,
        };
        if let Some((prefix, names)) = self.unknown {
            for name in names {
                context.set([prefix, ":", name].concat(), ConditionValue::Unknown);
            }
        }
        context
    }

    /// Adds a key, unless it is present already. A text of more than
    /// [`MAX_TEXT_BYTES`] is not matched, so its value counts as unknown.
    pub fn set(&mut self, key: impl Into<Cow<'a, str>>, value: ConditionValue<'a>) {
        let key = key.into();
        let print = Fingerprint::of(&key);
        if self.find(print, &key).is_none() {
            let value = if value.is_too_long() {
                ConditionValue::Unknown
            } else {
                value
            };
            self.present |= print.bit();
            self.entries.push(Entry { print, key, value });
        }
    }

    /// Adds a key if it has a value, unless the key is present already.
    pub fn set_if(&mut self, key: impl Into<Cow<'a, str>>, value: Option<ConditionValue<'a>>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    /// Makes the values of the keys `prefix:name` unknown, unless they are present.
    pub fn set_unknown(&mut self, prefix: &'a str, names: &'a [Cow<'a, str>]) {
        self.unknown = (!names.is_empty()).then_some((prefix, names));
    }

    /// The value of a key, ignoring the case of the key.
    pub fn get(&self, key: &str) -> Option<&ConditionValue<'a>> {
        self.get_with(Fingerprint::of(key), key)
    }

    /// The same for a key whose fingerprint is known.
    #[inline]
    pub(crate) fn get_with(&self, print: Fingerprint, key: &str) -> Option<&ConditionValue<'a>> {
        match self.find(print, key) {
            Some(value) => Some(value),
            None => self.is_unknown(key).then_some(&ConditionValue::Unknown),
        }
    }

    fn find(&self, print: Fingerprint, key: &str) -> Option<&ConditionValue<'a>> {
        if self.present & print.bit() == 0 {
            return None;
        }
        let mut entries = self.entries.iter();
        // Most keys are spelled as AWS spells them.
        let found = entries.find(|entry| {
            entry.print == print && (entry.key == key || entry.key.eq_ignore_ascii_case(key))
        });
        found.map(|entry| &entry.value)
    }

    fn is_unknown(&self, key: &str) -> bool {
        let Some((prefix, names)) = self.unknown else {
            return false;
        };
        let after_prefix = key
            .split_at_checked(prefix.len())
            .filter(|(before, _)| before.eq_ignore_ascii_case(prefix))
            .and_then(|(_, after)| after.strip_prefix(':'));
        after_prefix.is_some_and(|name| names.iter().any(|known| known.eq_ignore_ascii_case(name)))
    }

    /// All keys and values, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ConditionValue<'a>)> {
        self.entries.iter().map(|entry| (&*entry.key, &entry.value))
    }
}

impl Default for ConditionContext<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl Lookup for ConditionContext<'_> {
    fn spend(&self, steps: usize) {
        Self::spend(self, steps);
    }

    fn is_exhausted(&self) -> bool {
        Self::is_exhausted(self)
    }

    fn variable(&self, key: &str) -> VariableValue<'_> {
        match self.get(key) {
            None => VariableValue::Absent,
            // A set without values counts as an absent key, as in conditions.
            Some(ConditionValue::Set(set)) if set.is_empty() => VariableValue::Absent,
            // Keys with several values cannot be variables (IAM User Guide, "Policy elements:
            // Variables and tags"). Which value AWS would take is not documented.
            Some(value) => value
                .text()
                .map_or(VariableValue::Unknown, VariableValue::Text),
        }
    }
}

impl ConditionValue<'_> {
    /// The value as text, if it is a single value that is known.
    pub(crate) fn text(&self) -> Option<ValueText<'_>> {
        match self {
            Self::Text(text) => Some(ValueText::Borrowed(text)),
            Self::Set(_) | Self::Unknown => None,
            Self::Bool(true) => Some(ValueText::Borrowed("true")),
            Self::Bool(false) => Some(ValueText::Borrowed("false")),
            Self::Integer(number) => ValueText::made(|text| write!(text, "{number}")),
            Self::Time(time) => ValueText::made(|text| {
                let written = ISO_SECONDS.print_timestamp(time, StdFmtWrite(text));
                written.map_err(|_| fmt::Error)
            }),
            Self::Address(address) => ValueText::made(|text| write!(text, "{address}")),
        }
    }

    fn into_owned(self) -> ConditionValue<'static> {
        match self {
            Self::Text(text) => ConditionValue::Text(Cow::Owned(text.into_owned())),
            Self::Set(texts) => {
                let owned = texts.into_iter().map(|text| Cow::Owned(text.into_owned()));
                ConditionValue::Set(owned.collect())
            }
            Self::Bool(value) => ConditionValue::Bool(value),
            Self::Integer(value) => ConditionValue::Integer(value),
            Self::Time(value) => ConditionValue::Time(value),
            Self::Address(value) => ConditionValue::Address(value),
            Self::Unknown => ConditionValue::Unknown,
        }
    }

    fn is_too_long(&self) -> bool {
        match self {
            Self::Text(text) => text.len() > MAX_TEXT_BYTES,
            Self::Set(texts) => texts.iter().any(|text| text.len() > MAX_TEXT_BYTES),
            Self::Bool(_) | Self::Integer(_) | Self::Time(_) | Self::Address(_) | Self::Unknown => {
                false
            }
        }
    }

    /// All values as texts, for display.
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::Set(texts) => texts.iter().map(|text| text.clone().into_owned()).collect(),
            Self::Unknown => vec!["(unknown)".to_owned()],
            Self::Text(_) | Self::Bool(_) | Self::Integer(_) | Self::Time(_) | Self::Address(_) => {
                self.text()
                    .map(|text| text.to_string())
                    .into_iter()
                    .collect()
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
            context.variable("aws:PrincipalTag/Team"),
            VariableValue::Text("red".into())
        );
    }

    #[test]
    fn a_text_of_more_than_8_kib_is_unknown_and_not_cut() {
        let mut context = ConditionContext::new();
        context.set("aws:a", "a".repeat(MAX_TEXT_BYTES).into());
        context.set("aws:b", "a".repeat(MAX_TEXT_BYTES + 1).into());
        let long = "a".repeat(MAX_TEXT_BYTES + 1).into();
        context.set("aws:c", ConditionValue::Set(vec!["a".into(), long]));
        assert!(matches!(
            context.get("aws:a"),
            Some(ConditionValue::Text(_))
        ));
        assert_eq!(context.get("aws:b"), Some(&ConditionValue::Unknown));
        assert_eq!(context.get("aws:c"), Some(&ConditionValue::Unknown));
    }

    #[test]
    fn further_keys_of_a_prefix_are_unknown_and_not_absent() {
        let names = ["groups".into(), "a:b".into()];
        let mut context = ConditionContext::new();
        context.set("iss.example:443:sub", "ann".into());
        context.set_unknown("iss.example:443", &names);
        assert_eq!(
            context.get("ISS.example:443:Groups"),
            Some(&ConditionValue::Unknown)
        );
        assert_eq!(
            context.get("iss.example:443:a:b"),
            Some(&ConditionValue::Unknown)
        );
        assert_eq!(context.get("iss.example:443:sub"), Some(&"ann".into()));
        for absent in [
            "iss.example:groups",
            "iss.example:443",
            "iss.example:443:group",
            "ü",
        ] {
            assert_eq!(context.get(absent), None, "{absent}");
        }
    }

    #[test]
    fn a_set_of_one_value_is_not_a_single_value() {
        let mut context = ConditionContext::new();
        context.set("aws:TagKeys", ConditionValue::Set(vec!["team".into()]));
        context.set("aws:none", ConditionValue::Set(Vec::new()));
        assert_eq!(context.variable("aws:TagKeys"), VariableValue::Unknown);
        assert_eq!(context.variable("aws:none"), VariableValue::Absent);
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
