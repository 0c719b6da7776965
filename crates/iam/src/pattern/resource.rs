//! Patterns of `Resource` and `NotResource`.

use std::borrow::Cow;

use super::{
    matching::{ARN_COLONS, Step},
    text::{Lookup, Match, Pattern, PatternError, VariableValue, Variables, matched},
};

/// A pattern of a statement's `Resource` or `NotResource`: `*`, or an ARN with wildcards.
///
/// A `*` inside one of the first five segments matches within that segment. One at the end of a
/// segment matches beyond it, so that `arn:aws:s3:*` matches every object (IAM User Guide, "IAM
/// JSON policy elements: Resource"). In the resource part, `*` matches everything.
///
/// Variables are allowed in the resource part only (IAM User Guide, "Policy elements: Variables and
/// tags"). AWS does not document what a variable before it does, so a pattern with one [may
/// match](Match::Uncertain) wherever it would for some value: it keeps an `Allow` from applying and
/// makes a `Deny` apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourcePattern {
    pattern: Pattern,
    /// Whether a wildcard is limited to its segment, so that the plain match is not enough.
    segmented: bool,
    /// Whether a variable precedes the resource part.
    misplaced: bool,
}

impl ResourcePattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// [`PatternError`] for a malformed variable or a pattern that is too long.
    pub fn parse(text: &str, variables: Variables) -> Result<Self, PatternError> {
        let mut pattern = Pattern::parse(text, variables)?;
        Ok(Self {
            misplaced: pattern.widen_before_colon(ARN_COLONS),
            segmented: text != "*" && is_segmented(&pattern),
            pattern,
        })
    }

    /// The pattern as the policy spells it.
    pub fn as_str(&self) -> &str {
        self.pattern.as_str()
    }

    /// Matches the pattern with the ARN of a resource.
    pub fn matches(&self, resource: &str, lookup: &impl Lookup) -> Match {
        let matches = if self.segmented {
            match self.pattern.steps(lookup) {
                None => Match::Unresolved,
                Some((steps, known)) => matched(run(&steps, resource), known),
            }
        } else {
            self.pattern.matches(resource, lookup)
        };
        if self.misplaced && matches != Match::No {
            return Match::Uncertain;
        }
        matches
    }

    pub(crate) fn missing(&self, lookup: &impl Lookup) -> Vec<String> {
        self.pattern.missing(lookup)
    }
}

/// Whether the pattern has a wildcard that is limited to its segment. Variables follow all of
/// those, so their values do not matter.
fn is_segmented(pattern: &Pattern) -> bool {
    struct EmptyValues;
    impl Lookup for EmptyValues {
        fn variable(&self, _: &str) -> VariableValue<'_> {
            VariableValue::Text(Cow::Borrowed(""))
        }
    }
    let (steps, _) = pattern.steps(&EmptyValues).unwrap_or_default();
    let limited = |symbol: &Symbol| match symbol {
        Symbol::Char(_) => false,
        Symbol::Any { within_segment } | Symbol::Star { within_segment } => *within_segment,
    };
    symbols(&steps).iter().any(limited)
}

/// One character or wildcard of a resolved pattern.
#[derive(Clone, Copy, Debug)]
enum Symbol {
    Char(char),
    Any { within_segment: bool },
    Star { within_segment: bool },
}

fn run(steps: &[Step<'_>], resource: &str) -> bool {
    let symbols = symbols(steps);
    let text: Vec<char> = resource.chars().collect();
    // With two kinds of stars one remembered star is not enough. The set of reachable positions in
    // the pattern is: the time is the product of both lengths at most.
    let mut live = vec![false; symbols.len() + 1];
    if let Some(first) = live.first_mut() {
        *first = true;
    }
    pass_stars(&symbols, &mut live);
    for c in text {
        let mut next = vec![false; symbols.len() + 1];
        for (at, symbol) in symbols.iter().enumerate() {
            if !live.get(at).copied().unwrap_or(false) {
                continue;
            }
            let (advance, stay) = match symbol {
                Symbol::Char(expected) => (*expected == c, false),
                Symbol::Any { within_segment } => (!(*within_segment && c == ':'), false),
                Symbol::Star { within_segment } => (false, !(*within_segment && c == ':')),
            };
            if advance {
                set(&mut next, at + 1);
            }
            if stay {
                set(&mut next, at);
            }
        }
        live = next;
        pass_stars(&symbols, &mut live);
        if !live.contains(&true) {
            return false;
        }
    }
    live.last().copied().unwrap_or(false)
}

fn set(live: &mut [bool], at: usize) {
    if let Some(position) = live.get_mut(at) {
        *position = true;
    }
}

/// Steps over stars, which can match nothing.
fn pass_stars(symbols: &[Symbol], live: &mut [bool]) {
    for (at, symbol) in symbols.iter().enumerate() {
        if matches!(symbol, Symbol::Star { .. }) && live.get(at).copied().unwrap_or(false) {
            set(live, at + 1);
        }
    }
}

fn symbols(steps: &[Step<'_>]) -> Vec<Symbol> {
    let mut flat: Vec<Symbol> = Vec::new();
    let mut colons = 0;
    for step in steps {
        let within_segment = colons < ARN_COLONS;
        match step {
            Step::Text(text) => {
                for c in text.chars() {
                    colons += usize::from(c == ':');
                    flat.push(Symbol::Char(c));
                }
            }
            Step::Star => flat.push(Symbol::Star { within_segment }),
            Step::Any => flat.push(Symbol::Any { within_segment }),
        }
    }
    // A star at the end of a segment matches beyond it.
    for at in 0..flat.len() {
        let ends = matches!(flat.get(at + 1), None | Some(Symbol::Char(':')));
        if let (true, Some(Symbol::Star { within_segment })) = (ends, flat.get_mut(at)) {
            *within_segment = false;
        }
    }
    flat
}
