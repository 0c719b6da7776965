//! Conditions: one operator, one key, and the values that a policy expects.
//!
//! All conditions of a statement must hold. One holds if any of its values matches, or, for a
//! negated operator, if none does (IAM User Guide, "Conditions with multiple context keys or
//! values"). `ConditionRef::evaluate` defines the meaning of absent keys, of sets of values and of
//! values in doubt.

mod date;
mod decimal;
mod error;
mod expected;
mod operator;

use std::borrow::Cow;

use crate::{
    context::{ConditionContext, ConditionValue, Fingerprint},
    pattern::{PatternRef, PatternSpan, Variables},
    truth::Truth,
};

use self::operator::{Family, Qualifier};
pub use self::{
    error::ConditionError,
    operator::{InvalidOperator, Operator},
};

/// The steps to find a key.
const STEPS: usize = 32;

/// One condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    operator: Operator,
    /// The key, then the values.
    text: String,
    key_bytes: usize,
    values: Vec<PatternSpan>,
}

/// A condition in the text of its policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConditionRef<'p> {
    pub(crate) operator: Operator,
    /// The key, as the policy spells it.
    pub(crate) key: &'p str,
    pub(crate) print: Fingerprint,
    pub(crate) text: &'p str,
    pub(crate) values: &'p [PatternSpan],
}

impl Condition {
    /// Parses the values of a condition.
    ///
    /// # Errors
    /// [`ConditionError`], for the first value that the operator cannot compare.
    pub fn new(
        operator: Operator,
        key: &str,
        values: &[&str],
        variables: Variables,
    ) -> Result<Self, ConditionError> {
        let mut text = key.to_owned();
        let mut spans = Vec::with_capacity(values.len());
        let values = values.iter().copied();
        parse_values(operator, values, variables, &mut text, &mut spans)?;
        Ok(Self {
            operator,
            text,
            key_bytes: key.len(),
            values: spans,
        })
    }

    /// What the condition says about a request: see [`Truth`].
    pub fn evaluate(&self, context: &ConditionContext<'_>) -> Truth {
        self.borrowed().evaluate(context)
    }

    fn borrowed(&self) -> ConditionRef<'_> {
        let key = self.text.get(..self.key_bytes).unwrap_or_default();
        ConditionRef {
            operator: self.operator,
            key,
            print: Fingerprint::of(key),
            text: &self.text,
            values: &self.values,
        }
    }
}

/// Checks the values of a condition, and appends them to the text and the patterns of its policy.
pub(crate) fn parse_values<'v>(
    operator: Operator,
    values: impl Iterator<Item = &'v str>,
    variables: Variables,
    text: &mut String,
    patterns: &mut Vec<PatternSpan>,
) -> Result<(), ConditionError> {
    let before = patterns.len();
    for value in values {
        patterns.push(expected::parse(text, operator.family(), value, variables)?);
    }
    if patterns.len() == before {
        return Err(ConditionError::NoValues);
    }
    Ok(())
}

impl<'p> ConditionRef<'p> {
    /// The expected values, as the policy spells them.
    pub(crate) fn expected(&self) -> impl Iterator<Item = &'p str> {
        self.patterns().map(|pattern| pattern.text)
    }

    pub(crate) fn patterns(&self) -> impl Iterator<Item = PatternRef<'p>> {
        let text = self.text;
        self.values.iter().map(move |value| value.of(text))
    }

    /// What the condition says about a request.
    ///
    /// An absent key fails a positive operator and passes a negated one; `IfExists` and
    /// `ForAllValues` pass it, `ForAnyValue` does not. A set without values counts as an absent
    /// key. A set with values under an operator without a set operator is in doubt: AWS says that
    /// it never matches, and writers of denies expect it to match. So it is read both ways, as any
    /// value and as every value. An [unknown](ConditionValue::Unknown) value is in doubt under
    /// every operator, and so is a value that the operator cannot compare.
    pub(crate) fn evaluate(&self, context: &ConditionContext<'_>) -> Truth {
        context.spend(STEPS);
        if context.is_exhausted() {
            return Truth::Uncertain;
        }
        let value = context.get_with(self.print, self.key);
        if let Some(ConditionValue::Unknown) = value {
            return Truth::Uncertain;
        }
        if self.operator.family() == Family::Null {
            let absent = value
                .is_none_or(|value| matches!(value, ConditionValue::Set(set) if set.is_empty()));
            return expected::expects(self.patterns(), absent).into();
        }
        let negated = self.operator.negated();
        let passes = |value: &ConditionValue<'_>| self.passes(value, context);
        let Some(value) = value else {
            return Truth::from(match self.operator.qualifier {
                Qualifier::One => negated || self.operator.if_exists,
                Qualifier::All => true,
                Qualifier::Any => self.operator.if_exists,
            });
        };
        let set = if let ConditionValue::Set(set) = value {
            Some(set.as_slice())
        } else {
            None
        };
        let passes_text = |text: &Cow<'_, str>| passes(&ConditionValue::from(&**text));
        match (self.operator.qualifier, set) {
            (Qualifier::One, Some([])) => Truth::from(negated || self.operator.if_exists),
            (Qualifier::One, Some(set)) => match self.readings_of_set(set, context) {
                Some((Truth::No, Truth::No)) => Truth::No,
                Some(_) | None => Truth::Uncertain,
            },
            // A single empty string is an empty set (IAM User Guide, "Set operators for multivalued
            // context keys").
            (Qualifier::All, None) if is_empty(value) => Truth::Yes,
            (Qualifier::One | Qualifier::All | Qualifier::Any, None) => passes(value),
            (Qualifier::All, Some([only])) if only.is_empty() => Truth::Yes,
            (Qualifier::All, Some(set)) => Truth::all(set.iter().map(passes_text)),
            (Qualifier::Any, Some(set)) => Truth::any(set.iter().map(passes_text)),
        }
    }

    /// Whether one value passes the operator.
    fn passes(&self, value: &ConditionValue<'_>, context: &ConditionContext<'_>) -> Truth {
        let family = self.operator.family();
        let matches = expected::matches(family, self.patterns(), value, context);
        if self.operator.negated() {
            !matches
        } else {
            matches
        }
    }

    /// Whether any value of a set and whether every one passes, if the operator has no set
    /// operator.
    pub(crate) fn readings_of_set(
        &self,
        set: &[Cow<'_, str>],
        context: &ConditionContext<'_>,
    ) -> Option<(Truth, Truth)> {
        let each = || {
            let values = set.iter().map(|text| ConditionValue::from(&**text));
            values.map(|value| self.passes(&value, context))
        };
        let reads = self.operator.qualifier == Qualifier::One;
        reads.then(|| (Truth::any(each()), Truth::all(each())))
    }

    /// Whether the operator can compare a value, which may match or not.
    pub(crate) fn compares(&self, value: &ConditionValue<'_>) -> bool {
        expected::compares(self.operator.family(), value)
    }

    /// The variables in the expected values that have no value in the request.
    pub(crate) fn missing(&self, context: &ConditionContext<'_>) -> Vec<String> {
        self.patterns().flat_map(|p| p.missing(context)).collect()
    }
}

fn is_empty(value: &ConditionValue<'_>) -> bool {
    matches!(value, ConditionValue::Text(text) if text.is_empty())
}

#[cfg(test)]
mod tests;
