//! Conditions against a slow model that takes each reading of a request literally: a value that the
//! operator cannot compare matches or does not, several values under a plain operator are never
//! matched, or by any, or by every one of them, and an unknown value matches or does not.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a malformed case fails the test"
)]

#[path = "support/random.rs"]
mod random;

use std::borrow::Cow;

use bowline_iam::{
    condition::{Condition, Operator},
    context::{ConditionContext, ConditionValue},
    pattern::Variables,
    truth::Truth,
};
use random::Random;

/// The cases of a usual run.
const CASES: u64 = 150_000;

const KEY: &str = "iss:groups";

#[test]
fn conditions_agree_with_a_model_that_takes_each_reading_literally() {
    compare(CASES);
}

#[test]
#[ignore = "takes minutes"]
fn conditions_agree_with_the_model_ten_million_times() {
    compare(10_000_000);
}

fn compare(cases: u64) {
    let mut random = Random::new(1);
    let mut seen = [0_u64; 3];
    for number in 0..cases {
        let case = Case::random(&mut random);
        let model = case.model();
        let engine = case.engine();
        assert_eq!(engine, model, "case {number}: {case:?}");
        seen[match model {
            Truth::No => 0,
            Truth::Uncertain => 1,
            Truth::Yes => 2,
        }] += 1;
    }
    assert!(seen.iter().all(|count| *count > cases / 20), "{seen:?}");
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Qualifier {
    One,
    All,
    Any,
}

#[derive(Debug)]
enum Value {
    Absent,
    Unknown,
    One(&'static str),
    Several(Vec<&'static str>),
}

#[derive(Debug)]
struct Case {
    qualifier: Qualifier,
    family: &'static str,
    negated: bool,
    if_exists: bool,
    expected: Vec<&'static str>,
    value: Value,
    /// The value of the variable `aws:v`.
    variable: Value,
}

const TEXTS: [&str; 12] = [
    "",
    "a",
    "b",
    "ab",
    "a*",
    "5",
    "05",
    "six",
    "TRUE",
    "arn:a:b:c:d:a",
    "arn:a:b:c:d:b",
    "ca",
];

impl Case {
    fn random(random: &mut Random) -> Self {
        let qualifier = random.pick(&[Qualifier::One, Qualifier::All, Qualifier::Any]);
        let family = random.pick(&[
            "Equals",
            "IgnoreCase",
            "Like",
            "Numeric",
            "Less",
            "Bool",
            "Arn",
            "Null",
        ]);
        let values: &[&str] = match family {
            "Numeric" | "Less" => &["5", "5.0", "7", "-1"],
            "Bool" | "Null" => &["true", "false"],
            "Arn" => &[
                "arn:a:b:c:d:a",
                "arn:a:*:c:d:?",
                "arn:a:b*",
                "*",
                "arn:a:b:c:d:${aws:v}",
            ],
            "Like" => &["a*", "?b", "a", "*", "${aws:v}*", "${aws:v, 'b'}", "b${*}"],
            _ => &["a", "A", "a*", "ab", "${aws:v}", "${aws:v, 'b'}b", "b"],
        };
        let count = 1 + random.below(2);
        let null = family == "Null";
        Self {
            qualifier: if null { Qualifier::One } else { qualifier },
            family,
            negated: !matches!(family, "Less" | "Bool" | "Null") && random.below(2) == 0,
            if_exists: !null && random.below(3) == 0,
            expected: (0..count).map(|_| random.pick(values)).collect(),
            value: Value::random(random),
            variable: Value::random(random),
        }
    }

    fn operator(&self) -> String {
        let qualifier = match self.qualifier {
            Qualifier::One => "",
            Qualifier::All => "ForAllValues:",
            Qualifier::Any => "ForAnyValue:",
        };
        let name = match (self.family, self.negated) {
            ("Equals", false) => "StringEquals",
            ("Equals", true) => "StringNotEquals",
            ("IgnoreCase", false) => "StringEqualsIgnoreCase",
            ("IgnoreCase", true) => "StringNotEqualsIgnoreCase",
            ("Like", false) => "StringLike",
            ("Like", true) => "StringNotLike",
            ("Numeric", false) => "NumericEquals",
            ("Numeric", true) => "NumericNotEquals",
            ("Less", _) => "NumericLessThan",
            ("Bool", _) => "Bool",
            ("Arn", false) => "ArnLike",
            ("Arn", true) => "ArnNotLike",
            _ => "Null",
        };
        let suffix = if self.if_exists { "IfExists" } else { "" };
        format!("{qualifier}{name}{suffix}")
    }

    fn engine(&self) -> Truth {
        let operator = Operator::parse(&self.operator()).unwrap();
        let condition = Condition::new(operator, KEY, &self.expected, Variables::Expand).unwrap();
        let mut context = ConditionContext::new();
        context.set_if("aws:v", self.variable.of_context());
        context.set_if("ISS:Groups", self.value.of_context());
        condition.evaluate(&context)
    }

    /// Takes every reading, and says whether none, some or all of them are matches.
    fn model(&self) -> Truth {
        let mut readings = Vec::new();
        match &self.value {
            Value::Unknown => readings.extend([true, false]),
            value if self.family == "Null" => {
                let absent = match value {
                    Value::Absent => "true",
                    Value::Several(values) if values.is_empty() => "true",
                    Value::One(_) | Value::Several(_) | Value::Unknown => "false",
                };
                readings.push(self.expected.contains(&absent));
            }
            Value::Absent => readings.push(self.of_absent()),
            Value::One(value) => self.of_values(&[value], false, &mut readings),
            Value::Several(values) => self.of_values(values, true, &mut readings),
        }
        if readings.iter().all(|matches| *matches) {
            Truth::Yes
        } else if readings.contains(&true) {
            Truth::Uncertain
        } else {
            Truth::No
        }
    }

    fn of_absent(&self) -> bool {
        match self.qualifier {
            Qualifier::One => self.negated || self.if_exists,
            Qualifier::All => true,
            Qualifier::Any => self.if_exists,
        }
    }

    fn of_values(&self, values: &[&str], set: bool, readings: &mut Vec<bool>) {
        if set && values.is_empty() && self.qualifier == Qualifier::One {
            return readings.push(self.of_absent());
        }
        if values == [""] && self.qualifier == Qualifier::All {
            return readings.push(true);
        }
        // Which of the values match: every combination of what is possible.
        let mut combinations: Vec<Vec<bool>> = vec![Vec::new()];
        for value in values {
            let possible = self.compare(value);
            combinations = combinations
                .iter()
                .flat_map(|before| {
                    possible.iter().map(|matches| {
                        let mut with = before.clone();
                        with.push(*matches != self.negated);
                        with
                    })
                })
                .collect();
        }
        for passes in combinations {
            let any = passes.contains(&true);
            let every = !passes.contains(&false);
            match (self.qualifier, set) {
                (Qualifier::One, true) => readings.extend([false, any, every]),
                (Qualifier::All, _) => readings.push(every),
                (Qualifier::One | Qualifier::Any, _) => readings.push(any),
            }
        }
    }

    /// Whether any expected value matches, as far as it can be said.
    fn compare(&self, value: &str) -> Vec<bool> {
        let each: Vec<Vec<bool>> = self
            .expected
            .iter()
            .map(|one| self.compare_one(one, value))
            .collect();
        if each.contains(&vec![true]) {
            vec![true]
        } else if each.iter().any(|possible| possible.len() == 2) {
            vec![true, false]
        } else {
            vec![false]
        }
    }

    fn compare_one(&self, expected: &str, value: &str) -> Vec<bool> {
        let both = || vec![true, false];
        match self.family {
            "Numeric" | "Less" => match (expected.parse::<f64>(), value.parse::<f64>()) {
                (Ok(expected), Ok(value)) if self.family == "Less" => vec![value < expected],
                (Ok(expected), Ok(value)) => vec![(value - expected).abs() < 1e-9],
                _ => both(),
            },
            "Bool" => match value.to_lowercase().as_str() {
                truth @ ("true" | "false") => vec![truth == expected],
                _ => both(),
            },
            "Arn" if expected == "*" => vec![true],
            "Arn" => match self.pattern(expected) {
                Pattern::NoValue => vec![false],
                Pattern::Known(_) | Pattern::Unknown(_) if value.matches(':').count() < 5 => both(),
                Pattern::Unknown(symbols) => possible(glob(&symbols, value)),
                Pattern::Known(symbols) => {
                    let segments: Vec<&[char]> = symbols.splitn(6, |c| *c == ':').collect();
                    if segments.len() < 6 {
                        return possible(glob(&symbols, value));
                    }
                    let mut parts = segments.iter().zip(value.splitn(6, ':'));
                    vec![parts.all(|(segment, part)| glob(segment, part))]
                }
            },
            _ => match self.pattern(expected) {
                Pattern::NoValue => vec![false],
                Pattern::Unknown(symbols) => possible(self.text(&symbols, value)),
                Pattern::Known(symbols) => vec![self.text(&symbols, value)],
            },
        }
    }

    fn text(&self, symbols: &[char], value: &str) -> bool {
        if self.family == "IgnoreCase" {
            let lower = |c: &char| {
                if *c == STAR {
                    STAR
                } else {
                    c.to_ascii_lowercase()
                }
            };
            return glob(
                &symbols.iter().map(lower).collect::<Vec<_>>(),
                &value.to_ascii_lowercase(),
            );
        }
        glob(symbols, value)
    }

    /// The symbols of a pattern: characters, and wildcards as characters that no text has.
    fn pattern(&self, text: &str) -> Pattern {
        let wildcards = matches!(self.family, "Like" | "Arn");
        let mut symbols = Vec::new();
        let mut known = true;
        let mut rest = text;
        while !rest.is_empty() {
            let Some(variable) = rest.strip_prefix("${") else {
                let c = rest.chars().next().unwrap();
                rest = &rest[c.len_utf8()..];
                symbols.push(match c {
                    '*' if wildcards => STAR,
                    '?' if wildcards => ANY,
                    other => other,
                });
                continue;
            };
            let (inner, after) = variable.split_once('}').unwrap();
            rest = after;
            if inner == "*" {
                symbols.push('*');
                continue;
            }
            let default = inner
                .split_once(", '")
                .map(|(_, text)| text.trim_end_matches('\''));
            match &self.variable {
                Value::One(text) => symbols.extend(text.chars()),
                Value::Several(values) if !values.is_empty() => {
                    known = false;
                    symbols.push(STAR);
                }
                Value::Unknown => {
                    known = false;
                    symbols.push(STAR);
                }
                Value::Absent | Value::Several(_) => match default {
                    Some(text) => symbols.extend(text.chars()),
                    None => return Pattern::NoValue,
                },
            }
        }
        if known {
            Pattern::Known(symbols)
        } else {
            Pattern::Unknown(symbols)
        }
    }
}

enum Pattern {
    NoValue,
    Known(Vec<char>),
    Unknown(Vec<char>),
}

const STAR: char = '\u{1}';
const ANY: char = '\u{2}';

fn possible(matches: bool) -> Vec<bool> {
    if matches {
        vec![true, false]
    } else {
        vec![false]
    }
}

fn glob(symbols: &[char], text: &str) -> bool {
    fn run(symbols: &[char], text: &[char]) -> bool {
        match (symbols.first(), text.first()) {
            (None, None) => true,
            (Some(&STAR), _) => {
                run(&symbols[1..], text) || (!text.is_empty() && run(symbols, &text[1..]))
            }
            (Some(&symbol), Some(&c)) if symbol == ANY || symbol == c => {
                run(&symbols[1..], &text[1..])
            }
            _ => false,
        }
    }
    run(symbols, &text.chars().collect::<Vec<_>>())
}

impl Value {
    fn random(random: &mut Random) -> Self {
        match random.below(8) {
            0 => Self::Absent,
            1 => Self::Unknown,
            2..=4 => Self::One(random.pick(&TEXTS)),
            _ => {
                let count = random.below(4);
                Self::Several((0..count).map(|_| random.pick(&TEXTS)).collect())
            }
        }
    }

    fn of_context(&self) -> Option<ConditionValue<'static>> {
        match self {
            Self::Absent => None,
            Self::Unknown => Some(ConditionValue::Unknown),
            Self::One(text) => Some(ConditionValue::from(*text)),
            Self::Several(texts) => Some(ConditionValue::Set(
                texts.iter().copied().map(Cow::Borrowed).collect(),
            )),
        }
    }
}
