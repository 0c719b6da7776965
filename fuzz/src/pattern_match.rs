//! Patterns: any pattern is rejected or matched with any text, within the time that its length
//! allows, and as a set of all positions says.
//!
//! Input: the value of a variable, a pattern, and the text, in lines.

use crate::lines;
use bowline_iam::pattern::{
    ArnPattern, Lookup, Match, Pattern, ResourcePattern, ValueText, VariableValue, Variables,
};

struct Value<'v>(&'v str);

impl Lookup for Value<'_> {
    fn variable(&self, key: &str) -> VariableValue<'_> {
        match key {
            "a" => VariableValue::Text(ValueText::Borrowed(self.0)),
            "u" => VariableValue::Unknown,
            _ => VariableValue::Absent,
        }
    }
}

/// Matches the text with the pattern as every kind of pattern.
pub fn run(input: &[u8]) {
    let Some([value, pattern, text]) = lines(input) else {
        return;
    };
    let lookup = Value(value);
    if let Ok(resource) = ResourcePattern::parse(pattern, Variables::Expand) {
        resource.matches(text, &lookup);
    }
    if let Ok(arn) = ArnPattern::parse(pattern, Variables::Expand) {
        arn.matches(text, &lookup);
    }
    if let Ok(literal) = Pattern::parse_literal(pattern, Variables::Expand) {
        literal.matches_ignoring_case(text, &lookup);
    }
    let Ok(plain) = Pattern::parse(pattern, Variables::Literal) else {
        return;
    };
    let matches = plain.matches(text, &lookup);
    if text.len() <= 512 && pattern.len() <= 512 {
        assert_eq!(matches == Match::Yes, by_positions(pattern, text));
    }
}

/// The definition: which positions of the pattern can follow each character of the text.
fn by_positions(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let mut live = vec![false; pattern.len() + 1];
    live[0] = true;
    for c in text.chars().map(Some).chain([None]) {
        for at in 0..pattern.len() {
            live[at + 1] |= live[at] && pattern[at] == '*';
        }
        let Some(c) = c else {
            break;
        };
        let mut next = vec![false; live.len()];
        for (at, symbol) in pattern.iter().enumerate().filter(|(at, _)| live[*at]) {
            next[at] |= *symbol == '*';
            next[at + 1] |= *symbol == '?' || *symbol == c && c != '*';
        }
        live = next;
    }
    live[pattern.len()]
}
