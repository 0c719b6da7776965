//! Wildcards, variables and segments, and a comparison with a naive matcher.

use proptest::prelude::*;

use super::*;

struct Values<'a>(&'a [(&'a str, &'a str)]);

impl Lookup for Values<'_> {
    fn variable(&self, key: &str) -> VariableValue<'_> {
        let found = self
            .0
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(key));
        match found {
            None => VariableValue::Absent,
            Some((_, "(unknown)")) => VariableValue::Unknown,
            Some((_, value)) => VariableValue::Text(ValueText::Borrowed(value)),
        }
    }
}

const TEAM: Values<'_> = Values(&[("aws:PrincipalTag/team", "*"), ("aws:username", "ann")]);

fn pattern(pattern: &str, text: &str) -> Match {
    Pattern::parse(pattern, Variables::Expand)
        .unwrap()
        .matches(text, &TEAM)
}

fn resource(pattern: &str, text: &str) -> Match {
    ResourcePattern::parse(pattern, Variables::Expand)
        .unwrap()
        .matches(text, &TEAM)
}

#[test]
fn a_star_matches_line_breaks_and_a_question_mark_one_character() {
    assert_eq!(pattern("a*c", "ab\nb\rc"), Match::Yes);
    assert_eq!(pattern("a?c", "a😀c"), Match::Yes);
    assert_eq!(pattern("a?c", "ac"), Match::No);
    assert_eq!(pattern("a.c", "abc"), Match::No);
}

#[test]
fn the_value_of_a_variable_is_never_a_wildcard() {
    let text = "arn:aws:s3:::b/${aws:PrincipalTag/team}/*";
    assert_eq!(resource(text, "arn:aws:s3:::b/red/x"), Match::No);
    assert_eq!(resource(text, "arn:aws:s3:::b/*/x"), Match::Yes);
}

#[test]
fn a_variable_without_a_value_is_unresolved_not_empty() {
    assert_eq!(
        resource(
            "arn:aws:s3:::home/${aws:PrincipalTag/none}*",
            "arn:aws:s3:::home/ann"
        ),
        Match::Unresolved
    );
    assert_eq!(
        pattern("${aws:PrincipalTag/none, 'guest'}", "guest"),
        Match::Yes
    );
    assert_eq!(pattern("${AWS:UserName}", "ann"), Match::Yes);
}

#[test]
fn the_missing_variables_are_those_without_value_and_default() {
    let pattern = Pattern::parse(
        "${aws:username}/${aws:PrincipalTag/none}/${aws:PrincipalTag/other, 'x'}",
        Variables::Expand,
    )
    .unwrap();
    assert_eq!(pattern.missing(&TEAM), ["aws:PrincipalTag/none"]);
}

#[test]
fn a_pattern_has_at_most_8192_bytes() {
    let parse = |bytes| Pattern::parse(&"a".repeat(bytes), Variables::Literal);
    assert!(parse(8_192).is_ok());
    assert_eq!(parse(8_193).unwrap_err(), PatternError::Long);
}

#[test]
fn wildcards_of_a_literal_text_are_literal() {
    let literal = Pattern::parse_literal("a?c*", Variables::Expand).unwrap();
    assert_eq!(literal.matches("a?c*", &TEAM), Match::Yes);
    assert_eq!(literal.matches("abc*", &TEAM), Match::No);
    assert_eq!(literal.matches("a?cd", &TEAM), Match::No);
}

#[test]
fn escaped_characters_are_literal() {
    assert_eq!(pattern("a${*}c", "a*c"), Match::Yes);
    assert_eq!(pattern("a${*}c", "abc"), Match::No);
    assert_eq!(pattern("${$}{x}", "${x}"), Match::Yes);
    assert_eq!(pattern("5$", "5$"), Match::Yes);
}

#[test]
fn variables_of_older_documents_are_literal_text() {
    let literal = Pattern::parse("${aws:username}", Variables::Literal).unwrap();
    assert_eq!(literal.matches("ann", &TEAM), Match::No);
    assert_eq!(literal.matches("${aws:username}", &TEAM), Match::Yes);
}

#[test]
fn malformed_variables_are_rejected() {
    let error = |text| Pattern::parse(text, Variables::Expand).unwrap_err();
    assert_eq!(error("${aws:username"), PatternError::Unclosed);
    assert_eq!(error("${}"), PatternError::BadKey);
    assert_eq!(error("${aws: username}"), PatternError::BadKey);
    assert_eq!(error("${key, default}"), PatternError::BadDefault);
}

