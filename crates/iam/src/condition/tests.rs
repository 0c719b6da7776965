//! The truth table of qualifiers, absent keys and sets, and the rules of each operator family, from
//! the IAM User Guide.

use std::borrow::Cow;

use super::*;
use crate::effect::Effect;

/// A request with this value of the key `k`.
fn context(value: Option<ConditionValue<'_>>) -> ConditionContext<'_> {
    let mut context = ConditionContext::new();
    context.set_if("k", value);
    context.set("aws:username", "ann".into());
    context
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "callers pass it where a value can be absent"
)]
fn set<'a>(values: &[&'a str]) -> Option<ConditionValue<'a>> {
    Some(ConditionValue::Set(
        values.iter().map(|v| Cow::Borrowed(*v)).collect(),
    ))
}

fn condition(operator: &str, values: &[&str]) -> Condition {
    let operator = Operator::parse(operator).unwrap();
    Condition::new(operator, "k", values, Variables::Expand).unwrap()
}

fn holds(operator: &str, values: &[&str], value: Option<ConditionValue<'_>>) -> bool {
    condition(operator, values)
        .evaluate(&context(value))
        .applies(Effect::Allow)
}

#[test]
fn absent_empty_single_and_multiple_values_follow_the_table() {
    // Absent, empty, one value that matches, one that does not, two of which one matches, two of
    // which none matches.
    let rows = [
        ("StringEquals", [false, false, true, false, false, false]),
        ("StringNotEquals", [true, true, false, true, false, false]),
        (
            "StringEqualsIfExists",
            [true, true, true, false, false, false],
        ),
        (
            "StringNotEqualsIfExists",
            [true, true, false, true, false, false],
        ),
        (
            "ForAllValues:StringEquals",
            [true, true, true, false, false, false],
        ),
        (
            "ForAllValues:StringNotEquals",
            [true, true, false, true, false, true],
        ),
        (
            "ForAnyValue:StringEquals",
            [false, false, true, false, true, false],
        ),
        (
            "ForAnyValue:StringNotEquals",
            [false, false, false, true, true, true],
        ),
        (
            "ForAnyValue:StringEqualsIfExists",
            [true, false, true, false, true, false],
        ),
    ];
    for (operator, expected) in rows {
        let values = [
            None,
            set(&[]),
            Some("a".into()),
            Some("x".into()),
            set(&["a", "x"]),
            set(&["x", "y"]),
        ];
        let actual = values.map(|value| holds(operator, &["a", "b"], value));
        assert_eq!(actual, expected, "{operator}");
    }
}

#[test]
fn undocumented_combinations_allow_less() {
    let plain = condition("StringNotEquals", &["a"]);
    let several = context(set(&["x", "y"]));
    assert_eq!(plain.evaluate(&several), Truth::Uncertain);
}

#[test]
fn a_set_under_a_plain_operator_denies_if_any_value_would() {
    for (groups, expected) in [
        (&["a", "b"][..], Truth::No),
        (&["a", "c"], Truth::Uncertain),
        (&["c"], Truth::Uncertain),
        // Without values the key counts as absent.
        (&[], Truth::No),
    ] {
        let context = context(set(groups));
        for operator in ["StringEquals", "StringLike", "StringEqualsIgnoreCase"] {
            let truth = condition(operator, &["c"]).evaluate(&context);
            assert_eq!(truth, expected, "{operator} {groups:?}");
        }
    }
}

#[test]
fn a_value_that_the_operator_cannot_compare_is_in_doubt_also_if_it_is_negated() {
    for (operator, expected, value) in [
        ("NumericEquals", "5", "five"),
        ("NumericNotEquals", "5", "five"),
        ("NumericLessThan", "5", ""),
        ("DateNotEquals", "2026", "soon"),
        ("DateGreaterThan", "2026", "soon"),
        ("Bool", "true", "yes"),
        ("BinaryEquals", "AAE=", "?"),
        ("IpAddress", "10.0.0.0/8", "host"),
        ("NotIpAddress", "10.0.0.0/8", "host"),
        ("ArnLike", "arn:aws:s3:::b", "b"),
        ("ArnNotEquals", "arn:aws:s3:::b", "b"),
        // A pattern that is not an ARN, which as a text matches.
        ("ArnLike", "arn:aws:s3*", "arn:aws:s3:::b"),
    ] {
        let condition = condition(operator, &[expected]);
        let truth = condition.evaluate(&context(Some(value.into())));
        assert_eq!(truth, Truth::Uncertain, "{operator} {value}");
    }
}

#[test]
fn one_value_that_compares_decides_beside_one_that_does_not() {
    let evaluate =
        |operator: &str| condition(operator, &["5"]).evaluate(&context(set(&["5", "five"])));
    assert_eq!(evaluate("ForAnyValue:NumericEquals"), Truth::Yes);
    assert_eq!(evaluate("ForAllValues:NumericEquals"), Truth::Uncertain);
    assert_eq!(evaluate("ForAllValues:NumericNotEquals"), Truth::No);
    assert_eq!(evaluate("ForAnyValue:NumericNotEquals"), Truth::Uncertain);
}

