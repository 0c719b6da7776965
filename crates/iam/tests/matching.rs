//! Patterns against a slow model: the set of all positions that a text can be in.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a malformed case fails the test"
)]

#[path = "support/random.rs"]
mod random;

use bowline_iam::pattern::{
    ArnPattern, Lookup, Match, Pattern, ResourcePattern, ValueText, VariableValue, Variables,
};
use random::Random;

/// The cases of a usual run.
const CASES: u64 = 100_000;

#[test]
fn patterns_agree_with_a_model_of_all_positions() {
    compare(CASES);
}

#[test]
#[ignore = "takes minutes"]
fn patterns_agree_with_the_model_ten_million_times() {
    compare(10_000_000);
}

fn compare(cases: u64) {
    let mut random = Random::new(7);
    let mut matched = 0;
    for number in 0..cases {
        let long = random.below(100) == 0;
        let case = Case::random(&mut random, long);
        let model = case.model();
        assert_eq!(case.engine(), model, "case {number}: {case:?}");
        matched += u64::from(model == Match::Yes);
    }
    assert!(matched > cases / 10, "{matched} of {cases} match");
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Text,
    Literal,
    IgnoringCase,
    Resource,
    Arn,
}

#[derive(Debug)]
struct Case {
    kind: Kind,
    pattern: String,
    text: String,
    /// The value of `aws:v`.
    value: Value,
}

#[derive(Clone, Debug, PartialEq)]
enum Value {
    Absent,
    Unknown,
    Text(String),
}

