//! The values that a condition expects: checked once for the family of its operator, and compared
//! as the policy spells them.

use std::net::IpAddr;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ipnet::IpNet;

use super::{
    date::{self, Nanoseconds},
    decimal::Decimal,
    error::ConditionError,
    operator::Family,
};
use crate::{
    context::{ConditionContext, ConditionValue},
    pattern::{
        MAX_TEXT_BYTES, Match, PatternRef, PatternSpan, Variables, Wildcards, has_six_segments,
    },
    truth::Truth,
};

/// The steps for each value that is compared as a text, and for one that is parsed.
const STEPS: usize = 4;
const PARSE_STEPS: usize = 64;
/// The most characters of a value that an error shows.
const MAX_SHOWN_CHARS: usize = 128;

/// Checks a value for operators of a family, and appends it to the text of its policy.
pub(super) fn parse(
    into: &mut String,
    family: Family,
    value: &str,
    variables: Variables,
) -> Result<PatternSpan, ConditionError> {
    let (comparable, expected) = match family {
        Family::Text | Family::TextIgnoringCase | Family::TextLike | Family::Arn => (true, ""),
        Family::Number(_) => (Decimal::parse(value).is_some(), "a number"),
        Family::Date(_) => {
            let expected = "a date such as `2026-11-24T01:02:03Z`";
            (date::parse(value).is_some(), expected)
        }
        Family::Bool | Family::Null => (truth(value).is_some(), "`true` or `false`"),
        Family::Binary => (is_base64(value), "base64"),
        Family::Address => (network(value).is_some(), "an IP address or network"),
    };
    if !comparable {
        return Err(ConditionError::Value {
            value: shortened(value),
            expected,
        });
    }
    let span = match family {
        Family::Text | Family::TextIgnoringCase => {
            PatternSpan::parse(into, value, Wildcards::Literal, variables)
        }
        Family::TextLike | Family::Arn => {
            PatternSpan::parse(into, value, Wildcards::Expand, variables)
        }
        Family::Number(_)
        | Family::Date(_)
        | Family::Bool
        | Family::Null
        | Family::Binary
        | Family::Address => PatternSpan::plain(into, value),
    };
    span.map_err(|problem| ConditionError::Variable {
        value: shortened(value),
        problem,
    })
}

/// Whether any of the expected values matches `value`. In doubt if the operator cannot compare it.
pub(super) fn matches<'p>(
    family: Family,
    mut expected: impl Iterator<Item = PatternRef<'p>>,
    value: &ConditionValue<'_>,
    context: &ConditionContext<'_>,
) -> Truth {
    context.spend(STEPS);
    match family {
        Family::Text | Family::TextLike => {
            any_pattern(value, context, expected, |pattern, text| {
                pattern.matches(text, context)
            })
        }
        Family::TextIgnoringCase => any_pattern(value, context, expected, |pattern, text| {
            pattern.matches_ignoring_case(text, context)
        }),
        Family::Arn => any_pattern(value, context, expected, |pattern, text| {
            pattern.matches_arn(text, context)
        }),
        Family::Number(comparison) => any(decimal(value), expected, |actual, text| {
            context.spend(PARSE_STEPS);
            Decimal::parse(text).is_some_and(|expected| comparison.holds(actual.cmp(&expected)))
        }),
        Family::Date(comparison) => any(instant(value), expected, |actual, text| {
            context.spend(PARSE_STEPS);
            date::parse(text).is_some_and(|expected| comparison.holds(actual.cmp(&expected)))
        }),
        Family::Bool | Family::Null => any(boolean(value), expected, |actual, text| {
            truth(text) == Some(*actual)
        }),
        // Base64 has one spelling for each value.
        Family::Binary => match value.text() {
            Some(text) if is_base64(&text) => expected.any(|one| one.text == &*text).into(),
            Some(_) | None => Truth::Uncertain,
        },
        Family::Address => any(address(value), expected, |actual, text| {
            context.spend(PARSE_STEPS);
            is_in_network(*actual, text)
        }),
    }
}

