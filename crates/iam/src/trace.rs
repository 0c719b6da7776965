//! How a decision came about, for the operator: the statements that applied, and those that nearly
//! did.

use crate::{
    decision::{Decision, DenialReason},
    doubt::{self, Doubt},
    effect::Effect,
    layer::Layer,
    observer::{LayerOutcome, Observer},
    policies::AppliedPolicy,
    policy_principal::Principals,
    request::AuthorizationRequest,
    statement::{Element, StatementOutcome, StatementRef},
};

/// The most statements that a trace lists per layer.
const MAX_STATEMENTS: usize = 32;
/// The most values that a trace lists per element.
const MAX_VALUES: usize = 16;

/// A decision and the evaluation that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The principal of the request.
    pub principal: String,
    /// The action of the request.
    pub action: String,
    /// The ARN of the resource.
    pub resource: String,
    /// Why it was denied; `None` if it was allowed.
    pub denied: Option<DenialReason>,
    /// Each layer that was evaluated, in order.
    pub layers: Vec<LayerTrace>,
}

impl Trace {
    /// Removes the statements of the layers that the owner of the resource writes, for a reader of
    /// another account: such policies name trusted principals and shared secrets
    /// (`sts:ExternalId`). The result of each layer stays.
    pub fn withhold_resource_side(&mut self) {
        self.withhold(true);
    }

    /// Removes the statements of the layers that the caller's account writes, for the owner of the
    /// resource. The result of each layer stays.
    pub fn withhold_caller_side(&mut self) {
        self.withhold(false);
    }

    fn withhold(&mut self, of_resource: bool) {
        for layer in &mut self.layers {
            let is_of_resource = match layer.layer {
                Layer::ResourceControl | Layer::Resource | Layer::Trust => true,
                Layer::ServiceControl
                | Layer::Identity
                | Layer::Boundary
                | Layer::Session
                | Layer::VpcEndpoint => false,
            };
            if is_of_resource == of_resource {
                layer.level = None;
                layer.statements.clear();
                layer.others = 0;
                layer.unreadable.clear();
            }
        }
    }
}

/// The evaluation of one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerTrace {
    /// The layer.
    pub layer: Layer,
    /// The level of the organization, in a layer that has levels.
    pub level: Option<String>,
    /// The result of its policies together.
    pub result: LayerResult,
    /// The statements that applied, then those that came nearest to it.
    pub statements: Vec<StatementTrace>,
    /// The number of statements that are not listed, because they came less near.
    pub others: usize,
    /// The names of the policies that cannot be read.
    pub unreadable: Vec<String>,
}

/// The result of the policies of one layer together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerResult {
    /// A statement allows and none denies.
    Allows,
    /// A statement denies.
    Denies,
    /// No statement applies.
    NoMatch,
    /// A policy cannot be read.
    Unreadable,
}

/// The evaluation of one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementTrace {
    /// The name of its policy.
    pub policy: String,
    /// The policy's ARN, if it has one.
    pub policy_arn: Option<String>,
    /// Its `Sid`, if it has one.
    pub sid: Option<String>,
    /// Its position in the policy, from 1.
    pub number: usize,
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Its effect.
    pub effect: Effect,
    /// The element that did not match; `None` if the statement applied.
    pub mismatch: Option<ElementTrace>,
    /// The elements in doubt, because of which a denying statement applied. Empty if it certainly
    /// applied.
    pub doubts: Vec<ElementTrace>,
}

/// An element of a statement, with what it expected and what it met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementTrace {
    /// `Principal`, `Action`, `Resource` or `Condition`.
    pub element: &'static str,
    /// The operator and key, if the element is a condition.
    pub condition: Option<(String, String)>,
    /// The values of the statement.
    pub expected: Vec<String>,
    /// The values of the request; `None` if it has no such key.
    pub actual: Option<Vec<String>>,
    /// The variables of the statement that have no value in the request.
    pub missing_variables: Vec<String>,
    /// Why it is in doubt, if it is.
    pub doubt: Option<Doubt>,
}

/// Records an evaluation.
#[derive(Debug, Default)]
pub(crate) struct Tracer {
    layers: Vec<LayerTrace>,
    /// The statements of the current layer, each with how near it came to applying.
    seen: Vec<(u8, StatementTrace)>,
    unreadable: Vec<String>,
    layer: Option<(Layer, Option<String>)>,
}

impl Observer for Tracer {
    const NEEDS_ALL: bool = true;

    fn begin_layer(&mut self, layer: Layer, level: Option<&str>) {
        self.layer = Some((layer, level.map(str::to_owned)));
    }