#[test]
fn a_variable_with_an_unknown_value_could_have_any() {
    let mut context = context(Some("home/ann".into()));
    context.set("aws:a", ConditionValue::Unknown);
    context.set("aws:b", ConditionValue::Set(vec!["x".into()]));
    for variable in ["${aws:a}", "${aws:a, 'bob'}", "${aws:b}"] {
        let evaluate = |operator: &str, expected: &str| {
            condition(operator, &[&expected.replace('V', variable)]).evaluate(&context)
        };
        assert_eq!(evaluate("StringEquals", "home/V"), Truth::Uncertain);
        assert_eq!(evaluate("StringNotEquals", "home/V"), Truth::Uncertain);
        assert_eq!(evaluate("StringEquals", "work/V"), Truth::No);
        assert_eq!(evaluate("StringNotLike", "work/V*"), Truth::Yes);
    }
}

#[test]
fn a_single_empty_string_is_an_empty_set() {
    assert!(holds("ForAllValues:StringEquals", &["a"], set(&[""])));
    assert!(holds("ForAllValues:StringEquals", &["a"], Some("".into())));
    assert!(!holds("ForAnyValue:StringEquals", &["a"], set(&[""])));
}

#[test]
fn a_negated_operator_holds_if_no_value_matches() {
    assert!(!holds("StringNotEquals", &["a", "b"], Some("a".into())));
    assert!(!holds(
        "NotIpAddress",
        &["10.0.0.0/8", "192.168.0.0/16"],
        Some("10.1.2.3".into())
    ));
    assert!(holds(
        "NotIpAddress",
        &["10.0.0.0/8", "192.168.0.0/16"],
        Some("8.8.8.8".into())
    ));
}

#[test]
fn comparisons_follow_the_table() {
    // A value that is less than 5, one that is equal, one that is greater.
    let rows = [
        ("Equals", [false, true, false]),
        ("NotEquals", [true, false, true]),
        ("LessThan", [true, false, false]),
        ("LessThanEquals", [true, true, false]),
        ("GreaterThan", [false, false, true]),
        ("GreaterThanEquals", [false, true, true]),
    ];
    for (comparison, expected) in rows {
        for (family, limit, values) in [
            ("Numeric", "5", ["4", "5.0", "5.1"]),
            (
                "Date",
                "2026-11-24T00:00:00Z",
                [
                    "2026-11-23T23:59:59Z",
                    "2026-11-24T01:30:00+01:30",
                    "2026-11-23T22:30:01-01:30",
                ],
            ),
        ] {
            let operator = format!("{family}{comparison}");
            let actual = values.map(|value| holds(&operator, &[limit], Some(value.into())));
            assert_eq!(actual, expected, "{operator}");
        }
    }
}

#[test]
fn strings_that_ignore_case_can_be_negated() {
    let operator = "StringNotEqualsIgnoreCase";
    assert!(!holds(operator, &["Ann"], Some("ann".into())));
    assert!(holds(operator, &["Ann"], Some("bob".into())));
}

#[test]
fn a_long_ipv6_prefix_is_not_an_ipv4_network() {
    let network = &["2001:db8::1:0/112"];
    assert!(holds("IpAddress", network, Some("2001:db8::1:5".into())));
    assert!(!holds("IpAddress", network, Some("2001:db8:5::1".into())));
    let mapped = &["::ffff:10.0.0.0/104"];
    assert!(holds("IpAddress", mapped, Some("10.1.2.3".into())));
    assert!(!holds("IpAddress", mapped, Some("11.1.2.3".into())));
}

#[test]
fn null_checks_whether_the_key_is_absent() {
    assert!(holds("Null", &["true"], None));
    assert!(!holds("Null", &["false"], None));
    assert!(holds("Null", &["false"], Some("".into())));
    assert!(!holds("Null", &["true"], set(&["a"])));
}

#[test]
fn strings_are_literal_except_for_like() {
    assert!(!holds("StringEquals", &["a*"], Some("ab".into())));
    assert!(holds("StringEquals", &["a*"], Some("a*".into())));
    assert!(holds("StringLike", &["a*"], Some("a\nb".into())));
    assert!(!holds("StringLike", &["A*"], Some("ab".into())));
    assert!(holds("StringEqualsIgnoreCase", &["ÄB"], Some("äb".into())));
    assert!(holds(
        "StringEquals",
        &["${aws:username}"],
        Some("ann".into())
    ));
}