/// Whether `null` is among the expected values of `Null`: the key is expected to be absent.
pub(super) fn expects<'p>(
    mut expected: impl Iterator<Item = PatternRef<'p>>,
    absent: bool,
) -> bool {
    expected.any(|one| truth(one.text) == Some(absent))
}

/// Whether a value that can be compared matches any of these; in doubt if it cannot.
fn any<'p, V>(
    value: Option<V>,
    mut expected: impl Iterator<Item = PatternRef<'p>>,
    matches: impl Fn(&V, &str) -> bool,
) -> Truth {
    let Some(value) = value else {
        return Truth::Uncertain;
    };
    expected.any(|one| matches(&value, one.text)).into()
}

fn any_pattern<'p>(
    value: &ConditionValue<'_>,
    context: &ConditionContext<'_>,
    patterns: impl Iterator<Item = PatternRef<'p>>,
    matches: impl Fn(PatternRef<'p>, &str) -> Match,
) -> Truth {
    let Some(text) = value.text() else {
        return Truth::Uncertain;
    };
    Truth::any(patterns.inspect(|_| context.spend(STEPS)).map(|pattern| {
        match matches(pattern, &text) {
            Match::Yes => Truth::Yes,
            // A variable without a value matches nothing, so that a negated operator holds (IAM
            // User Guide, "Policy variables with no value").
            Match::No | Match::Unresolved => Truth::No,
            Match::Uncertain => Truth::Uncertain,
        }
    }))
}

