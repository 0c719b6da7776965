//! Conditions: one operator, one key, and the values that a policy expects.
//!
//! All conditions of a statement must hold. One holds if any of its values matches, or, for a
//! negated operator, if none does (IAM User Guide, "Conditions with multiple context keys or
//! values"). [`Condition::evaluate`] defines the meaning of absent keys, of sets of values and of values in
//! doubt.

mod date;
mod decimal;
mod error;
mod expected;
mod operator;

use std::borrow::Cow;

use crate::{
    context::{ConditionContext, ConditionValue},
    pattern::Variables,
    truth::Truth,
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

    /// What the condition says about a request.
    ///
    /// An absent key fails a positive operator and passes a negated one; `IfExists` and
    /// `ForAllValues` pass it, `ForAnyValue` does not. A set without values counts as an absent
    /// key. A set with values under an operator without a set operator is in doubt: AWS says that
    /// it never matches, and writers of denies expect it to match. So it is read both ways, as any
    /// value and as every value. An [unknown](ConditionValue::Unknown) value is in doubt under
    /// every operator, and so is a value that the operator cannot compare.
    pub fn evaluate(&self, context: &ConditionContext<'_>) -> Truth {
        let value = context.get(&self.key);
        if let Some(ConditionValue::Unknown) = value {
            return Truth::Uncertain;
        }
        if let ExpectedValues::Null(expected) = &self.expected {
            let absent = value
                .is_none_or(|value| matches!(value, ConditionValue::Set(set) if set.is_empty()));
            return expected.contains(&absent).into();
        }
        let negated = self.operator.negated;
        let passes = |value: &ConditionValue<'_>| {
            let matches = self.expected.matches(value, context);
            if negated { !matches } else { matches }
        };
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
            (Qualifier::One, Some(set)) => {
                let (any, every) = (
                    Truth::any(set.iter().map(passes_text)),
                    Truth::all(set.iter().map(passes_text)),
                );
                if any.is_possible() || every.is_possible() {
                    Truth::Uncertain
                } else {
                    Truth::No
                }
            }
            // A single empty string is an empty set (IAM User Guide, "Set operators for multivalued
            // context keys").
            (Qualifier::All, None) if is_empty(value) => Truth::Yes,
            (Qualifier::One | Qualifier::All | Qualifier::Any, None) => passes(value),
            (Qualifier::All, Some([only])) if only.is_empty() => Truth::Yes,
            (Qualifier::All, Some(set)) => Truth::all(set.iter().map(passes_text)),
            (Qualifier::Any, Some(set)) => Truth::any(set.iter().map(passes_text)),
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
