//! Conditions: one operator, one key, and the values that a policy expects.
//!
//! All conditions of a statement must hold. One holds if any of its values matches, or, for a
//! negated operator, if none does (IAM User Guide, "Conditions with multiple context keys or
//! values"). [`Condition::holds`] defines the meaning of absent keys and of sets of values.

mod date;
mod decimal;
mod error;
mod expected;
mod operator;

use crate::{
    context::{ConditionContext, ConditionValue},
    effect::Effect,
    pattern::Variables,
};

pub use self::{
    error::ConditionError,
    operator::{InvalidOperator, Operator},
};
use self::{expected::ExpectedValues, operator::Qualifier};

/// One condition of a statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    operator: Operator,
    key: Box<str>,
    /// The values as the policy spells them.
    texts: Box<[Box<str>]>,
    expected: ExpectedValues,
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
        if values.is_empty() {
            return Err(ConditionError::NoValues);
        }
        Ok(Self {
            expected: ExpectedValues::new(operator.family, values, variables)?,
            operator,
            key: key.into(),
            texts: values.iter().map(|value| (*value).into()).collect(),
        })
    }

    /// The operator.
    pub fn operator(&self) -> &Operator {
        &self.operator
    }

    /// The key, as the policy spells it.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The expected values, as the policy spells them.
    pub fn expected(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|value| &**value)
    }

    /// Whether the condition holds for a request.
    ///
    /// An absent key fails a positive operator and passes a negated one; `IfExists` and
    /// `ForAllValues` pass it, `ForAnyValue` does not. A plain operator never matches a key that
    /// has a set of values. AWS does not document a negated plain operator for such a key: it then
    /// does what allows less, which depends on the effect of the statement. So does a value that
    /// is [unknown](ConditionValue::Unknown).
    pub fn holds(&self, context: &ConditionContext<'_>, effect: Effect) -> bool {
        let value = context.get(&self.key);
        if let Some(ConditionValue::Unknown) = value {
            return effect == Effect::Deny;
        }
        if let ExpectedValues::Null(expected) = &self.expected {
            let absent = value
                .is_none_or(|value| matches!(value, ConditionValue::Set(set) if set.is_empty()));
            return expected.contains(&absent);
        }
        let negated = self.operator.negated;
        let passes = |value: &ConditionValue<'_>| self.expected.matches(value, context) != negated;
        let Some(value) = value else {
            return match self.operator.qualifier {
                Qualifier::One => negated || self.operator.if_exists,
                Qualifier::All => true,
                Qualifier::Any => self.operator.if_exists,
            };
        };
        let set = if let ConditionValue::Set(set) = value {
            Some(set.as_slice())
        } else {
            None
        };
        match (self.operator.qualifier, set) {
            (Qualifier::One | Qualifier::Any, None) => passes(value),
            (Qualifier::One, Some([])) => negated || self.operator.if_exists,
            (Qualifier::One, Some(_)) => negated && effect == Effect::Deny,
            // A single empty string is an empty set (IAM User Guide, "Set operators for multivalued
            // context keys").
            (Qualifier::All, None) => is_empty(value) || passes(value),
            (Qualifier::All, Some([only])) if only.is_empty() => true,
            (Qualifier::All, Some(set)) => set
                .iter()
                .all(|text| passes(&ConditionValue::from(&**text))),
            (Qualifier::Any, Some(set)) => set
                .iter()
                .any(|text| passes(&ConditionValue::from(&**text))),
        }
    }

    /// The variables in the expected values that have no value in the request.
    pub(crate) fn missing(&self, context: &ConditionContext<'_>) -> Vec<String> {
        self.expected.missing(context)
    }
}

fn is_empty(value: &ConditionValue<'_>) -> bool {
    matches!(value, ConditionValue::Text(text) if text.is_empty())
}

#[cfg(test)]
mod tests;
