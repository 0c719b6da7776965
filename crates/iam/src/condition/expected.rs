//! The values that a condition expects, parsed once for the family of its operator.

use std::net::IpAddr;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ipnet::IpNet;

use super::{
    date::{self, Nanoseconds},
    decimal::Decimal,
    error::ConditionError,
    operator::{Comparison, Family},
};
use crate::{
    context::{ConditionContext, ConditionValue},
    pattern::{ArnPattern, Match, Pattern, PatternError, Variables},
    truth::Truth,
};

/// The most characters of a value that an error shows.
const MAX_SHOWN_CHARS: usize = 128;

/// The expected values of a condition, at least one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ExpectedValues {
    Text(Vec<Pattern>),
    TextIgnoringCase(Vec<Pattern>),
    Number(Comparison, Vec<Decimal>),
    Date(Comparison, Vec<Nanoseconds>),
    Bool(Vec<bool>),
    Binary(Vec<Vec<u8>>),
    Address(Vec<IpNet>),
    Arn(Vec<ArnPattern>),
    /// Whether the key is expected to be absent.
    Null(Vec<bool>),
}

impl ExpectedValues {
    pub(super) fn new(
        family: Family,
        values: &[&str],
        variables: Variables,
    ) -> Result<Self, ConditionError> {
        let text = |value: &str| Pattern::parse_literal(value, variables);
        Ok(match family {
            Family::Text => Self::Text(patterns(values, text)?),
            Family::TextIgnoringCase => Self::TextIgnoringCase(patterns(values, text)?),
            Family::TextLike => {
                Self::Text(patterns(values, |value| Pattern::parse(value, variables))?)
            }
            Family::Arn => Self::Arn(patterns(values, |value| {
                ArnPattern::parse(value, variables)
            })?),
            Family::Number(comparison) => {
                Self::Number(comparison, read(values, "a number", Decimal::parse)?)
            }
            Family::Date(comparison) => Self::Date(
                comparison,
                read(values, "a date such as `2026-11-24T01:02:03Z`", date::parse)?,
            ),
            Family::Bool => Self::Bool(read(values, "`true` or `false`", truth)?),
            Family::Null => Self::Null(read(values, "`true` or `false`", truth)?),
            Family::Binary => Self::Binary(read(values, "base64", |v| STANDARD.decode(v).ok())?),
            Family::Address => Self::Address(read(values, "an IP address or network", network)?),
        })
    }

    /// Whether any of the expected values matches `value`. In doubt if the operator cannot compare
    /// it.
    pub(super) fn matches(
        &self,
        value: &ConditionValue<'_>,
        context: &ConditionContext<'_>,
    ) -> Truth {
        match self {
            Self::Text(patterns) => any_pattern(value, patterns, |pattern, text| {
                pattern.matches(text, context)
            }),
            Self::TextIgnoringCase(patterns) => any_pattern(value, patterns, |pattern, text| {
                pattern.matches_ignoring_case(text, context)
            }),
            Self::Arn(patterns) => any_pattern(value, patterns, |pattern, text| {
                pattern.matches(text, context)
            }),
            Self::Number(comparison, numbers) => {
                any(decimal(value), numbers, |actual, expected| {
                    comparison.holds(actual.cmp(expected))
                })
            }
            Self::Date(comparison, dates) => any(instant(value), dates, |actual, expected| {
                comparison.holds(actual.cmp(expected))
            }),
            Self::Bool(expected) | Self::Null(expected) => {
                let actual = match value {
                    ConditionValue::Bool(actual) => Some(*actual),
                    ConditionValue::Text(text) => truth(text),
                    ConditionValue::Set(_)
                    | ConditionValue::Integer(_)
                    | ConditionValue::Time(_)
                    | ConditionValue::Address(_)
                    | ConditionValue::Unknown => None,
                };
                any(actual, expected, |actual, expected| actual == expected)
            }
            Self::Binary(expected) => {
                let actual = value.text().and_then(|text| STANDARD.decode(&*text).ok());
                any(actual, expected, |actual, expected| actual == expected)
            }
            Self::Address(networks) => any(address(value), networks, |actual, network| {
                network.contains(actual)
            }),
        }
    }