/// Whether operators of a family can compare a value.
pub(super) fn compares(family: Family, value: &ConditionValue<'_>) -> bool {
    if let ConditionValue::Set(set) = value {
        return set.iter().all(|one| compares(family, &(&**one).into()));
    }
    match family {
        Family::Text | Family::TextIgnoringCase | Family::TextLike | Family::Null => true,
        Family::Arn => value.text().is_some_and(|text| has_six_segments(&text)),
        Family::Number(_) => decimal(value).is_some(),
        Family::Date(_) => instant(value).is_some(),
        Family::Bool => boolean(value).is_some(),
        Family::Binary => value.text().is_some_and(|text| is_base64(&text)),
        Family::Address => address(value).is_some(),
    }
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

fn is_base64(text: &str) -> bool {
    let mut decoded = [0; MAX_TEXT_BYTES];
    text.len() <= MAX_TEXT_BYTES && STANDARD.decode_slice(text, &mut decoded).is_ok()
}

/// Whether an address is in a network. Host bits of the network are ignored.
fn is_in_network(address: IpAddr, text: &str) -> bool {
    match (address, usual_network(text.as_bytes())) {
        (IpAddr::V4(address), Some((network, prefix))) => {
            let differing = address.to_bits() ^ network;
            // Without a prefix all bits are of the host.
            differing.checked_shr(32 - u32::from(prefix)) == Some(0) || prefix == 0
        }
        (IpAddr::V6(_), Some(_)) => false,
        (_, None) => network(text).is_some_and(|network| network.contains(&address)),
    }
}

/// Parses a network. A single address is a network of its own.
fn network(text: &str) -> Option<IpNet> {
    let Some((address, prefix)) = text.split_once('/') else {
        return text
            .parse::<IpAddr>()
            .ok()
            .map(|ip| ip.to_canonical().into());
    };
    // As IPv4-mapped addresses, an IPv4-mapped network is an IPv4 network.
    let address: IpAddr = address.parse().ok()?;
    let is_number = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
    let prefix: u8 = prefix.parse().ok().filter(|_| is_number)?;
    let network = IpNet::new(address, prefix).ok()?;
    let mapped = address.to_canonical();
    match prefix.checked_sub(96) {
        Some(prefix) if mapped.is_ipv4() && address.is_ipv6() => IpNet::new(mapped, prefix).ok(),
        Some(_) | None => Some(network),
    }
}

/// The address and the prefix length of an IPv4 network without superfluous zeros: most networks
/// are spelled so, and this takes a quarter of the time.
fn usual_network(text: &[u8]) -> Option<(u32, u8)> {
    let mut address = 0_u32;
    let (mut number, mut digits, mut dots) = (0_u32, 0, 0);
    let mut bytes = text.iter();
    loop {
        match *bytes.next()? {
            digit @ b'0'..=b'9' if digits < 3 && (digits == 0 || number > 0) => {
                number = number * 10 + u32::from(digit - b'0');
                digits += 1;
            }
            end @ (b'.' | b'/') if digits > 0 && number < 256 => {
                address = address << 8 | number;
                (number, digits) = (0, 0);
                if end == b'/' {
                    break;
                }
                dots += 1;
            }
            _ => return None,
        }
    }
    let prefix = match *bytes.as_slice() {
        [digit @ b'0'..=b'9'] => digit - b'0',
        [tens @ b'1'..=b'3', ones @ b'0'..=b'9'] => (tens - b'0') * 10 + (ones - b'0'),
        _ => return None,
    };
    (dots == 3 && prefix <= 32).then_some((address, prefix))
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

fn boolean(value: &ConditionValue<'_>) -> Option<bool> {
    match value {
        ConditionValue::Bool(actual) => Some(*actual),
        ConditionValue::Text(text) => truth(text),
        ConditionValue::Set(_)
        | ConditionValue::Integer(_)
        | ConditionValue::Time(_)
        | ConditionValue::Address(_)
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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::{prop_assert_eq, proptest};

    use super::*;

    /// The same by the libraries alone.
    fn by_the_libraries(address: IpAddr, text: &str) -> bool {
        network(text).is_some_and(|network| network.contains(&address))
    }

    #[test]
    fn a_network_that_is_spelled_as_usual_has_the_addresses_that_it_has_by_the_libraries() {
        let addresses = [
            "0.0.0.0",
            "10.0.0.1",
            "10.128.0.0",
            "255.255.255.255",
            "::1",
        ];
        for text in [
            "0.0.0.0/0",
            "10.0.0.0/8",
            "10.1.2.3/9",
            "10.0.0.1/32",
            "255.255.255.255/31",
            "255.255.255.255/33",
            "256.0.0.0/8",
            "10.0.0/8",
            "10.0.0.0.0/8",
            "10..0.0/8",
            "010.0.0.0/8",
            "00.0.0.0/8",
            "10.0.0.0/",
            "10.0.0.0/08",
            "10.0.0.0/-1",
            "10.0.0.0/39",
            "10.0.0.0/8 ",
            "/8",
            "1000.0.0.0/8",
            "10.0.0.1",
            "::/0",
            "::ffff:10.0.0.0/104",
        ] {
            for address in addresses.map(|text| text.parse::<IpAddr>().unwrap()) {
                let expected = by_the_libraries(address, text);
                assert_eq!(
                    is_in_network(address, text),
                    expected,
                    "{address} in {text}"
                );
            }
        }
        for usual in ["10.0.0.0/8", "0.0.0.0/0", "203.0.113.7/32"] {
            assert!(usual_network(usual.as_bytes()).is_some(), "{usual}");
        }
    }

    proptest! {
        #[test]
        fn every_network_has_the_addresses_that_it_has_by_the_libraries(
            text in "[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}/[0-9]{1,2}",
            near: u32,
        ) {
            let address = usual_network(text.as_bytes()).map_or(near, |(network, _)| {
                network ^ near.checked_shr(near % 33).unwrap_or_default()
            });
            let address = IpAddr::from(Ipv4Addr::from_bits(address));
            prop_assert_eq!(is_in_network(address, &text), by_the_libraries(address, &text));
        }
    }
}
