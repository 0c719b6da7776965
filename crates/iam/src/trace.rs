//! How a decision came about, for the operator: which statements spoke, and which nearly did.

use crate::{
    authorize::{AppliedPolicy, AuthorizationRequest, Observer, Outcome},
    decision::{Decision, DenialReason},
    effect::Effect,
    layer::Layer,
    statement::{Element, Statement, Verdict},
};

/// The most statements that are told of one layer.
const MAX_STATEMENTS: usize = 32;
/// The most values that are told of one element.
const MAX_VALUES: usize = 16;

/// A decision and all that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Who asked.
    pub principal: String,
    /// For what action.
    pub action: String,
    /// On what resource.
    pub resource: String,
    /// Why it was denied; `None` if it was allowed.
    pub denied: Option<DenialReason>,
    /// Each layer that was looked at, in order.
    pub layers: Vec<LayerTrace>,
}

impl Trace {
    /// Keeps only what each layer said of those that whoever owns the resource has written, for a reader of another account:
    /// such a policy names whom it trusts and what they have to know (`sts:ExternalId`).
    pub fn withhold_resource_side(&mut self) {
        for layer in &mut self.layers {
            match layer.layer {
                Layer::ResourceControl | Layer::Resource | Layer::Trust => {
                    layer.level = None;
                    layer.statements.clear();
                    layer.others = 0;
                    layer.broken.clear();
                }
                Layer::ServiceControl
                | Layer::Identity
                | Layer::Boundary
                | Layer::Session
                | Layer::VpcEndpoint => {}
            }
        }
    }
}

/// What one layer said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerTrace {
    /// Which layer.
    pub layer: Layer,
    /// Which level of the organisation, in a layer that has levels.
    pub level: Option<String>,
    /// What its policies said together.
    pub result: LayerResult,
    /// The statements that applied, then those that came nearest to it.
    pub statements: Vec<StatementTrace>,
    /// How many statements came less near, and are not told.
    pub others: usize,
    /// The policies that cannot be read.
    pub broken: Vec<String>,
}

/// What the policies of one layer said together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerResult {
    /// A statement allows, none denies.
    Allows,
    /// A statement denies.
    Denies,
    /// No statement speaks of the request.
    Silent,
    /// A policy cannot be read.
    Broken,
}

/// What one statement said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementTrace {
    /// What people call its policy.
    pub policy: String,
    /// The policy's ARN, if it has one.
    pub policy_arn: Option<String>,
    /// Its `Sid`, if it has one.
    pub sid: Option<String>,
    /// Its place in the policy, from 1.
    pub number: usize,
    /// The line on which it begins.
    pub line: usize,
    /// What it does when it applies.
    pub effect: Effect,
    /// Why it did not apply; `None` if it did.
    pub mismatch: Option<ElementMismatch>,
}

/// The first element of a statement that did not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementMismatch {
    /// `Principal`, `Action`, `Resource` or `Condition`.
    pub element: &'static str,
    /// A condition's operator and key.
    pub condition: Option<(String, String)>,
    /// What the statement asks for.
    pub expected: Vec<String>,
    /// What the request had; `None` if it had no such key.
    pub actual: Option<Vec<String>>,
    /// Variables in what the statement asks for that the request has no value for.
    pub missing_variables: Vec<String>,
}

/// Writes a trace while a decision is made.
#[derive(Debug, Default)]
pub(crate) struct Tracer {
    layers: Vec<LayerTrace>,
    /// Of the layer that is being looked at: how near each statement came, and what to tell.
    seen: Vec<(u8, StatementTrace)>,
    broken: Vec<String>,
    layer: Option<(Layer, Option<String>)>,
}

impl Observer for Tracer {
    fn layer(&mut self, layer: Layer, level: Option<&str>) {
        self.layer = Some((layer, level.map(str::to_owned)));
    }