impl Lookup for Value {
    fn variable(&self, key: &str) -> VariableValue<'_> {
        match self {
            Self::Text(text) if key == "aws:v" => VariableValue::Text(ValueText::Borrowed(text)),
            Self::Unknown if key == "aws:v" => VariableValue::Unknown,
            Self::Absent | Self::Unknown | Self::Text(_) => VariableValue::Absent,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Symbol {
    Char(char),
    Any { limited: bool },
    Star { limited: bool },
}

const LETTERS: [char; 6] = ['a', 'b', 'A', 'é', '😀', '/'];

fn letters(random: &mut Random, most: usize) -> String {
    let few = random.below(2) == 0;
    (0..random.below(most + 1))
        .map(|_| {
            if few {
                random.pick(&['a', 'b'])
            } else {
                random.pick(&LETTERS)
            }
        })
        .collect()
}

impl Case {
    fn random(random: &mut Random, long: bool) -> Self {
        let kind = random.pick(&[
            Kind::Text,
            Kind::Text,
            Kind::Literal,
            Kind::IgnoringCase,
            Kind::Resource,
            Kind::Resource,
            Kind::Arn,
            Kind::Arn,
        ]);
        let most = if long { 90 } else { 3 };
        let value = match random.below(8) {
            0 => Value::Absent,
            1 => Value::Unknown,
            _ => {
                let colon = random.pick(&["", "", "", ":", ":a:"]);
                Value::Text(letters(random, most) + colon)
            }
        };
        let mut pattern = String::new();
        let segments = match kind {
            Kind::Resource | Kind::Arn => 6 - usize::from(random.below(12) == 0),
            Kind::Text | Kind::Literal | Kind::IgnoringCase => 1,
        };
        for segment in 0..segments {
            if segment > 0 {
                pattern.push(':');
            }
            let parts = if segment == 5 || segments == 1 { 6 } else { 3 };
            for _ in 0..random.below(parts) {
                match random.below(if long { 6 } else { 9 }) {
                    0 => pattern.push('*'),
                    1 => pattern.push('?'),
                    2 if kind == Kind::Text || segment == 5 || random.below(8) == 0 => {
                        pattern.push_str(random.pick(&[
                            "${aws:v}",
                            "${aws:v, 'ab'}",
                            "${aws:w, 'b'}",
                            "${*}",
                            "${?}",
                            "${$}",
                            "$",
                        ]));
                    }
                    _ => pattern.push_str(&letters(random, most)),
                }
            }
        }
        let mut case = Self {
            kind,
            pattern,
            text: String::new(),
            value,
        };
        case.text = case.near(random, long);
        case
    }

    /// A text that the pattern matches, or nearly.
    fn near(&self, random: &mut Random, long: bool) -> String {
        let mut text = String::new();
        for symbol in self.symbols().unwrap_or_default() {
            match symbol {
                Symbol::Char(c) => text.push(c),
                Symbol::Any { .. } => text.push(random.pick(&LETTERS)),
                Symbol::Star { .. } => {
                    text.push_str(&letters(random, if long { 150 } else { 4 }));
                    if random.below(8) == 0 {
                        text.push(':');
                    }
                }
            }
        }
        if random.below(3) == 0 {
            let mut chars: Vec<char> = text.chars().collect();
            let at = random.below(chars.len() + 1);
            match random.below(3) {
                0 => chars.insert(at, random.pick(&['a', 'é', ':', '?'])),
                1 if at < chars.len() => drop(chars.remove(at)),
                _ if at < chars.len() => chars[at] = random.pick(&LETTERS),
                _ => {}
            }
            text = chars.into_iter().collect();
        }
        text
    }

    fn engine(&self) -> Match {
        let (pattern, text, value) = (&self.pattern, &self.text, &self.value);
        match self.kind {
            Kind::Text => Pattern::parse(pattern, Variables::Expand)
                .unwrap()
                .matches(text, value),
            Kind::Literal => {
                let pattern = Pattern::parse_literal(pattern, Variables::Expand).unwrap();
                pattern.matches(text, value)
            }
            Kind::IgnoringCase => {
                let pattern = Pattern::parse_literal(pattern, Variables::Expand).unwrap();
                pattern.matches_ignoring_case(text, value)
            }
            Kind::Resource => {
                let pattern = ResourcePattern::parse(pattern, Variables::Expand).unwrap();
                pattern.matches(text, value)
            }
            Kind::Arn => ArnPattern::parse(pattern, Variables::Expand)
                .unwrap()
                .matches(text, value),
        }
    }

    fn model(&self) -> Match {
        if self.pattern == "*" && matches!(self.kind, Kind::Text | Kind::Resource | Kind::Arn) {
            return Match::Yes;
        }
        let Some(mut symbols) = self.symbols() else {
            return Match::Unresolved;
        };
        let mut uncertain = self.uses_unknown();
        let matches = match self.kind {
            Kind::Text | Kind::Literal => run(&symbols, &self.text),
            Kind::IgnoringCase => {
                for symbol in &mut symbols {
                    if let Symbol::Char(c) = symbol {
                        *c = lower(*c);
                    }
                }
                let text: String = self.text.chars().map(lower).collect();
                run(&symbols, &text)
            }
            Kind::Resource => {
                uncertain |= self.has_misplaced();
                run(&symbols, &self.text)
            }
            Kind::Arn if self.text.matches(':').count() < 5 => return Match::Uncertain,
            Kind::Arn => {
                let segments: Vec<&[Symbol]> = symbols
                    .splitn(6, |symbol| *symbol == Symbol::Char(':'))
                    .collect();
                if segments.len() < 6 || uncertain {
                    uncertain = true;
                    run(&symbols, &self.text)
                } else {
                    let mut parts = segments.iter().zip(self.text.splitn(6, ':'));
                    parts.all(|(segment, part)| run(segment, part))
                }
            }
        };
        match (matches, uncertain) {
            (false, _) => Match::No,
            (true, true) => Match::Uncertain,
            (true, false) => Match::Yes,
        }
    }

    /// The pattern, cut at its variables: literal text, and the content of braces.
    fn tokens(&self) -> Vec<Result<&str, &str>> {
        let mut tokens = Vec::new();
        let mut rest = self.pattern.as_str();
        while let Some(at) = rest.find("${") {
            tokens.push(Ok(&rest[..at]));
            let (inner, after) = rest[at + 2..].split_once('}').unwrap();
            tokens.push(Err(inner));
            rest = after;
        }
        tokens.push(Ok(rest));
        tokens
    }

    fn has_misplaced(&self) -> bool {
        let mut colons = 0;
        for token in self.tokens() {
            match token {
                Ok(text) => colons += text.matches(':').count(),
                Err(inner) if inner.len() > 1 && colons < 5 => return true,
                Err(_) => {}
            }
        }
        false
    }

    fn uses_unknown(&self) -> bool {
        let mut colons = 0;
        for token in self.tokens() {
            match token {
                Ok(text) => colons += text.matches(':').count(),
                Err(inner) if inner.starts_with("aws:v") => {
                    let misplaced = self.kind == Kind::Resource && colons < 5;
                    if self.value == Value::Unknown && !misplaced {
                        return true;
                    }
                }
                Err(_) => {}
            }
        }
        false
    }

    /// `None` if a variable has no value.
    fn symbols(&self) -> Option<Vec<Symbol>> {
        let wildcards = !matches!(self.kind, Kind::Literal | Kind::IgnoringCase);
        let mut symbols = Vec::new();
        let mut colons = 0;
        for token in self.tokens() {
            let limited = |colons: usize| self.kind == Kind::Resource && colons < 5;
            match token {
                Ok(text) => {
                    for c in text.chars() {
                        colons += usize::from(c == ':');
                        let limited = limited(colons);
                        symbols.push(match c {
                            '*' if wildcards => Symbol::Star { limited },
                            '?' if wildcards => Symbol::Any { limited },
                            other => Symbol::Char(other),
                        });
                    }
                }
                Err("*") => symbols.push(Symbol::Char('*')),
                Err("?") => symbols.push(Symbol::Char('?')),
                Err("$") => symbols.push(Symbol::Char('$')),
                Err(_) if limited(colons) => symbols.push(Symbol::Star { limited: true }),
                Err(inner) => {
                    let default = inner
                        .split_once(", '")
                        .map(|(_, text)| text.trim_end_matches('\''));
                    let key = inner.split(',').next().unwrap();
                    match self.value.variable(key) {
                        VariableValue::Text(text) => symbols.extend(text.chars().map(Symbol::Char)),
                        VariableValue::Unknown => symbols.push(Symbol::Star { limited: false }),
                        VariableValue::Absent => symbols.extend(default?.chars().map(Symbol::Char)),
                    }
                }
            }
        }
        // A star at the end of a segment matches beyond it.
        for at in 0..symbols.len() {
            let mut after = symbols[at + 1..].iter();
            let next = after
                .find(|symbol| !matches!(symbol, Symbol::Star { .. }))
                .copied();
            if let Symbol::Star { limited } = &mut symbols[at]
                && matches!(next, None | Some(Symbol::Char(':')))
            {
                *limited = false;
            }
        }
        Some(symbols)
    }
}

fn lower(c: char) -> char {
    match c {
        'A'..='Z' => c.to_ascii_lowercase(),
        other => other,
    }
}

fn run(symbols: &[Symbol], text: &str) -> bool {
    let pass_stars = |live: &mut Vec<bool>| {
        for (at, symbol) in symbols.iter().enumerate() {
            if matches!(symbol, Symbol::Star { .. }) && live[at] {
                live[at + 1] = true;
            }
        }
    };
    let mut live = vec![false; symbols.len() + 1];
    live[0] = true;
    pass_stars(&mut live);
    for c in text.chars() {
        let mut next = vec![false; symbols.len() + 1];
        for (at, symbol) in symbols.iter().enumerate().filter(|(at, _)| live[*at]) {
            match symbol {
                Symbol::Char(expected) if *expected == c => next[at + 1] = true,
                Symbol::Any { limited } if !(*limited && c == ':') => next[at + 1] = true,
                Symbol::Star { limited } if !(*limited && c == ':') => next[at] = true,
                Symbol::Char(_) | Symbol::Any { .. } | Symbol::Star { .. } => {}
            }
        }
        live = next;
        pass_stars(&mut live);
    }
    live[symbols.len()]
}
