//! One statement of a policy, and whether it applies to a request.
//!
//! A statement consists of ranges of its policy's lists: a policy is a few allocations, however
//! many statements it has.

use std::ops::Range;

use crate::{
    action::{ActionBytes, ActionPattern},
    condition::{ConditionRef, Operator},
    context::Fingerprint,
    effect::Effect,
    pattern::{Match, PatternRef, PatternSpan},
    policy_principal::{Grant, Principals},
    request::AuthorizationRequest,
    truth::Truth,
};

/// The statements of a policy with everything that they consist of.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Statements {
    /// All texts, one after the other.
    pub(crate) text: Box<str>,
    pub(crate) list: Box<[Statement]>,
    /// Patterns of actions and resources, and values of conditions.
    pub(crate) patterns: Box<[PatternSpan]>,
    pub(crate) conditions: Box<[Condition]>,
    pub(crate) principals: Box<[Principals]>,
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Statement {
    pub(crate) sid: TextSpan,
    /// The line on which it begins, from 1.
    pub(crate) line: u32,
    pub(crate) effect: Effect,
    /// Whether the actions are those of `NotAction`.
    pub(crate) not_actions: bool,
    /// Whether the resources are those of `NotResource`.
    pub(crate) not_resources: bool,
    /// Absent in policies of users, groups, roles and sessions.
    pub(crate) principals: Option<u32>,
    pub(crate) actions: ListRange,
    /// Empty in trust policies, whose resource is their role.
    pub(crate) resources: ListRange,
    pub(crate) conditions: ListRange,
}

/// A condition: its key and its values are in the text and the patterns of its policy.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    pub(crate) operator: Operator,
    pub(crate) key: TextSpan,
    /// The fingerprint of the key.
    pub(crate) print: Fingerprint,
    pub(crate) values: ListRange,
}

/// A range of a policy's text.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct TextSpan {
    start: u32,
    len: u32,
}

/// A range of one of a policy's lists.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct ListRange {
    start: u32,
    end: u32,
}

/// A statement of a policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StatementRef<'p> {
    policy: &'p Statements,
    statement: &'p Statement,
    /// Its position in the policy, from 1.
    pub(crate) number: usize,
}

/// Whether a statement applies to a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StatementOutcome<'s> {
    /// Every element matches.
    Applies(Grant),
    /// This element, the first in the order of [`Element`], does not match.
    NoMatch(Element<'s>),
}

/// An element of a statement.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Element<'s> {
    Principal,
    Action,
    Resource,
    Condition(ConditionRef<'s>),
}

/// The steps to look at a statement, or at a pattern that does not match its first bytes.
const STEPS: usize = 4;

impl Statements {
    pub(crate) fn iter(&self) -> impl Iterator<Item = StatementRef<'_>> {
        let statements = self.list.iter().enumerate();
        statements.map(|(at, statement)| StatementRef {
            policy: self,
            statement,
            number: at + 1,
        })
    }

    /// The statement at a position from 0.
    pub(crate) fn get(&self, at: usize) -> Option<StatementRef<'_>> {
        let statement = self.list.get(at)?;
        Some(StatementRef {
            policy: self,
            statement,
            number: at + 1,
        })
    }
}

