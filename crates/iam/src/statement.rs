//! One statement of a policy, and whether it speaks of a request.

use std::borrow::Cow;

use crate::{
    action::ActionPattern,
    authorize::AuthorizationRequest,
    condition::Condition,
    effect::Effect,
    pattern::{Match, ResourcePattern},
    principal::{Grant, Principals},
};

/// A statement, read and ready.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Statement {
    pub(crate) sid: Option<Box<str>>,
    /// Its place in the policy, from 1.
    pub(crate) number: usize,
    /// The line on which it begins.
    pub(crate) line: usize,
    pub(crate) effect: Effect,
    /// Absent in policies that belong to a principal.
    pub(crate) principals: Option<Principals>,
    pub(crate) actions: Actions,
    /// Absent in trust policies, which are about their role.
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

/// What a statement says to a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Verdict<'s> {
    /// It speaks of it.
    Applies(Grant),
    /// It does not, for this element, which is the first that fails.
    Fails(Element<'s>),
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
    pub(crate) fn judge(
        &self,
        request: &AuthorizationRequest<'_>,
        has_boundary: bool,
    ) -> Verdict<'_> {
        let grant = match &self.principals {
            None => Grant::Direct,
            Some(principals) => {
                match principals.cover(&request.principal, has_boundary, self.effect) {
                    Some(grant) => grant,
                    None => return Verdict::Fails(Element::Principal),
                }
            }
        };
        if !self.actions.name(request) {
            return Verdict::Fails(Element::Action);
        }
        if let Some(resources) = &self.resources
            && !resources.name(request, self.effect)
        {
            return Verdict::Fails(Element::Resource);
        }
        let mut conditions = self.conditions.iter();
        match conditions.find(|c| !c.holds(request.context, self.effect)) {
            Some(condition) => Verdict::Fails(Element::Condition(condition)),
            None => Verdict::Applies(grant),
        }
    }
}

impl Actions {
    fn name(&self, request: &AuthorizationRequest<'_>) -> bool {
        let named = self.patterns.iter().any(|p| p.matches(request.action));
        named != self.negated
    }

    /// As they are written.
    pub(crate) fn texts(&self) -> Vec<String> {
        let texts = self.patterns.iter().map(ActionPattern::as_str);
        written("NotAction", self.negated, texts)
    }
}

impl Resources {
    /// A pattern with a variable that has no value names nothing. Excluding it would exclude nothing, so a `NotResource` with one
    /// keeps an `Allow` from applying and makes a `Deny` apply. So does, in both elements, one with a variable where none may stand.
    fn name(&self, request: &AuthorizationRequest<'_>, effect: Effect) -> bool {
        let (mut unresolved, mut misplaced) = (false, false);
        for pattern in &self.patterns {
            match pattern.matches(request.resource.arn, request.context) {
                Match::Yes => return !self.negated,
                Match::No => {}
                Match::Unresolved => unresolved = true,
                Match::Misplaced => misplaced = true,
            }
        }
        if misplaced || self.negated && unresolved {
            return effect == Effect::Deny;
        }
        self.negated
    }

    /// As they are written.
    pub(crate) fn texts(&self) -> Vec<String> {
        let texts = self.patterns.iter().map(ResourcePattern::as_str);
        written("NotResource", self.negated, texts)
    }
}

impl Principals {
    /// As they are written.
    pub(crate) fn texts(&self) -> Vec<String> {
        let texts: Vec<String> = self.named.iter().map(ToString::to_string).collect();
        written(
            "NotPrincipal",
            self.negated,
            texts.iter().map(String::as_str),
        )
    }
}

/// The texts of an element; those of a negated one say so.
fn written<'t>(name: &str, negated: bool, texts: impl Iterator<Item = &'t str>) -> Vec<String> {
    let shown = |text: &'t str| -> Cow<'t, str> {
        if negated {
            format!("{name} {text}").into()
        } else {
            text.into()
        }
    };
    texts.map(|text| shown(text).into_owned()).collect()
}
