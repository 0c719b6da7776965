//! Conditions: one operator, one key, and the values that a policy asks for.
//!
//! A statement's conditions all have to hold; one holds if any of its values does, or for a negated operator none (IAM User Guide,
//! "Conditions with multiple context keys or values"). What an absent key and a set of values mean is in [`Condition::holds`].

mod date;
mod decimal;
mod operator;
mod test;

use crate::{
    context::{ConditionContext, ConditionValue},
    effect::Effect,
    pattern::{PatternError, Variables},
};

pub use self::operator::{InvalidOperator, Operator};
use self::{operator::Qualifier, test::Test};

/// One condition of a statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    operator: Operator,
    key: Box<str>,
    expected: Box<[Box<str>]>,
    test: Test,
}

/// Why a condition cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// It has no values.
    #[error("has no values")]
    NoValues,
    /// A value that its operator cannot compare.
    #[error("has the value `{value}`, which is not {expected}")]
    Value {
        /// The value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A variable that cannot be read.
    #[error("has the value `{value}`, which {problem}")]
    Variable {
        /// The value.
        value: String,
        /// What is wrong.
        problem: PatternError,
    },
}

impl Condition {
    /// Reads a condition.
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
            test: Test::new(operator.family, values, variables)?,
            operator,
            key: key.into(),
            expected: values.iter().map(|value| (*value).into()).collect(),
        })
    }

    /// The operator.
    pub fn operator(&self) -> &Operator {
        &self.operator
    }

    /// The key, as it is written.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The values that are asked for, as they are written.
    pub fn expected(&self) -> impl Iterator<Item = &str> {
        self.expected.iter().map(|value| &**value)
    }

    /// Whether it holds for a request.
    ///
    /// An absent key fails a positive operator and passes a negated one; `IfExists` and `ForAllValues` pass it, `ForAnyValue` does not.
    /// A plain operator never matches a key that has a set of values. A negated one is not documented there: it then does whatever
    /// allows less, which is why the statement's effect counts. It counts for a value that is not known, too.
    pub fn holds(&self, context: &ConditionContext<'_>, effect: Effect) -> bool {
        let value = context.get(&self.key);
        if let Some(ConditionValue::Unknown) = value {
            return effect == Effect::Deny;
        }
        if let Test::Null(wanted) = &self.test {
            let absent = value
                .is_none_or(|value| matches!(value, ConditionValue::Set(set) if set.is_empty()));
            return wanted.contains(&absent);
        }
        let negated = self.operator.negated;
        let passes = |value: &ConditionValue<'_>| self.test.matches(value, context) != negated;
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
            // A single empty text is a set of nothing (IAM User Guide, "Set operators for multivalued context keys").
            (Qualifier::All, None) => is_empty(value) || passes(value),
            (Qualifier::All, Some([only])) if only.is_empty() => true,
            (Qualifier::All, Some(set)) => set.iter().all(|text| passes(&borrowed(text))),
            (Qualifier::Any, Some(set)) => set.iter().any(|text| passes(&borrowed(text))),
        }
    }

    /// The variables in its values that this request has nothing for.
    pub(crate) fn missing(&self, context: &ConditionContext<'_>) -> Vec<String> {
        self.test.missing(context)
    }
}

fn is_empty(value: &ConditionValue<'_>) -> bool {
    matches!(value, ConditionValue::Text(text) if text.is_empty())
}

fn borrowed(text: &str) -> ConditionValue<'_> {
    ConditionValue::from(text)
}

#[cfg(test)]
mod tests;
