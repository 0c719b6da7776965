//! Parses the names of condition operators: `StringEquals`, `ForAnyValue:StringLikeIfExists`.

use std::fmt;

/// The most characters of an invalid name that an error shows.
const MAX_SHOWN_CHARS: usize = 64;

/// A condition operator with its qualifier and suffix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    text: Box<str>,
    pub(super) family: Family,
    pub(super) negated: bool,
    pub(super) qualifier: Qualifier,
    pub(super) if_exists: bool,
}

/// What an operator compares, without its negation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Text,
    TextIgnoringCase,
    TextLike,
    Number(Comparison),
    Date(Comparison),
    Bool,
    Binary,
    Address,
    /// `ArnEquals` and `ArnLike`, which behave the same.
    Arn,
    Null,
}

/// How the request's number or date compares with the policy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// How an operator treats a key with a set of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Qualifier {
    /// No qualifier: the key has one value.
    One,
    /// `ForAllValues:`.
    All,
    /// `ForAnyValue:`.
    Any,
}

/// The text is not a condition operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a condition operator")]
pub struct InvalidOperator(String);

impl Operator {
    /// Parses the name of an operator, ignoring case.
    ///
    /// # Errors
    /// [`InvalidOperator`], also for `Null` with a qualifier or `IfExists`, which have no meaning.
    pub fn parse(text: &str) -> Result<Self, InvalidOperator> {
        let invalid = || InvalidOperator(text.chars().take(MAX_SHOWN_CHARS).collect());
        let lower = text.to_ascii_lowercase();
        let (qualifier, name) = match lower.split_once(':') {
            None => (Qualifier::One, lower.as_str()),
            Some(("forallvalues", name)) => (Qualifier::All, name),
            Some(("foranyvalue", name)) => (Qualifier::Any, name),
            Some(_) => return Err(invalid()),
        };
        let (name, if_exists) = match name.strip_suffix("ifexists") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let (family, negated) = family(name).ok_or_else(invalid)?;
        if family == Family::Null && (if_exists || qualifier != Qualifier::One) {
            return Err(invalid());
        }
        Ok(Self {
            text: text.into(),
            family,
            negated,
            qualifier,
            if_exists,
        })
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The operators of the IAM User Guide ("IAM JSON policy elements: Condition operators"), in lower
/// case.
fn family(name: &str) -> Option<(Family, bool)> {
    use Comparison as C;
    Some(match name {
        "stringequals" => (Family::Text, false),
        "stringnotequals" => (Family::Text, true),
        "stringequalsignorecase" => (Family::TextIgnoringCase, false),
        "stringnotequalsignorecase" => (Family::TextIgnoringCase, true),
        "stringlike" => (Family::TextLike, false),
        "stringnotlike" => (Family::TextLike, true),
        "numericequals" => (Family::Number(C::Equal), false),
        "numericnotequals" => (Family::Number(C::Equal), true),
        "numericlessthan" => (Family::Number(C::Less), false),
        "numericlessthanequals" => (Family::Number(C::LessOrEqual), false),
        "numericgreaterthan" => (Family::Number(C::Greater), false),
        "numericgreaterthanequals" => (Family::Number(C::GreaterOrEqual), false),
        "dateequals" => (Family::Date(C::Equal), false),
        "datenotequals" => (Family::Date(C::Equal), true),
        "datelessthan" => (Family::Date(C::Less), false),
        "datelessthanequals" => (Family::Date(C::LessOrEqual), false),
        "dategreaterthan" => (Family::Date(C::Greater), false),
        "dategreaterthanequals" => (Family::Date(C::GreaterOrEqual), false),
        "bool" => (Family::Bool, false),
        "binaryequals" => (Family::Binary, false),
        "ipaddress" => (Family::Address, false),
        "notipaddress" => (Family::Address, true),
        "arnequals" | "arnlike" => (Family::Arn, false),
        "arnnotequals" | "arnnotlike" => (Family::Arn, true),
        "null" => (Family::Null, false),
        _ => return None,
    })
}

impl Comparison {
    pub(super) fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed_with_qualifier_and_suffix_in_any_case() {
        let operator = Operator::parse("forAnyValue:stringLikeIfExists").unwrap();
        assert_eq!(operator.family, Family::TextLike);
        assert_eq!(
            (operator.negated, operator.if_exists, operator.qualifier),
            (false, true, Qualifier::Any)
        );
        assert!(Operator::parse("ArnNotEquals").unwrap().negated);
    }

    #[test]
    fn unknown_operators_are_rejected() {
        for bad in [
            "StringSounds",
            "",
            "StringEquals ",
            "ForSome:StringEquals",
            "NullIfExists",
            "ForAllValues:Null",
            "StringEqualsIfExistsIfExists",
            "ForAllValues:ForAnyValue:StringEquals",
        ] {
            assert!(Operator::parse(bad).is_err(), "{bad}");
        }
    }
}
