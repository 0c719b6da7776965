//! Parses the names of condition operators: `StringEquals`, `ForAnyValue:StringLikeIfExists`.

use std::fmt;

/// The most characters of an invalid name that an error shows.
const MAX_SHOWN_CHARS: usize = 64;

/// A condition operator with its qualifier and suffix. It is shown as AWS spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The position in [`OPERATORS`].
    number: u8,
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
        let (qualifier, name) = match text.split_once(':') {
            None => (Qualifier::One, text),
            Some((set, name)) if set.eq_ignore_ascii_case("ForAllValues") => (Qualifier::All, name),
            Some((set, name)) if set.eq_ignore_ascii_case("ForAnyValue") => (Qualifier::Any, name),
            Some(_) => return Err(invalid()),
        };
        let without_suffix = name
            .len()
            .checked_sub(IF_EXISTS.len())
            .and_then(|at| name.split_at_checked(at))
            .filter(|(_, suffix)| suffix.eq_ignore_ascii_case(IF_EXISTS));
        let (name, if_exists) = match without_suffix {
            Some((name, _)) => (name, true),
            None => (name, false),
        };
        let mut known = (0..).zip(&OPERATORS);
        let (number, (_, family, _)) = known
            .find(|(_, (known, _, _))| known.eq_ignore_ascii_case(name))
            .ok_or_else(invalid)?;
        if *family == Family::Null && (if_exists || qualifier != Qualifier::One) {
            return Err(invalid());
        }
        Ok(Self {
            number,
            qualifier,
            if_exists,
        })
    }

    pub(super) fn family(self) -> Family {
        self.row().1
    }

    pub(super) fn negated(self) -> bool {
        self.row().2
    }

    /// The row of the table. Only [`parse`](Self::parse) makes numbers, so the default is not used.
    fn row(self) -> (&'static str, Family, bool) {
        let row = OPERATORS.get(usize::from(self.number)).copied();
        row.unwrap_or(("StringEquals", Family::Text, false))
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.qualifier {
            Qualifier::One => "",
            Qualifier::All => "ForAllValues:",
            Qualifier::Any => "ForAnyValue:",
        })?;
        f.write_str(self.row().0)?;
        f.write_str(if self.if_exists { IF_EXISTS } else { "" })
    }
}

const IF_EXISTS: &str = "IfExists";

/// The operators of the IAM User Guide ("IAM JSON policy elements: Condition operators").
const OPERATORS: [(&str, Family, bool); 27] = [
    ("StringEquals", Family::Text, false),
    ("StringLike", Family::TextLike, false),
    ("StringNotEquals", Family::Text, true),
    ("StringNotLike", Family::TextLike, true),
    ("Bool", Family::Bool, false),
    ("IpAddress", Family::Address, false),
    ("NotIpAddress", Family::Address, true),
    ("ArnEquals", Family::Arn, false),
    ("ArnLike", Family::Arn, false),
    ("ArnNotEquals", Family::Arn, true),
    ("ArnNotLike", Family::Arn, true),
    ("Null", Family::Null, false),
    ("StringEqualsIgnoreCase", Family::TextIgnoringCase, false),
    ("StringNotEqualsIgnoreCase", Family::TextIgnoringCase, true),
    ("NumericEquals", Family::Number(Comparison::Equal), false),
    ("NumericNotEquals", Family::Number(Comparison::Equal), true),
    ("NumericLessThan", Family::Number(Comparison::Less), false),
    (
        "NumericLessThanEquals",
        Family::Number(Comparison::LessOrEqual),
        false,
    ),
    (
        "NumericGreaterThan",
        Family::Number(Comparison::Greater),
        false,
    ),
    (
        "NumericGreaterThanEquals",
        Family::Number(Comparison::GreaterOrEqual),
        false,
    ),
    ("DateEquals", Family::Date(Comparison::Equal), false),
    ("DateNotEquals", Family::Date(Comparison::Equal), true),
    ("DateLessThan", Family::Date(Comparison::Less), false),
    (
        "DateLessThanEquals",
        Family::Date(Comparison::LessOrEqual),
        false,
    ),
    ("DateGreaterThan", Family::Date(Comparison::Greater), false),
    (
        "DateGreaterThanEquals",
        Family::Date(Comparison::GreaterOrEqual),
        false,
    ),
    ("BinaryEquals", Family::Binary, false),
];

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
        assert_eq!(operator.family(), Family::TextLike);
        assert_eq!(
            (operator.negated(), operator.if_exists, operator.qualifier),
            (false, true, Qualifier::Any)
        );
        assert!(Operator::parse("ArnNotEquals").unwrap().negated());
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
