//! Decides what a request may do, from all policies that apply to it.
//!
//! [`authorize`] evaluates every layer and decides in the order of the IAM User Guide ("Policy
//! evaluation logic"):
//!
//! 1. A statement that denies, in any layer, wins. So does a policy that cannot be read: it may
//!    contain a deny.
//! 2. Each level of the organization's policies must allow, for the principals and resources that
//!    they bind.
//! 3. Within one account, the principal's own policies (within its boundary and its session
//!    policies) *or* the resource's policy must allow. How far a resource's policy reaches follows
//!    from the principals that it names. A role's trust policy must allow in any case.
//! 4. Across accounts, both sides must allow.
//!
//! [`explain`] is the same evaluation with its steps recorded. Nothing here awaits, logs or reads
//! a clock.

use std::ops::ControlFlow;

use crate::{
    decision::{Decision, DenialReason},
    effect::Effect,
    layer::Layer,
    observer::{LayerOutcome, NoObserver, Observer},
    policy_principal::Grant,
    principal::Principal,
    statement::{StatementOutcome, StatementRef},
    trace::{Trace, Tracer},
};

pub use crate::{
    policies::{AppliedPolicy, OrganizationLevel, Policies},
    request::{AuthorizationRequest, RequestedResource},
};

/// Decides whether the policies allow the request.
pub fn authorize(request: &AuthorizationRequest<'_>, policies: &Policies<'_>) -> Decision {
    evaluate(request, policies, &mut NoObserver)
}

/// Decides as [`authorize`] does, and returns how the decision came about.
pub fn explain(request: &AuthorizationRequest<'_>, policies: &Policies<'_>) -> Trace {
    let mut tracer = Tracer::default();
    let decision = evaluate(request, policies, &mut tracer);
    tracer.finish(request, &decision)
}

fn evaluate<O: Observer>(
    request: &AuthorizationRequest<'_>,
    policies: &Policies<'_>,
    observer: &mut O,
) -> Decision {
    let principal = &request.principal;
    request.context.begin();
    let mut evaluation = Evaluation {
        request,
        has_boundary: policies.boundary.is_some(),
        observer,
        denial: None,
        missing: None,
    };
    // An explanation shows every layer, also after one has denied.
    evaluation.organization(Layer::ResourceControl, &policies.resource_control);
    // SCPs bind the users, roles and root of an account, not services or token holders.
    if has_identity(principal) {
        evaluation.organization(Layer::ServiceControl, &policies.service_control);
    }
    let trust = evaluation.layer(Layer::Trust, policies.trust.as_slice());
    let resource = evaluation.layer(Layer::Resource, &policies.resource);
    let identity = if has_identity(principal) {
        evaluation.required_layer(Layer::Identity, &policies.identity)
    } else {
        None
    };
    let limits = LimitingLayers {
        boundary: policies.boundary.is_none()
            || evaluation
                .layer(Layer::Boundary, policies.boundary.as_slice())
                .is_some(),
        session: policies
            .session
            .as_ref()
            .is_none_or(|session| evaluation.required_layer(Layer::Session, session).is_some()),
    };
    let endpoint = policies.vpc_endpoint.as_slice();
    if evaluation.layer(Layer::VpcEndpoint, endpoint).is_none() && !endpoint.is_empty() {
        evaluation.missing.get_or_insert(Layer::VpcEndpoint);
    }

    if let Some(reason) = evaluation.denial {
        return Decision::denied(reason);
    }
    // What the policies say is not known.
    if request.context.is_exhausted() {
        let layer = if policies.trust.is_some() {
            Layer::Trust
        } else {
            Layer::Identity
        };
        return Decision::denied(DenialReason::Unreadable { layer });
    }
    let sides = GrantingSides {
        // The root user needs no policy in its own account.
        identity: if identity.is_some() || matches!(principal, Principal::Root { .. }) {
            IdentitySide::Allows
        } else if has_identity(principal) {
            IdentitySide::NoMatch
        } else {
            IdentitySide::Absent
        },
        resource: if policies.trust.is_some() {
            trust
        } else {
            resource
        },
        is_trust: policies.trust.is_some(),
        same_account: request
            .resource
            .account
            .is_none_or(|owner| principal.account() == Some(owner)),
    };
    match evaluation.missing.or_else(|| sides.missing(limits)) {
        Some(layer) => Decision::denied(DenialReason::Implicit { layer }),
        None => Decision::allowed(),
    }
}

/// The evaluation of one request, layer by layer.
struct Evaluation<'e, O> {
    request: &'e AuthorizationRequest<'e>,
    has_boundary: bool,
    observer: &'e mut O,
    /// The first statement that denies, or policy that cannot be read.
    denial: Option<DenialReason>,
    /// The first layer that must allow whatever the others say, and does not.
    missing: Option<Layer>,
}