    fn statement(
        &mut self,
        request: &AuthorizationRequest<'_>,
        of: &AppliedPolicy<'_>,
        statement: &Statement,
        verdict: Verdict<'_>,
    ) {
        let (nearness, mismatch) = match verdict {
            Verdict::Applies(_) => (u8::MAX, None),
            Verdict::Fails(element) => {
                let nearness = match element {
                    Element::Principal => 0,
                    Element::Action => 1,
                    Element::Resource => 2,
                    Element::Condition(_) => 3,
                };
                (nearness, Some(mismatch(request, statement, element)))
            }
        };
        let told = StatementTrace {
            policy: of.name.to_owned(),
            policy_arn: of.arn.map(str::to_owned),
            sid: statement.sid.as_deref().map(str::to_owned),
            number: statement.number,
            line: statement.line,
            effect: statement.effect,
            mismatch,
        };
        self.seen.push((nearness, told));
    }

    fn broken(&mut self, of: &AppliedPolicy<'_>) {
        self.broken.push(of.name.to_owned());
    }

    fn result(&mut self, outcome: &Outcome<'_>) {
        let Some((layer, level)) = self.layer.take() else {
            return;
        };
        let mut seen = std::mem::take(&mut self.seen);
        let all = seen.len();
        // Those that failed at an earlier element say little beside one that failed at a later one.
        let nearest = seen
            .iter()
            .map(|(near, _)| *near)
            .filter(|near| *near != u8::MAX)
            .max();
        let near = |near: u8| near == u8::MAX || near >= 2 || Some(near) == nearest;
        seen.retain(|(nearness, _)| near(*nearness));
        // What denies comes first, then what allows, then what nearly did.
        seen.sort_by_key(|(nearness, told)| {
            let applies = told.mismatch.is_none();
            let first = applies == (told.effect == Effect::Deny);
            (std::cmp::Reverse(*nearness), !first)
        });
        seen.truncate(MAX_STATEMENTS);
        let result = if outcome.deny.is_some() {
            LayerResult::Denies
        } else if outcome.broken {
            LayerResult::Broken
        } else if outcome.allow.is_some() {
            LayerResult::Allows
        } else {
            LayerResult::Silent
        };
        self.layers.push(LayerTrace {
            layer,
            level,
            result,
            others: all - seen.len(),
            statements: seen.into_iter().map(|(_, told)| told).collect(),
            broken: std::mem::take(&mut self.broken),
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

fn mismatch(
    request: &AuthorizationRequest<'_>,
    statement: &Statement,
    element: Element<'_>,
) -> ElementMismatch {
    let plain = |element, expected: Vec<String>, actual: String| ElementMismatch {
        element,
        condition: None,
        expected: bounded(expected),
        actual: Some(vec![actual]),
        missing_variables: Vec::new(),
    };
    match element {
        Element::Principal => {
            let expected = statement
                .principals
                .as_ref()
                .map(super::principal::Principals::texts);
            plain(
                "Principal",
                expected.unwrap_or_default(),
                request.principal.to_string(),
            )
        }
        Element::Action => plain(
            "Action",
            statement.actions.texts(),
            request.action.to_string(),
        ),
        Element::Resource => {
            let resources = statement.resources.as_ref();
            let missing = resources.into_iter().flat_map(|r| &r.patterns);
            ElementMismatch {
                missing_variables: missing.flat_map(|p| p.missing(request.context)).collect(),
                ..plain(
                    "Resource",
                    resources
                        .map(super::statement::Resources::texts)
                        .unwrap_or_default(),
                    request.resource.arn.to_owned(),
                )
            }
        }
        Element::Condition(condition) => ElementMismatch {
            element: "Condition",
            condition: Some((condition.operator().to_string(), condition.key().to_owned())),
            expected: bounded(condition.expected().map(str::to_owned).collect()),
            actual: request
                .context
                .get(condition.key())
                .map(|value| bounded(value.texts())),
            missing_variables: condition.missing(request.context),
        },
    }
}

fn bounded(mut values: Vec<String>) -> Vec<String> {
    let more = values.len().saturating_sub(MAX_VALUES);
    values.truncate(MAX_VALUES);
    if more > 0 {
        values.push(format!("and {more} more"));
    }
    values
}
