//! One statement of a policy, and whether it applies to a request.

use crate::{
    action::ActionPattern,
    condition::Condition,
    effect::Effect,
    pattern::{Match, ResourcePattern},
    policy_principal::{Grant, Principals},
    request::AuthorizationRequest,
    truth::Truth,
};

/// A statement, parsed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Statement {
    pub(crate) sid: Option<Box<str>>,
    /// Its position in the policy, from 1.
    pub(crate) number: usize,
    /// The line on which it begins, from 1.
    pub(crate) line: usize,
    pub(crate) effect: Effect,
    /// Absent in policies of users, groups, roles and sessions.
    pub(crate) principals: Option<Principals>,
    pub(crate) actions: Actions,
    /// Absent in trust policies, whose resource is their role.
    pub(crate) resources: Option<Resources>,
    pub(crate) conditions: Box<[Condition]>,
}

/// `Action` or `NotAction`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Actions {
    pub(crate) negated: bool,
    pub(crate) patterns: Vec<ActionPattern>,
}

/// `Resource` or `NotResource`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Resources {
    pub(crate) negated: bool,
    pub(crate) patterns: Vec<ResourcePattern>,
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
    Condition(&'s Condition),
}

impl Statement {
    /// Evaluates the statement. `has_boundary`: whether the principal has a permissions boundary.
    pub(crate) fn evaluate(
        &self,
        request: &AuthorizationRequest<'_>,
        has_boundary: bool,
    ) -> StatementOutcome<'_> {
        let grant = match &self.principals {
            None => Grant::Direct,
            Some(principals) => {
                match principals.grant_to(&request.principal, has_boundary, self.effect) {
                    Some(grant) => grant,
                    None => return StatementOutcome::NoMatch(Element::Principal),
                }
            }
        };
        if !self.actions.match_request(request) {
            return StatementOutcome::NoMatch(Element::Action);
        }
        if let Some(resources) = &self.resources
            && !resources.match_request(request, self.effect)
        {
            return StatementOutcome::NoMatch(Element::Resource);
        }
        let mut conditions = self.conditions.iter();
        match conditions.find(|c| !c.evaluate(request.context).applies(self.effect)) {
            Some(condition) => StatementOutcome::NoMatch(Element::Condition(condition)),
            None => StatementOutcome::Applies(grant),
        }
    }
}

impl Actions {
    fn match_request(&self, request: &AuthorizationRequest<'_>) -> bool {
        let listed = self.patterns.iter().any(|p| p.matches(request.action));
        listed != self.negated
    }

    /// The patterns as the policy spells them.
    pub(crate) fn texts(&self) -> Vec<String> {
        let texts = self.patterns.iter().map(ActionPattern::as_str);
        element_texts("NotAction", self.negated, texts)
    }
}

impl Resources {
    /// A pattern with a variable that has no value matches no resource. Excluding it would exclude
    /// nothing, so a `NotResource` with such a pattern is in doubt. So is, in both elements, a
    /// pattern with a variable whose value is not known, or in a position where variables are not
    /// allowed.
    fn match_request(&self, request: &AuthorizationRequest<'_>, effect: Effect) -> bool {
        let (mut unresolved, mut uncertain) = (false, false);
        for pattern in &self.patterns {
            match pattern.matches(request.resource.arn, request.context) {
                Match::Yes => return !self.negated,
                Match::No => {}
                Match::Unresolved => unresolved = true,
                Match::Uncertain => uncertain = true,
            }
        }
        let matches = if uncertain || self.negated && unresolved {
            Truth::Uncertain
        } else {
            Truth::from(self.negated)
        };
        matches.applies(effect)
    }

    /// The patterns as the policy spells them.
    pub(crate) fn texts(&self) -> Vec<String> {
        let texts = self.patterns.iter().map(ResourcePattern::as_str);
        element_texts("NotResource", self.negated, texts)
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