impl<'p> StatementRef<'p> {
    /// Evaluates the statement. `has_boundary`: whether the principal has a permissions boundary.
    pub(crate) fn evaluate(
        &self,
        request: &AuthorizationRequest<'_>,
        has_boundary: bool,
    ) -> StatementOutcome<'p> {
        let effect = self.effect();
        let grant = match self.principals() {
            None => Grant::Direct,
            Some(principals) => match principals.grant_to(&request.principal, has_boundary, effect)
            {
                Some(grant) => grant,
                None => return StatementOutcome::NoMatch(Element::Principal),
            },
        };
        // Bytes, since actions are ASCII: their boundaries need no look.
        let text = self.policy.text.as_bytes();
        let mut steps = STEPS;
        let listed = self.action_spans().iter().any(|span| {
            let pattern = ActionBytes::parsed(*span, text);
            steps += pattern.steps();
            pattern.matches(request.action)
        });
        request.context.spend(steps);
        if listed == self.statement.not_actions {
            return StatementOutcome::NoMatch(Element::Action);
        }
        if !self.matches_resource(request).applies(effect) {
            return StatementOutcome::NoMatch(Element::Resource);
        }
        let mut conditions = self.conditions();
        match conditions.find(|c| !c.evaluate(request.context).applies(effect)) {
            Some(condition) => StatementOutcome::NoMatch(Element::Condition(condition)),
            None => StatementOutcome::Applies(grant),
        }
    }

    /// A pattern with a variable that has no value matches no resource. Excluding it would exclude
    /// nothing, so a `NotResource` with such a pattern is in doubt. So is, in both elements, a
    /// pattern with a variable whose value is not known, or in a position where variables are not
    /// allowed.
    pub(crate) fn matches_resource(&self, request: &AuthorizationRequest<'_>) -> Truth {
        if self.statement.resources.is_empty() {
            return Truth::Yes;
        }
        let negated = self.statement.not_resources;
        let (mut unresolved, mut uncertain) = (false, false);
        for pattern in self.resources() {
            request.context.spend(STEPS);
            match pattern.matches_resource(request.resource.arn, request.context) {
                Match::Yes => return Truth::from(!negated),
                Match::No => {}
                Match::Unresolved => unresolved = true,
                Match::Uncertain => uncertain = true,
            }
        }
        if uncertain || negated && unresolved {
            Truth::Uncertain
        } else {
            Truth::from(negated)
        }
    }

    pub(crate) fn effect(&self) -> Effect {
        self.statement.effect
    }

    pub(crate) fn line(&self) -> usize {
        usize::try_from(self.statement.line).unwrap_or_default()
    }

    pub(crate) fn sid(&self) -> Option<&'p str> {
        let sid = self.statement.sid.of(&self.policy.text);
        (!sid.is_empty()).then_some(sid)
    }

    pub(crate) fn principals(&self) -> Option<&'p Principals> {
        let number = usize::try_from(self.statement.principals?).ok()?;
        self.policy.principals.get(number)
    }

    pub(crate) fn has_not_actions(&self) -> bool {
        self.statement.not_actions
    }

    pub(crate) fn has_not_resources(&self) -> bool {
        self.statement.not_resources
    }

    pub(crate) fn actions(&self) -> impl Iterator<Item = ActionPattern<'p>> {
        self.patterns(self.statement.actions)
            .map(ActionPattern::parsed)
    }

    /// The resources; none in a trust policy.
    pub(crate) fn resources(&self) -> impl Iterator<Item = PatternRef<'p>> {
        self.patterns(self.statement.resources)
    }

    pub(crate) fn action_spans(&self) -> &'p [PatternSpan] {
        self.statement.actions.of(&self.policy.patterns)
    }

    pub(crate) fn resource_spans(&self) -> &'p [PatternSpan] {
        self.statement.resources.of(&self.policy.patterns)
    }

    fn patterns(&self, range: ListRange) -> impl Iterator<Item = PatternRef<'p>> {
        let text = &self.policy.text;
        range
            .of(&self.policy.patterns)
            .iter()
            .map(|span| span.of(text))
    }

    pub(crate) fn conditions(&self) -> impl Iterator<Item = ConditionRef<'p>> {
        let policy = self.policy;
        let conditions = self.statement.conditions.of(&policy.conditions).iter();
        conditions.map(|condition| ConditionRef {
            operator: condition.operator,
            key: condition.key.of(&policy.text),
            print: condition.print,
            text: &policy.text,
            values: condition.values.of(&policy.patterns),
        })
    }

    /// The actions as the policy spells them.
    pub(crate) fn action_texts(&self) -> Vec<String> {
        let texts = self.actions().map(|action| action.as_str());
        element_texts("NotAction", self.statement.not_actions, texts)
    }

    /// The resources as the policy spells them.
    pub(crate) fn resource_texts(&self) -> Vec<String> {
        let texts = self.resources().map(|resource| resource.text);
        element_texts("NotResource", self.statement.not_resources, texts)
    }
}

impl TextSpan {
    /// Appends a text.
    pub(crate) fn push(into: &mut String, text: &str) -> Self {
        let span = Self::new(into.len(), text.len());
        into.push_str(text);
        span
    }

    /// The range of this many bytes. No document is longer than what 32 bits count.
    pub(crate) fn new(start: usize, len: usize) -> Self {
        let number = |n: usize| u32::try_from(n).unwrap_or_default();
        Self {
            start: number(start),
            len: number(len),
        }
    }

    /// Its first bytes.
    pub(crate) fn shortened(self, len: usize) -> Self {
        let len = u32::try_from(len).unwrap_or(self.len);
        Self { len, ..self }
    }

    /// Its bytes, which need no look at the boundaries of characters.
    pub(crate) fn bytes_of(self, text: &[u8]) -> &[u8] {
        let start = usize::try_from(self.start).unwrap_or(usize::MAX);
        let len = usize::try_from(self.len).unwrap_or(usize::MAX);
        let range = start..start.saturating_add(len);
        text.get(range).unwrap_or_default()
    }

    pub(crate) fn of(self, text: &str) -> &str {
        let start = usize::try_from(self.start).unwrap_or(usize::MAX);
        let len = usize::try_from(self.len).unwrap_or(usize::MAX);
        let range = start..start.saturating_add(len);
        text.get(range).unwrap_or_default()
    }
}

impl ListRange {
    pub(crate) fn new(range: Range<usize>) -> Self {
        let number = |n: usize| u32::try_from(n).unwrap_or_default();
        Self {
            start: number(range.start),
            end: number(range.end),
        }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.start == self.end
    }

    pub(crate) fn of<T>(self, list: &[T]) -> &[T] {
        let number = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        list.get(number(self.start)..number(self.end))
            .unwrap_or_default()
    }
}

impl Principals {
    /// The principals as the policy spells them.
    pub(crate) fn texts(&self) -> Vec<String> {
        let texts: Vec<String> = self.named.iter().map(ToString::to_string).collect();
        element_texts(
            "NotPrincipal",
            self.negated,
            texts.iter().map(String::as_str),
        )
    }
}

/// The texts of an element, each preceded by the element's name if it is negated.
fn element_texts<'t>(
    name: &str,
    negated: bool,
    texts: impl Iterator<Item = &'t str>,
) -> Vec<String> {
    texts
        .map(|text| {
            if negated {
                format!("{name} {text}")
            } else {
                text.to_owned()
            }
        })
        .collect()
}