#[test]
fn a_variable_without_a_value_fails_positive_operators_and_passes_negated_ones() {
    for (operator, expected) in [
        ("StringEquals", false),
        ("StringLike", false),
        ("StringNotEquals", true),
        ("StringNotLike", true),
        ("ArnNotLike", true),
    ] {
        let actual = holds(operator, &["${aws:PrincipalTag/t}"], Some("".into()));
        assert_eq!(actual, expected, "{operator}");
    }
    let condition = condition("StringEquals", &["${aws:PrincipalTag/t}"]);
    let missing = condition.borrowed().missing(&context(None));
    assert_eq!(missing, ["aws:PrincipalTag/t"]);
}

#[test]
fn numbers_and_dates_compare_by_value() {
    assert!(holds(
        "NumericLessThanEquals",
        &["10.0"],
        Some(ConditionValue::Integer(10))
    ));
    assert!(!holds("NumericEquals", &["10"], Some("10abc".into())));
    assert!(!holds(
        "NumericEquals",
        &["9007199254740993"],
        Some("9007199254740992".into())
    ));
    let now = ConditionValue::Time("2026-11-24T00:00:00Z".parse().unwrap());
    assert!(holds("DateGreaterThan", &["1767225600"], Some(now.clone())));
    assert!(!holds("DateLessThan", &["2026-11-24"], Some(now.clone())));
    assert!(holds("DateLessThanEquals", &["2026-11-24"], Some(now)));
    assert!(holds(
        "DateEquals",
        &["1970-01-01T00:00:10Z"],
        Some(ConditionValue::Integer(10))
    ));
}

#[test]
fn addresses_are_in_networks_of_their_own_kind() {
    // One kind, written in two ways.
    for network in ["::ffff:203.0.113.0/120", "::ffff:203.0.113.7/128"] {
        let of = |address: &'static str| holds("IpAddress", &[network], Some(address.into()));
        assert!(of("203.0.113.7") && of("::ffff:203.0.113.7"), "{network}");
        assert!(!of("203.0.114.7") && !of("::203.0.113.7"), "{network}");
    }
    assert!(holds(
        "IpAddress",
        &["0.0.0.0/0"],
        Some("203.0.113.7".into())
    ));
    assert!(!holds(
        "IpAddress",
        &["0.0.0.0/0"],
        Some("2001:db8::1".into())
    ));
    assert!(holds(
        "IpAddress",
        &["203.0.113.99/24"],
        Some("203.0.113.7".into())
    ));
    assert!(holds(
        "IpAddress",
        &["2001:DB8::0:1"],
        Some("2001:db8::1".into())
    ));
    assert!(holds(
        "IpAddress",
        &["127.0.0.1/32"],
        Some(ConditionValue::Address("::ffff:127.0.0.1".parse().unwrap()))
    ));
}

#[test]
fn truth_bytes_and_arns_have_their_own_equality() {
    assert!(holds("Bool", &["TRUE"], Some(ConditionValue::Bool(true))));
    assert!(!holds("Bool", &["true"], Some("yes".into())));
    assert!(holds("BinaryEquals", &["AAE="], Some("AAE=".into())));
    assert!(holds(
        "ArnEquals",
        &["arn:aws:iam::*:role/x*"],
        Some("arn:aws:iam::1:role/xy".into())
    ));
    assert!(!holds(
        "ArnLike",
        &["arn:aws:iam::*"],
        Some("arn:aws:iam::1:role/xy".into())
    ));
}

#[test]
fn values_that_cannot_be_compared_are_refused_when_they_are_read() {
    let error = |operator: &str, values: &[&str]| {
        let operator = Operator::parse(operator).unwrap();
        Condition::new(operator, "k", values, Variables::Expand).unwrap_err()
    };
    insta::assert_snapshot!(error("NumericEquals", &["1", "x"]), @"has the value `x`, which is not a number");
    insta::assert_snapshot!(error("DateEquals", &["soon"]), @"has the value `soon`, which is not a date such as `2026-11-24T01:02:03Z`");
    insta::assert_snapshot!(error("IpAddress", &["10.0.0.0/33"]), @"has the value `10.0.0.0/33`, which is not an IP address or network");
    insta::assert_snapshot!(error("StringEquals", &["${x"]), @"has the value `${x`, which has a variable without a closing brace");
    assert_eq!(error("StringEquals", &[]), ConditionError::NoValues);
}

#[test]
fn a_value_that_is_not_known_meets_what_denies_and_nothing_that_allows() {
    for operator in [
        "StringEquals",
        "StringNotEquals",
        "StringEqualsIfExists",
        "ForAllValues:StringLike",
        "ForAnyValue:StringLike",
        "ForAllValues:StringNotEquals",
        "Null",
    ] {
        let operator = Operator::parse(operator).unwrap();
        for expected in ["true", "false"] {
            let condition = Condition::new(operator, "k", &[expected], Variables::Expand).unwrap();
            let mut context = ConditionContext::new();
            context.set("k", ConditionValue::Unknown);
            assert_eq!(
                condition.evaluate(&context),
                Truth::Uncertain,
                "{operator:?}"
            );
        }
    }
}