impl<O: Observer> Evaluation<'_, O> {
    /// The most direct grant in a layer. A layer without policies is not reported.
    fn layer(&mut self, layer: Layer, policies: &[AppliedPolicy<'_>]) -> Option<Grant> {
        if policies.is_empty() {
            return None;
        }
        self.required_layer(layer, policies)
    }

    /// The same for a layer that is reported even without policies.
    fn required_layer(&mut self, layer: Layer, policies: &[AppliedPolicy<'_>]) -> Option<Grant> {
        self.policies(layer, None, policies)
    }

    /// Evaluates the levels of an organization, each of which must allow.
    fn organization(&mut self, layer: Layer, levels: &[OrganizationLevel<'_>]) {
        for level in levels {
            let grant = self.policies(layer, Some(level.name), &level.policies);
            if grant.is_none() {
                self.missing.get_or_insert(layer);
            }
        }
    }

    fn policies(
        &mut self,
        layer: Layer,
        level: Option<&str>,
        policies: &[AppliedPolicy<'_>],
    ) -> Option<Grant> {
        // The first denial decides.
        if !O::NEEDS_ALL && self.denial.is_some() {
            return None;
        }
        self.observer.begin_layer(layer, level);
        let mut outcome = LayerOutcome::default();
        for policy in policies {
            self.policy(policy, &mut outcome);
        }
        self.observer.end_layer(&outcome);
        if let Some(denier) = outcome.deny {
            self.denial.get_or_insert_with(|| DenialReason::Explicit {
                layer,
                policy: denier.arn.map(Into::into),
            });
        } else if outcome.unreadable {
            self.denial
                .get_or_insert(DenialReason::Unreadable { layer });
        }
        outcome.allow
    }

    fn policy<'a>(&mut self, applied: &AppliedPolicy<'a>, outcome: &mut LayerOutcome<'a>) {
        let Some(policy) = applied.policy else {
            self.observer.unreadable_policy(applied);
            outcome.unreadable = true;
            return;
        };
        if O::NEEDS_ALL {
            for statement in policy.statements().iter() {
                self.statement(applied, statement, outcome);
            }
            return;
        }
        // Statements that cannot match the action and the resource are not looked at. A deny decides,
        // and after the most direct grant no other matters.
        let _ = policy.visit(self.request, |statement| {
            if statement.effect() == Effect::Deny || outcome.allow != Some(Grant::Direct) {
                self.statement(applied, statement, outcome);
            }
            match outcome.deny {
                Some(_) => ControlFlow::Break(()),
                None => ControlFlow::Continue(()),
            }
        });
    }

    fn statement<'a>(
        &mut self,
        applied: &AppliedPolicy<'a>,
        statement: StatementRef<'_>,
        outcome: &mut LayerOutcome<'a>,
    ) {
        let says = statement.evaluate(self.request, self.has_boundary);
        self.observer
            .statement(self.request, applied, statement, says);
        match (says, statement.effect()) {
            (StatementOutcome::Applies(grant), Effect::Allow) => {
                outcome.allow = outcome.allow.max(Some(grant));
            }
            (StatementOutcome::Applies(_), Effect::Deny) => {
                outcome.deny.get_or_insert(*applied);
            }
            (StatementOutcome::NoMatch(_), Effect::Allow | Effect::Deny) => {}
        }
    }
}

/// The layers that limit what the identity-based policies allow: whether each of them allows.
#[derive(Clone, Copy)]
struct LimitingLayers {
    boundary: bool,
    session: bool,
}

impl LimitingLayers {
    fn missing(self) -> Option<Layer> {
        if !self.boundary {
            Some(Layer::Boundary)
        } else if !self.session {
            Some(Layer::Session)
        } else {
            None
        }
    }
}

/// The two sides that can grant: the principal's policies and the resource's policy.
struct GrantingSides {
    identity: IdentitySide,
    /// How directly the resource's side grants.
    resource: Option<Grant>,
    /// Whether the resource's side is a trust policy, which must allow in any case.
    is_trust: bool,
    same_account: bool,
}

/// What the principal's own policies say.
#[derive(Clone, Copy)]
enum IdentitySide {
    /// The principal can have no policies: services, token holders, anonymous requests.
    Absent,
    NoMatch,
    Allows,
}

impl GrantingSides {
    /// The layer whose missing allow denies the request; `None` if the request is allowed.
    fn missing(&self, limits: LimitingLayers) -> Option<Layer> {
        let resource = if self.is_trust {
            Layer::Trust
        } else {
            Layer::Resource
        };
        let by_identity = match self.identity {
            // Such principals have only what the resource grants.
            IdentitySide::Absent => {
                return (self.resource != Some(Grant::Direct)).then_some(resource);
            }
            IdentitySide::NoMatch => Some(Layer::Identity),
            IdentitySide::Allows => limits.missing(),
        };
        match (self.same_account, self.resource) {
            (true, Some(Grant::Direct)) => None,
            (true, Some(Grant::Role)) => limits.missing(),
            (true, None) if self.is_trust => Some(resource),
            (false, None) => Some(resource),
            (true | false, None | Some(_)) => by_identity,
        }
    }
}

/// Whether the principal is an identity of an account, which can have policies of its own.
fn has_identity(principal: &Principal<'_>) -> bool {
    match principal {
        Principal::Root { .. }
        | Principal::User { .. }
        | Principal::Role { .. }
        | Principal::FederatedUser { .. } => true,
        Principal::Anonymous | Principal::Service(_) | Principal::Federated { .. } => false,
    }
}

#[cfg(test)]
mod tests;
