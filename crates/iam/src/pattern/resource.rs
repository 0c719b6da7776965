//! ARNs as patterns: what `Resource` and the ARN conditions compare.

use std::borrow::Cow;

use super::{Lookup, Match, Pattern, PatternError, Step, Variables};

/// How many colons an ARN has before its resource.
const COLONS: usize = 5;

/// What a statement's `Resource` or `NotResource` names: `*`, or an ARN with wildcards.
///
/// A `*` inside one of the first five segments stays inside it; one that ends a segment may go beyond, so that
/// `arn:aws:s3:*` names every object (IAM User Guide, "IAM JSON policy elements: Resource"). In the resource part it goes
/// everywhere.
///
/// Variables may stand in the resource part alone (IAM User Guide, "Policy elements: Variables and tags"). What AWS makes of one that
/// stands before is not documented, so such a pattern [may match](Match::Misplaced) wherever it would for some value: an `Allow` does not apply by it,
/// and a `Deny` does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourcePattern {
    pattern: Pattern,
    /// Whether a wildcard may be kept inside its segment, so that the plain match does not do.
    segmented: bool,
    /// Whether a variable stands before the resource part.
    misplaced: bool,
}

impl ResourcePattern {
    /// Takes a pattern apart.
    ///
    /// # Errors
    /// [`PatternError`].
    pub fn parse(text: &str, variables: Variables) -> Result<Self, PatternError> {
        let mut pattern = Pattern::parse(text, variables)?;
        Ok(Self {
            misplaced: pattern.widen_before_colon(COLONS),
            segmented: text != "*" && is_segmented(&pattern),
            pattern,
        })
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        self.pattern.as_str()
    }

    /// Holds the pattern against a resource's ARN.
    pub fn matches(&self, resource: &str, lookup: &impl Lookup) -> Match {
        let matches = if self.segmented {
            match self.pattern.steps(lookup) {
                None => Match::Unresolved,
                Some(steps) if run(&steps, resource) => Match::Yes,
                Some(_) => Match::No,
            }
        } else {
            self.pattern.matches(resource, lookup)
        };
        if self.misplaced && matches != Match::No {
            return Match::Misplaced;
        }
        matches
    }

    pub(crate) fn missing(&self, lookup: &impl Lookup) -> Vec<String> {
        self.pattern.missing(lookup)
    }
}

/// Whether the pattern has a wildcard that must stay in its segment. Variables stand behind all of those.
fn is_segmented(pattern: &Pattern) -> bool {
    struct Nothing;
    impl Lookup for Nothing {
        fn single(&self, _: &str) -> Option<Cow<'_, str>> {
            Some(Cow::Borrowed(""))
        }
    }
    let steps = pattern.steps(&Nothing).unwrap_or_default();
    let kept = |symbol: &Symbol| match symbol {
        Symbol::Char(_) => false,
        Symbol::Any { within_segment } | Symbol::Star { within_segment } => *within_segment,
    };
    symbols(&steps).iter().any(kept)
}

#[derive(Clone, Copy, Debug)]
enum Symbol {
    Char(char),
    Any { within_segment: bool },
    Star { within_segment: bool },
}

fn run(steps: &[Step<'_>], resource: &str) -> bool {
    let symbols = symbols(steps);
    let text: Vec<char> = resource.chars().collect();
    // With two kinds of stars one remembered star is not enough. The set of places in the pattern that are still possible
    // is, and it is bounded by the pattern: the time is the product of both lengths at most.
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
                Symbol::Char(wanted) => (*wanted == c, false),
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
    if let Some(place) = live.get_mut(at) {
        *place = true;
    }
}

/// A star may match nothing.
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
        let within_segment = colons < COLONS;
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
    // A star at the end of a segment may go beyond it.
    for at in 0..flat.len() {
        let ends = matches!(flat.get(at + 1), None | Some(Symbol::Char(':')));
        if let (true, Some(Symbol::Star { within_segment })) = (ends, flat.get_mut(at)) {
            *within_segment = false;
        }
    }
    flat
}

/// An ARN with wildcards as the ARN conditions compare it: six segments, each matched by itself, so that no wildcard goes
/// beyond a colon but in the last (IAM User Guide, "Condition operators", Amazon Resource Name).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArnPattern(Pattern);

impl ArnPattern {
    /// Takes a pattern apart.
    ///
    /// # Errors
    /// [`PatternError`].
    pub fn parse(text: &str, variables: Variables) -> Result<Self, PatternError> {
        Pattern::parse(text, variables).map(Self)
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) fn missing(&self, lookup: &impl Lookup) -> Vec<String> {
        self.0.missing(lookup)
    }

    /// Holds the pattern against a value. A value that is no ARN matches nothing but the lone `*`.
    pub fn matches(&self, value: &str, lookup: &impl Lookup) -> Match {
        if self.as_str() == "*" {
            return Match::Yes;
        }
        let Some(steps) = self.0.steps(lookup) else {
            return Match::Unresolved;
        };
        let wanted: Vec<Vec<Symbol>> = segments(&steps);
        let given: Vec<&str> = value.splitn(COLONS + 1, ':').collect();
        let same = wanted.len() == COLONS + 1
            && given.len() == COLONS + 1
            && wanted
                .iter()
                .zip(&given)
                .all(|(symbols, text)| segment_matches(symbols, text));
        if same { Match::Yes } else { Match::No }
    }
}

/// The pattern cut at its first five colons.
fn segments(steps: &[Step<'_>]) -> Vec<Vec<Symbol>> {
    let mut segments = vec![Vec::new()];
    for step in steps {
        let symbols: Vec<Symbol> = match step {
            Step::Text(text) => text.chars().map(Symbol::Char).collect(),
            Step::Star => vec![Symbol::Star {
                within_segment: false,
            }],
            Step::Any => vec![Symbol::Any {
                within_segment: false,
            }],
        };
        for symbol in symbols {
            if matches!(symbol, Symbol::Char(':')) && segments.len() <= COLONS {
                segments.push(Vec::new());
            } else if let Some(last) = segments.last_mut() {
                last.push(symbol);
            }
        }
    }
    segments
}

fn segment_matches(symbols: &[Symbol], text: &str) -> bool {
    let mut buffer = [0; 4];
    let steps: Vec<Step<'_>> = symbols
        .iter()
        .map(|symbol| match symbol {
            Symbol::Char(c) => Step::Text(Cow::Owned(c.encode_utf8(&mut buffer).to_owned())),
            Symbol::Any { .. } => Step::Any,
            Symbol::Star { .. } => Step::Star,
        })
        .collect();
    super::glob_text(|at| steps.get(at).map(Step::borrowed), text, |a, b| a == b)
}