    fn statement(
        &mut self,
        request: &AuthorizationRequest<'_>,
        policy: &AppliedPolicy<'_>,
        statement: StatementRef<'_>,
        outcome: StatementOutcome<'_>,
    ) {
        let (nearness, mismatch) = match outcome {
            StatementOutcome::Applies(_) => (u8::MAX, None),
            StatementOutcome::NoMatch(element) => {
                let nearness = match element {
                    Element::Principal => 0,
                    Element::Action => 1,
                    Element::Resource => 2,
                    Element::Condition(_) => 3,
                };
                let doubt = doubt::of_element(statement, element, request);
                let trace = element_trace(request, statement, element, doubt);
                (nearness, Some(trace))
            }
        };
        // An allowing statement applies if no element is in doubt.
        let mut doubts = Vec::new();
        if mismatch.is_none() && statement.effect() == Effect::Deny {
            let found = doubt::of_statement(statement, request).into_iter();
            let trace = |(element, doubt)| element_trace(request, statement, element, Some(doubt));
            doubts = found.map(trace).collect();
        }
        let trace = StatementTrace {
            policy: policy.name.to_owned(),
            policy_arn: policy.arn.map(str::to_owned),
            sid: statement.sid().map(str::to_owned),
            number: statement.number,
            line: statement.line(),
            effect: statement.effect(),
            mismatch,
            doubts,
        };
        self.seen.push((nearness, trace));
    }

    fn unreadable_policy(&mut self, policy: &AppliedPolicy<'_>) {
        self.unreadable.push(policy.name.to_owned());
    }

    fn end_layer(&mut self, outcome: &LayerOutcome<'_>) {
        let Some((layer, level)) = self.layer.take() else {
            return;
        };
        let mut seen = std::mem::take(&mut self.seen);
        let all = seen.len();
        // A statement that fails at an earlier element explains little beside one that fails later.
        let nearest = seen
            .iter()
            .map(|(near, _)| *near)
            .filter(|near| *near != u8::MAX)
            .max();
        let near = |near: u8| near == u8::MAX || near >= 2 || Some(near) == nearest;
        seen.retain(|(nearness, _)| near(*nearness));
        // Denying statements first, then allowing ones, then those that nearly applied.
        seen.sort_by_key(|(nearness, trace)| {
            let applies = trace.mismatch.is_none();
            let first = applies == (trace.effect == Effect::Deny);
            (std::cmp::Reverse(*nearness), !first)
        });
        seen.truncate(MAX_STATEMENTS);
        let result = if outcome.deny.is_some() {
            LayerResult::Denies
        } else if outcome.unreadable {
            LayerResult::Unreadable
        } else if outcome.allow.is_some() {
            LayerResult::Allows
        } else {
            LayerResult::NoMatch
        };
        self.layers.push(LayerTrace {
            layer,
            level,
            result,
            others: all - seen.len(),
            statements: seen.into_iter().map(|(_, trace)| trace).collect(),
            unreadable: std::mem::take(&mut self.unreadable),
        });
    }
}

impl Tracer {
    pub(crate) fn finish(self, request: &AuthorizationRequest<'_>, decision: &Decision) -> Trace {
        Trace {
            principal: request.principal.to_string(),
            action: request.action.to_string(),
            resource: request.resource.arn.to_owned(),
            denied: decision
                .clone()
                .permit(())
                .err()
                .map(|d| d.reason().clone()),
            layers: self.layers,
        }
    }
}

fn element_trace(
    request: &AuthorizationRequest<'_>,
    statement: StatementRef<'_>,
    element: Element<'_>,
    doubt: Option<Doubt>,
) -> ElementTrace {
    let plain = |element, expected: Vec<String>, actual: String| ElementTrace {
        element,
        condition: None,
        expected: bounded(expected),
        actual: Some(vec![actual]),
        missing_variables: Vec::new(),
        doubt: None,
    };
    let trace = match element {
        Element::Principal => {
            let expected = statement.principals().map(Principals::texts);
            plain(
                "Principal",
                expected.unwrap_or_default(),
                request.principal.to_string(),
            )
        }
        Element::Action => plain(
            "Action",
            statement.action_texts(),
            request.action.to_string(),
        ),
        Element::Resource => ElementTrace {
            missing_variables: statement
                .resources()
                .flat_map(|p| p.missing(request.context))
                .collect(),
            ..plain(
                "Resource",
                statement.resource_texts(),
                request.resource.arn.to_owned(),
            )
        },
        Element::Condition(condition) => ElementTrace {
            element: "Condition",
            condition: Some((condition.operator.to_string(), condition.key.to_owned())),
            expected: bounded(condition.expected().map(str::to_owned).collect()),
            actual: request
                .context
                .get(condition.key)
                .map(|value| bounded(value.texts())),
            missing_variables: condition.missing(request.context),
            doubt: None,
        },
    };
    ElementTrace { doubt, ..trace }
}

fn bounded(mut values: Vec<String>) -> Vec<String> {
    let more = values.len().saturating_sub(MAX_VALUES);
    values.truncate(MAX_VALUES);
    if more > 0 {
        values.push(format!("and {more} more"));
    }
    values
}
