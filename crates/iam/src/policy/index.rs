//! Finds the statements of a policy that can match an action and a resource.
//!
//! Each statement stands under the characters that its actions and resources begin with, up to the
//! first wildcard or variable: their heads. The heads are sorted, so those that a text begins with
//! are found by one binary search: the greatest head that is not greater than the text begins with
//! all others, and each names the next shorter one. A statement under a head may still not match;
//! one that is not found cannot.
//!
//! A decision searches the actions once, and the resources once for each head of the action.
//! Denying and allowing statements stand together, the denying ones first under each head: a
//! deny decides wherever it is found, so the order in which heads are visited does not matter.

use std::{
    cmp::Ordering,
    ops::{ControlFlow, Range},
};

use crate::{
    effect::Effect,
    pattern::PatternSpan,
    request::AuthorizationRequest,
    statement::{ListRange, StatementRef, Statements, TextSpan},
};

/// The statements of a policy, by action and resource.
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
    denies: bool,
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

    fn shorter<'h>(&self, heads: &'h [Self]) -> Option<&'h Self> {
        heads.get(usize::try_from(self.shorter?).ok()?)
    }
}

/// The most pairs of an action and a resource under which a statement stands.
const MAX_PAIRS: usize = 16;

impl StatementIndex {
    pub(super) fn new(statements: &Statements) -> Self {
        let mut entries = Vec::with_capacity(statements.list.len());
        for statement in statements.iter() {
            push_entries(statement, &statements.text, &mut entries);
        }
        let bytes = statements.text.as_bytes();
        let text = |span: TextSpan| span.bytes_of(bytes);
        entries.sort_unstable_by(|a: &Entry, b: &Entry| {
            cmp_ignoring_case(text(a.action), text(b.action))
                .then_with(|| text(a.resource).cmp(text(b.resource)))
                .then(b.denies.cmp(&a.denies))
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

    /// Visits the statements that can match a request, some perhaps more than once.
    pub(super) fn visit<'p>(
        &self,
        policy: &'p Statements,
        request: &AuthorizationRequest<'_>,
        mut visit: impl FnMut(StatementRef<'p>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let text = policy.text.as_bytes();
        let action = request.action.as_str().as_bytes();
        let resource = request.resource.arn.as_bytes();
        let mut of_action = longest_beginning(
            &self.actions,
            |head| cmp_ignoring_case(head.text.bytes_of(text), action),
            |head| starts_ignoring_case(action, head.text.bytes_of(text)),
        );
        while let Some(head) = of_action {
            let resources = head.below.of(&self.resources);
            let mut of_resource = longest_beginning(
                resources,
                |head| head.text.bytes_of(text).cmp(resource),
                |head| resource.starts_with(head.text.bytes_of(text)),
            );
            while let Some(head) = of_resource {
                for at in head.below.of(&self.statements) {
                    let statement = usize::try_from(*at).ok().and_then(|at| policy.get(at));
                    if let Some(statement) = statement {
                        visit(statement)?;
                    }
                }
                of_resource = head.shorter(resources);
            }
            of_action = head.shorter(&self.actions);
        }
        ControlFlow::Continue(())
    }
}

/// The longest head that a text begins with, which begins with all others that it begins with.
/// `compare` compares a head with the text.
fn longest_beginning(
    heads: &[Head],
    compare: impl Fn(&Head) -> Ordering,
    begins_with: impl Fn(&Head) -> bool,
) -> Option<&Head> {
    let greatest = heads.partition_point(|head| compare(head).is_le());
    let mut next = greatest.checked_sub(1).and_then(|at| heads.get(at));
    while let Some(head) = next.filter(|head| !begins_with(head)) {
        next = head.shorter(heads);
    }
    next
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
    let denies = statement.effect() == Effect::Deny;
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
            denies,
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

fn cmp_ignoring_case(a: &[u8], b: &[u8]) -> Ordering {
    for (a, b) in a.iter().zip(b) {
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

fn starts_ignoring_case(text: &[u8], head: &[u8]) -> bool {
    let begin = text.get(..head.len());
    begin.is_some_and(|begin| begin.eq_ignore_ascii_case(head))
}