    /// The variables that have no value in the request.
    pub(super) fn missing(&self, context: &ConditionContext<'_>) -> Vec<String> {
        match self {
            Self::Text(patterns) | Self::TextIgnoringCase(patterns) => {
                patterns.iter().flat_map(|p| p.missing(context)).collect()
            }
            Self::Arn(patterns) => patterns.iter().flat_map(|p| p.missing(context)).collect(),
            Self::Number(..)
            | Self::Date(..)
            | Self::Bool(_)
            | Self::Binary(_)
            | Self::Address(_)
            | Self::Null(_) => Vec::new(),
        }
    }
}

/// Whether a value that can be compared matches any of these; in doubt if it cannot.
fn any<V, E>(value: Option<V>, expected: &[E], matches: impl Fn(&V, &E) -> bool) -> Truth {
    let Some(value) = value else {
        return Truth::Uncertain;
    };
    expected.iter().any(|one| matches(&value, one)).into()
}

fn any_pattern<P>(
    value: &ConditionValue<'_>,
    patterns: &[P],
    matches: impl Fn(&P, &str) -> Match,
) -> Truth {
    let Some(text) = value.text() else {
        return Truth::Uncertain;
    };
    Truth::any(
        patterns
            .iter()
            .map(|pattern| match matches(pattern, &text) {
                Match::Yes => Truth::Yes,
                // A variable without a value matches nothing, so that a negated operator holds (IAM User
                // Guide, "Policy variables with no value").
                Match::No | Match::Unresolved => Truth::No,
                Match::Uncertain => Truth::Uncertain,
            }),
    )
}

fn patterns<P>(
    values: &[&str],
    parse: impl Fn(&str) -> Result<P, PatternError>,
) -> Result<Vec<P>, ConditionError> {
    let parse = |value: &&str| {
        parse(value).map_err(|problem| ConditionError::Variable {
            value: shortened(value),
            problem,
        })
    };
    values.iter().map(parse).collect()
}

fn read<T>(
    values: &[&str],
    expected: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, ConditionError> {
    let parse = |value: &&str| {
        parse(value).ok_or_else(|| ConditionError::Value {
            value: shortened(value),
            expected,
        })
    };
    values.iter().map(parse).collect()
}

fn shortened(value: &str) -> String {
    value.chars().take(MAX_SHOWN_CHARS).collect()
}

fn truth(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// Parses a network. A single address is a network of its own; host bits are ignored.
fn network(text: &str) -> Option<IpNet> {
    match text.parse::<IpAddr>() {
        Ok(address) => Some(IpNet::from(address.to_canonical())),
        Err(_) => text.parse().ok().map(canonical),
    }
}

/// An IPv4-mapped IPv6 network as an IPv4 network. The addresses of requests are mapped likewise.
fn canonical(network: IpNet) -> IpNet {
    let mapped = network.addr().to_canonical();
    let prefix = network.prefix_len().checked_sub(96);
    match prefix.filter(|_| mapped.is_ipv4() && network.addr().is_ipv6()) {
        Some(prefix) => IpNet::new(mapped, prefix).unwrap_or(network),
        None => network,
    }
}

fn address(value: &ConditionValue<'_>) -> Option<IpAddr> {
    match value {
        ConditionValue::Address(address) => Some(address.to_canonical()),
        ConditionValue::Text(text) => text.parse::<IpAddr>().ok().map(|ip| ip.to_canonical()),
        ConditionValue::Set(_)
        | ConditionValue::Bool(_)
        | ConditionValue::Integer(_)
        | ConditionValue::Time(_)
        | ConditionValue::Unknown => None,
    }
}

fn decimal(value: &ConditionValue<'_>) -> Option<Decimal> {
    Some(match value {
        ConditionValue::Integer(number) => Decimal::from(*number),
        ConditionValue::Time(time) => Decimal::from(time.as_second()),
        ConditionValue::Text(text) => Decimal::parse(text)?,
        ConditionValue::Set(_)
        | ConditionValue::Bool(_)
        | ConditionValue::Address(_)
        | ConditionValue::Unknown => return None,
    })
}

fn instant(value: &ConditionValue<'_>) -> Option<Nanoseconds> {
    match value {
        ConditionValue::Time(time) => Some(time.as_nanosecond()),
        ConditionValue::Integer(seconds) => Some(date::from_seconds(*seconds)),
        ConditionValue::Text(text) => date::parse(text),
        ConditionValue::Set(_)
        | ConditionValue::Bool(_)
        | ConditionValue::Address(_)
        | ConditionValue::Unknown => None,
    }
}