#[test]
fn a_star_inside_a_segment_stays_in_it_and_one_at_its_end_matches_beyond() {
    assert_eq!(
        resource("arn:aws:iam::1*3:role/x", "arn:aws:iam::123:role/x"),
        Match::Yes
    );
    assert_eq!(
        resource("arn:aws:iam::1*3:role/x", "arn:aws:iam::1:user/3:role/x"),
        Match::No
    );
    assert_eq!(resource("arn:aws:s3:*", "arn:aws:s3:::b/k"), Match::Yes);
    assert_eq!(
        resource("arn:aws:s3:::b/*", "arn:aws:s3:::b/x:y/z\nq"),
        Match::Yes
    );
    assert_eq!(resource("arn:aws:s3:::B/*", "arn:aws:s3:::b/x"), Match::No);
    assert_eq!(resource("arn:aws:s3", "arn:aws:s3:::b"), Match::No);
    assert_eq!(resource("*", "anything"), Match::Yes);
}

#[test]
fn a_star_stays_in_its_segment_also_if_a_variable_follows() {
    let text = "arn:aws:iam::1*3:role/${aws:username}";
    assert_eq!(resource(text, "arn:aws:iam::123:role/ann"), Match::Yes);
    assert_eq!(resource(text, "arn:aws:iam::1:user/3:role/ann"), Match::No);
}

#[test]
fn wildcards_cross_colons_only_in_the_resource_part() {
    let text = "arn:aws:dynamodb:eu-?est-1:1*3:table/a?b*c";
    let matches = |arn: &str| resource(text, arn) == Match::Yes;
    assert!(matches("arn:aws:dynamodb:eu-west-1:123:table/a:b:c"));
    assert!(matches("arn:aws:dynamodb:eu-west-1:123:table/axbc"));
    assert!(!matches("arn:aws:dynamodb:eu-:est-1:123:table/axbc"));
    assert!(!matches("arn:aws:dynamodb:eu-est-1:123:table/axbc"));
    assert!(!matches("arn:aws:dynamodb:eu-west-1:1:3:table/axbc"));
}

#[test]
fn ignoring_case_folds_letters_up_to_u00ff() {
    let equal = |a: &str, b: &str| {
        Pattern::parse_literal(a, Variables::Expand)
            .unwrap()
            .matches_ignoring_case(b, &TEAM)
    };
    assert_eq!(equal("ÄRGER*", "ärger*"), Match::Yes);
    assert_eq!(equal("a", "b"), Match::No);
    assert_eq!(equal("Ω", "ω"), Match::No);
}

#[test]
fn arn_conditions_match_segment_by_segment() {
    let arn = |pattern: &str, text: &str| {
        ArnPattern::parse(pattern, Variables::Expand)
            .unwrap()
            .matches(text, &TEAM)
    };
    assert_eq!(
        arn(
            "arn:aws:sns:*:111122223333:finance/*",
            "arn:aws:sns:eu:111122223333:finance/a:b"
        ),
        Match::Yes
    );
    assert_eq!(
        arn(
            "arn:aws:sns:*:111122223333:finance/*",
            "arn:aws:sns:eu:444455556666:x:111122223333:finance/a"
        ),
        Match::No
    );
    assert_eq!(
        arn("arn:aws:iam::*", "arn:aws:iam::111122223333:role/x"),
        Match::Uncertain
    );
    assert_eq!(
        arn("arn:aws:iam::*", "arn:aws:sts::111122223333:role/x"),
        Match::No
    );
    assert_eq!(arn("arn:aws:iam::1:role/x", "no arn"), Match::Uncertain);
    assert_eq!(arn("*", "no arn"), Match::Yes);
    let bare = ArnPattern::parse("arn:aws:iam::1:role/${a:none}", Variables::Expand).unwrap();
    assert_eq!(bare.as_str(), "arn:aws:iam::1:role/${a:none}");
    assert_eq!(bare.missing(&TEAM), ["a:none"]);
}

fn naive(pattern: &[char], text: &[char]) -> bool {
    match (pattern.first(), text.first()) {
        (None, None) => true,
        (Some('*'), _) => {
            naive(&pattern[1..], text) || (!text.is_empty() && naive(pattern, &text[1..]))
        }
        (Some('?'), Some(_)) => naive(&pattern[1..], &text[1..]),
        (Some(a), Some(b)) if a == b => naive(&pattern[1..], &text[1..]),
        _ => false,
    }
}

proptest! {
    #[test]
    fn matching_of_actions_agrees_with_the_definition(wildcards in "[ab*?]{0,8}", text in "[ab]{0,10}") {
        let (p, t): (Vec<char>, Vec<char>) = (wildcards.chars().collect(), text.chars().collect());
        let matches = glob_action(wildcards.as_bytes(), text.as_bytes());
        prop_assert_eq!(matches, naive(&p, &t));
    }

    #[test]
    fn matching_agrees_with_the_definition(wildcards in "[ab*?]{0,8}", text in "[abé]{0,10}") {
        let (p, t): (Vec<char>, Vec<char>) = (wildcards.chars().collect(), text.chars().collect());
        prop_assert_eq!(pattern(&wildcards, &text) == Match::Yes, naive(&p, &t));
        // Without colons, the rules for resources are those for plain text.
        prop_assert_eq!(resource(&format!("arn:a:b:::{wildcards}"), &format!("arn:a:b:::{text}")) == Match::Yes, naive(&p, &t));
    }
}
