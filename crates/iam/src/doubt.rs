//! Why an element of a statement is in doubt, for explanations. A decision needs only that it is:
//! see [`Truth`].

use std::fmt;

use crate::{
    condition::ConditionRef,
    context::{ConditionContext, ConditionValue},
    pattern::{MAX_TEXT_BYTES, PatternRef},
    request::AuthorizationRequest,
    statement::{Element, StatementRef},
    truth::Truth,
};

/// Why an element is in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The key can have several values, and the operator has no set operator.
    SeveralValues {
        /// Whether the condition matches if it asks for any of the values.
        any: Truth,
        /// Whether it matches if it asks for every value.
        every: Truth,
    },
    /// The value of the key is not known.
    UnknownValue,
    /// The operator cannot compare a value of the key.
    Incomparable,
    /// A pattern of an ARN has fewer than six segments.
    ShortArn,
    /// The values of these variables are not known, or they can have several.
    UnknownVariables(Vec<String>),
    /// These variables of a `NotResource` have no value.
    MissingVariables(Vec<String>),
    /// A variable precedes the resource part of an ARN.
    MisplacedVariable,
    /// The ARN of the resource is too long to be matched.
    LongResource,
    /// The decision took all its steps.
    Exhausted,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SeveralValues { any, every } => write!(
                f,
                "the key can have several values and the operator has neither ForAnyValue nor \
                 ForAllValues: AWS says that it never matches; read as any value it {}, read as \
                 every value it {}",
                verb(*any),
                verb(*every)
            ),
            Self::UnknownValue => f.write_str("the value of the key is not known"),
            Self::Incomparable => f.write_str("the operator cannot compare the value"),
            Self::ShortArn => f.write_str(
                "a pattern has fewer than the six segments of an ARN: AWS says that it never \
                 matches; read as a text it matches",
            ),
            Self::UnknownVariables(keys) => write!(
                f,
                "the value of {} is not known, or there are several",
                keys.join(", ")
            ),
            Self::MissingVariables(keys) => write!(
                f,
                "{} has no value, so it is not known what is excluded",
                keys.join(", ")
            ),
            Self::MisplacedVariable => {
                f.write_str("AWS does not allow a variable before the resource part of an ARN")
            }
            Self::LongResource => write!(
                f,
                "the ARN of the resource has more than {MAX_TEXT_BYTES} bytes"
            ),
            Self::Exhausted => f.write_str("the policies take too long to evaluate"),
        }
    }
}

fn verb(matches: Truth) -> &'static str {
    match matches {
        Truth::No => "does not match",
        Truth::Uncertain => "could match",
        Truth::Yes => "matches",
    }
}

/// The elements of a statement that are in doubt.
pub(crate) fn of_statement<'p>(
    statement: StatementRef<'p>,
    request: &AuthorizationRequest<'_>,
) -> Vec<(Element<'p>, Doubt)> {
    let conditions = statement.conditions().map(Element::Condition);
    let elements = [Element::Resource].into_iter().chain(conditions);
    let doubts = elements.filter_map(|element| {
        let doubt = of_element(statement, element, request)?;
        Some((element, doubt))
    });
    doubts.collect()
}

/// Why one element of a statement is in doubt; `None` if it is not.
pub(crate) fn of_element(
    statement: StatementRef<'_>,
    element: Element<'_>,
    request: &AuthorizationRequest<'_>,
) -> Option<Doubt> {
    let context = request.context;
    if context.is_exhausted() && !matches!(element, Element::Principal | Element::Action) {
        return Some(Doubt::Exhausted);
    }
    context.without_spending(|| match element {
        // These match or do not.
        Element::Principal | Element::Action => None,
        Element::Resource => {
            let matches = statement.matches_resource(request);
            (matches == Truth::Uncertain).then(|| of_resource(statement, request))
        }
        Element::Condition(condition) => {
            let matches = condition.evaluate(context);
            (matches == Truth::Uncertain).then(|| of_condition(condition, context))
        }
    })
}

fn of_resource(statement: StatementRef<'_>, request: &AuthorizationRequest<'_>) -> Doubt {
    if request.resource.arn.len() > MAX_TEXT_BYTES {
        return Doubt::LongResource;
    }
    let unknown = unknown_variables(statement.resources(), request.context);
    if !unknown.is_empty() {
        return Doubt::UnknownVariables(unknown);
    }
    let resources = statement.resources();
    let missing: Vec<_> = resources.flat_map(|p| p.missing(request.context)).collect();
    if statement.has_not_resources() && !missing.is_empty() {
        return Doubt::MissingVariables(missing);
    }
    Doubt::MisplacedVariable
}

fn of_condition(condition: ConditionRef<'_>, context: &ConditionContext<'_>) -> Doubt {
    let value = context.get(condition.key);
    if let Some(ConditionValue::Unknown) = value {
        return Doubt::UnknownValue;
    }
    if let Some(ConditionValue::Set(set)) = value
        && let Some((any, every)) = condition.readings_of_set(set, context)
    {
        return Doubt::SeveralValues { any, every };
    }
    let unknown = unknown_variables(condition.patterns(), context);
    if !unknown.is_empty() {
        return Doubt::UnknownVariables(unknown);
    }
    if value.is_some_and(|value| condition.compares(value)) {
        return Doubt::ShortArn;
    }
    Doubt::Incomparable
}

fn unknown_variables<'p>(
    patterns: impl Iterator<Item = PatternRef<'p>>,
    context: &ConditionContext<'_>,
) -> Vec<String> {
    patterns.flat_map(|p| p.unknown(context)).collect()
}
