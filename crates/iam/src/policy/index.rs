//! Finds the statements of a policy that can match an action and a resource.
//!
//! Each statement stands under the characters that its actions and resources begin with, up to the
//! first wildcard or variable: their heads. The heads are sorted, so those that a text begins with
//! are found by one binary search: the greatest head that is not greater than the text begins with
//! all others, and each names the next shorter one. A statement under a head may still not match;
//! one that is not found cannot.

use std::{cmp::Ordering, ops::Range};

use crate::{
    effect::Effect,
    pattern::PatternSpan,
    request::AuthorizationRequest,
    statement::{ListRange, StatementRef, Statements, TextSpan},
};

/// The statements with one effect, by action and resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct StatementIndex {
    /// The heads of actions, whose ranges are of `resources`.
    actions: Box<[Head]>,
    /// The heads of the resources below each action, whose ranges are of `statements`.
    resources: Box<[Head]>,
    /// Positions of statements in the policy.
    statements: Box<[u32]>,
}

/// The beginning of actions or resources.
#[derive(Clone, Debug, PartialEq)]
struct Head {
    text: TextSpan,
    below: ListRange,
    /// The position of the longest other head that this one begins with.
    shorter: Option<u32>,
}

/// One statement under one action and one resource.
#[derive(Clone, Copy)]
struct Entry {
    action: TextSpan,
    resource: TextSpan,
    statement: u32,
}

impl Head {
    fn new(text: TextSpan, below: Range<usize>) -> Self {
        Self {
            text,
            below: ListRange::new(below),
            shorter: None,
        }
    }
}

/// The most pairs of an action and a resource under which a statement stands.
const MAX_PAIRS: usize = 16;

impl StatementIndex {
    pub(super) fn new(statements: &Statements, effect: Effect) -> Self {
        let mut entries = Vec::with_capacity(statements.list.len());
        for statement in statements.iter().filter(|s| s.effect() == effect) {
            push_entries(statement, &statements.text, &mut entries);
        }
        let text = |span: TextSpan| span.of(&statements.text);
        entries.sort_unstable_by(|a: &Entry, b: &Entry| {
            cmp_ignoring_case(text(a.action), text(b.action))
                .then_with(|| text(a.resource).cmp(text(b.resource)))
                .then(a.statement.cmp(&b.statement))
        });
        let (mut actions, mut resources) = (Vec::new(), Vec::new());
        let mut listed = Vec::with_capacity(entries.len());
        let same_action =
            |a: &Entry, b: &Entry| text(a.action).eq_ignore_ascii_case(text(b.action));
        for of_action in entries.chunk_by(same_action) {
            let first_resource = resources.len();
            for of_resource in of_action.chunk_by(|a, b| text(a.resource) == text(b.resource)) {
                let first = listed.len();
                listed.extend(of_resource.iter().map(|entry| entry.statement));
                let span = of_resource.first().map(|entry| entry.resource);
                resources.push(Head::new(span.unwrap_or_default(), first..listed.len()));
            }
            if let Some(below) = resources.get_mut(first_resource..) {
                name_shorter(below, |long, short| text(long).starts_with(text(short)));
            }
            let span = of_action.first().map(|entry| entry.action);
            actions.push(Head::new(
                span.unwrap_or_default(),
                first_resource..resources.len(),
            ));
        }
        name_shorter(&mut actions, |long, short| {
            starts_ignoring_case(text(long), text(short))
        });
        Self {
            actions: actions.into(),
            resources: resources.into(),
            statements: listed.into(),
        }
    }

    /// The statements that can match a request. One may come more than once.
    pub(super) fn candidates<'p>(
        &'p self,
        policy: &'p Statements,
        request: &AuthorizationRequest<'p>,
    ) -> impl Iterator<Item = StatementRef<'p>> + use<'p> {
        let (action, resource) = (request.action.as_str(), request.resource.arn);
        let actions = beginnings(
            &self.actions,
            |head| cmp_ignoring_case(head.text.of(&policy.text), action),
            move |head| starts_ignoring_case(action, head.text.of(&policy.text)),
        );
        let resources = actions.flat_map(move |head| {
            beginnings(
                head.below.of(&self.resources),
                |head| head.text.of(&policy.text).cmp(resource),
                move |head| resource.starts_with(head.text.of(&policy.text)),
            )
        });
        let statements = resources.flat_map(|head| head.below.of(&self.statements));
        statements.filter_map(|at| policy.get(usize::try_from(*at).ok()?))
    }
}

