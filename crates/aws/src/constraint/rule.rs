//! The constraints of one shape.

use super::pattern::Pattern;

/// The constraints on a shape's values. The generated tables build them as constants.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// The minimum and maximum: of characters, of members, or of the value.
    pub(super) least: Option<i64>,
    pub(super) most: Option<i64>,
    pub(super) pattern: Option<&'static Pattern>,
    /// The allowed values, in the model's order; empty if any is.
    pub(super) values: &'static [&'static str],
    /// Whether values are kept out of messages.
    pub(super) sensitive: bool,
    /// The rule of a list's members or a map's values.
    pub(super) member: Option<&'static Self>,
    /// The rule of a map's keys.
    pub(super) key: Option<&'static Self>,
}

impl Rule {
    /// Anything of the right type.
    pub(crate) const ANY: Self = Self {
        least: None,
        most: None,
        pattern: None,
        values: &[],
        sensitive: false,
        member: None,
        key: None,
    };

    pub(crate) const fn least(mut self, least: i64) -> Self {
        self.least = Some(least);
        self
    }

    pub(crate) const fn most(mut self, most: i64) -> Self {
        self.most = Some(most);
        self
    }

    pub(crate) const fn pattern(mut self, pattern: &'static Pattern) -> Self {
        self.pattern = Some(pattern);
        self
    }

    pub(crate) const fn values(mut self, values: &'static [&'static str]) -> Self {
        self.values = values;
        self
    }

    pub(crate) const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    pub(crate) const fn of(mut self, member: &'static Self) -> Self {
        self.member = Some(member);
        self
    }

    /// Whether a text satisfies every constraint.
    pub(super) fn admits(&self, text: &str) -> bool {
        let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        self.least.is_none_or(|least| length >= least)
            && self.most.is_none_or(|most| length <= most)
            && self.pattern.is_none_or(|pattern| pattern.matches(text))
            && (self.values.is_empty() || self.values.contains(&text))
    }

    pub(crate) const fn keyed(mut self, key: &'static Self) -> Self {
        self.key = Some(key);
        self
    }
}