/// The heads that a text begins with, the longest first. `compare` compares a head with the text.
fn beginnings<'h>(
    heads: &'h [Head],
    compare: impl Fn(&Head) -> Ordering,
    begins_with: impl Fn(&Head) -> bool + 'h,
) -> impl Iterator<Item = &'h Head> {
    let greatest = heads.partition_point(|head| compare(head).is_le());
    let mut next = greatest.checked_sub(1).and_then(|at| heads.get(at));
    let mut found = false;
    std::iter::from_fn(move || {
        while let Some(head) = next {
            let shorter = head.shorter.and_then(|at| usize::try_from(at).ok());
            next = shorter.and_then(|at| heads.get(at));
            // What one begins with, the text begins with too.
            found = found || begins_with(head);
            if found {
                return Some(head);
            }
        }
        None
    })
}

/// Lets each head of a sorted list name the longest other one that it begins with.
fn name_shorter(heads: &mut [Head], begins_with: impl Fn(TextSpan, TextSpan) -> bool) {
    let mut open: Vec<(u32, TextSpan)> = Vec::new();
    for (at, head) in (0..).zip(heads) {
        while open
            .last()
            .is_some_and(|(_, shorter)| !begins_with(head.text, *shorter))
        {
            open.pop();
        }
        head.shorter = open.last().map(|(shorter, _)| *shorter);
        open.push((at, head.text));
    }
}

/// Adds a statement under each of its actions with each of its resources. Of many, it stands under
/// what they have in common.
fn push_entries(statement: StatementRef<'_>, text: &str, entries: &mut Vec<Entry>) {
    let number = u32::try_from(statement.number - 1).unwrap_or_default();
    let heads =
        |spans: &[PatternSpan]| -> Vec<TextSpan> { spans.iter().map(|span| span.head()).collect() };
    // What a negated element matches has no common beginning. Nor has what is absent.
    let mut actions = vec![TextSpan::default()];
    if !statement.has_not_actions() {
        actions = heads(statement.action_spans());
    }
    let mut resources = vec![TextSpan::default()];
    if !statement.has_not_resources() && !statement.resource_spans().is_empty() {
        resources = heads(statement.resource_spans());
    }
    for list in [&mut actions, &mut resources] {
        if list.len() > MAX_PAIRS {
            *list = vec![common(list, text)];
        }
    }
    if actions.len() * resources.len() > MAX_PAIRS {
        let shorter = if actions.len() < resources.len() {
            &mut actions
        } else {
            &mut resources
        };
        *shorter = vec![common(shorter, text)];
    }
    for action in &actions {
        entries.extend(resources.iter().map(|resource| Entry {
            action: *action,
            resource: *resource,
            statement: number,
        }));
    }
}

/// The longest text that all of them begin with, byte for byte.
fn common(spans: &[TextSpan], text: &str) -> TextSpan {
    let first = spans.first().copied().unwrap_or_default();
    let common = first.of(text);
    let len = spans.iter().fold(common.len(), |len, span| {
        let same = common.bytes().zip(span.of(text).bytes());
        same.take(len).take_while(|(a, b)| a == b).count()
    });
    let is_boundary = |len: &usize| common.is_char_boundary(*len);
    first.shortened((0..=len).rev().find(is_boundary).unwrap_or_default())
}

fn cmp_ignoring_case(a: &str, b: &str) -> Ordering {
    for (a, b) in a.bytes().zip(b.bytes()) {
        // Most actions are spelled as AWS spells them.
        if a != b {
            let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
            if a != b {
                return a.cmp(&b);
            }
        }
    }
    a.len().cmp(&b.len())
}

fn starts_ignoring_case(text: &str, head: &str) -> bool {
    let begin = text.as_bytes().get(..head.len());
    begin.is_some_and(|begin| begin.eq_ignore_ascii_case(head.as_bytes()))
}
