//! All policies together: what a request may do.
//!
//! [`authorize`] looks at every layer and decides in the order of the IAM User Guide ("Policy evaluation logic"):
//!
//! 1. A statement that denies, in any layer, wins. So does a policy that cannot be read: it may have held one.
//! 2. Each level of the organisation's policies has to allow, for the principals and resources that they bind.
//! 3. Within one account, the principal's own policies (within its boundary and its session's policies) *or* the resource's policy
//!    allow. How far a resource's policy reaches follows from whom it names. A role's trust policy has to allow in any case.
//! 4. Across accounts, both sides have to allow.
//!
//! [`explain`] is the same walk with its steps written down. Nothing here awaits, logs or reads a clock.

use crate::{
    account::AccountId,
    action::Action,
    context::ConditionContext,
    decision::{Decision, DenialReason},
    effect::Effect,
    layer::Layer,
    policy::CompiledPolicy,
    principal::{Grant, Principal},
    statement::{Statement, Verdict},
    trace::{Trace, Tracer},
};

/// A request: who wants to do what, to what, and what else is known.
#[derive(Clone, Copy, Debug)]
pub struct AuthorizationRequest<'a> {
    /// Who.
    pub principal: Principal<'a>,
    /// What.
    pub action: &'a Action,
    /// To what.
    pub resource: RequestedResource<'a>,
    /// What else is known.
    pub context: &'a ConditionContext<'a>,
}

/// What a request is about.
#[derive(Clone, Copy, Debug)]
pub struct RequestedResource<'a> {
    /// Its ARN, or `*` for actions that have no resource.
    pub arn: &'a str,
    /// The account that owns it; `None` if it is the principal's own by nature.
    pub account: Option<AccountId>,
}

/// A policy that applies, and what it is called.
#[derive(Clone, Copy, Debug)]
pub struct AppliedPolicy<'a> {
    /// What people call it.
    pub name: &'a str,
    /// Its ARN, if it has one.
    pub arn: Option<&'a str>,
    /// The policy; `None` if it cannot be read.
    pub policy: Option<&'a CompiledPolicy>,
}

/// One level of an organisation with its policies: the root, a unit, or the account. One of the policies has to allow.
#[derive(Clone, Debug)]
pub struct OrganizationLevel<'a> {
    /// What people call it.
    pub name: &'a str,
    /// Its policies.
    pub policies: Vec<AppliedPolicy<'a>>,
}

/// All policies that apply to a request.
#[derive(Clone, Debug, Default)]
pub struct Policies<'a> {
    /// Of the user (its groups included) or the role.
    pub identity: Vec<AppliedPolicy<'a>>,
    /// The permissions boundary, if there is one.
    pub boundary: Option<AppliedPolicy<'a>>,
    /// Of the session: `None` if nothing limits it, or else one of them has to allow.
    pub session: Option<Vec<AppliedPolicy<'a>>>,
    /// Of the resource.
    pub resource: Vec<AppliedPolicy<'a>>,
    /// The role's trust policy, where the resource is a role that is to be assumed.
    pub trust: Option<AppliedPolicy<'a>>,
    /// SCPs from the root down to the principal's account; none where they do not bind.
    pub service_control: Vec<OrganizationLevel<'a>>,
    /// RCPs from the root down to the resource's account; none where they do not bind.
    pub resource_control: Vec<OrganizationLevel<'a>>,
    /// Of the endpoint, if the request came through one.
    pub vpc_endpoint: Option<AppliedPolicy<'a>>,
}

/// Decides.
pub fn authorize(request: &AuthorizationRequest<'_>, policies: &Policies<'_>) -> Decision {
    walk(request, policies, &mut Unobserved)
}

/// Decides, and tells how.
pub fn explain(request: &AuthorizationRequest<'_>, policies: &Policies<'_>) -> Trace {
    let mut tracer = Tracer::default();
    let decision = walk(request, policies, &mut tracer);
    tracer.finish(request, &decision)
}

/// Whoever looks on while a decision is made.
pub(crate) trait Observer {
    fn layer(&mut self, layer: Layer, level: Option<&str>);
    fn statement(
        &mut self,
        request: &AuthorizationRequest<'_>,
        of: &AppliedPolicy<'_>,
        s: &Statement,
        v: Verdict<'_>,
    );
    fn broken(&mut self, of: &AppliedPolicy<'_>);
    fn result(&mut self, outcome: &Outcome<'_>);
}

/// Nobody: the walk costs nothing more.
struct Unobserved;

impl Observer for Unobserved {
    fn layer(&mut self, _: Layer, _: Option<&str>) {}
    fn statement(
        &mut self,
        _: &AuthorizationRequest<'_>,
        _: &AppliedPolicy<'_>,
        _: &Statement,
        _: Verdict<'_>,
    ) {
    }
    fn broken(&mut self, _: &AppliedPolicy<'_>) {}
    fn result(&mut self, _: &Outcome<'_>) {}
}

/// What the policies of one layer say together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outcome<'a> {
    /// The most direct grant of a statement that allows.
    pub(crate) allow: Option<Grant>,
    /// The policy with a statement that denies.
    pub(crate) deny: Option<AppliedPolicy<'a>>,
    pub(crate) broken: bool,
}

fn walk<O: Observer>(
    request: &AuthorizationRequest<'_>,
    policies: &Policies<'_>,
    observer: &mut O,
) -> Decision {
    let who = &request.principal;
    let mut walk = Walk {
        request,
        has_boundary: policies.boundary.is_some(),
        observer,
        refusal: None,
        missing: None,
    };
    // Every layer is looked at, also after one has refused: an explanation shows all of them.
    walk.levels(Layer::ResourceControl, &policies.resource_control);
    // SCPs bind an account's own users, roles and root, and nobody who is not yet one of them.
    if has_identity(who) {
        walk.levels(Layer::ServiceControl, &policies.service_control);
    }
    let trusted = walk.look(Layer::Trust, policies.trust.as_slice());
    let granted = walk.look(Layer::Resource, &policies.resource);
    let identity = if has_identity(who) {
        walk.look_even_if_empty(Layer::Identity, &policies.identity)
    } else {
        None
    };
    let limits = Limits {
        boundary: policies.boundary.is_none()
            || walk
                .look(Layer::Boundary, policies.boundary.as_slice())
                .is_some(),
        session: policies
            .session
            .as_ref()
            .is_none_or(|session| walk.look_even_if_empty(Layer::Session, session).is_some()),
    };
    let endpoint = policies.vpc_endpoint.as_slice();
    if walk.look(Layer::VpcEndpoint, endpoint).is_none() && !endpoint.is_empty() {
        walk.missing.get_or_insert(Layer::VpcEndpoint);
    }

    if let Some(reason) = walk.refusal {
        return Decision::denied(reason);
    }
    let sides = Sides {
        // Root needs no policy in its own account.
        own: if identity.is_some() || matches!(who, Principal::Root { .. }) {
            Own::Allow
        } else if has_identity(who) {
            Own::Silent
        } else {
            Own::Nothing
        },
        granted: if policies.trust.is_some() {
            trusted
        } else {
            granted
        },
        trust: policies.trust.is_some(),
        same_account: request
            .resource
            .account
            .is_none_or(|owner| who.account() == Some(owner)),
    };
    match walk.missing.or_else(|| sides.missing(limits)) {
        Some(layer) => Decision::denied(DenialReason::Implicit { layer }),
        None => Decision::allowed(),
    }
}

/// One decision in the making.
struct Walk<'w, O> {
    request: &'w AuthorizationRequest<'w>,
    has_boundary: bool,
    observer: &'w mut O,
    /// The first statement that denies, or policy that cannot be read.
    refusal: Option<DenialReason>,
    /// The first layer that had to allow, whoever else does, and did not.
    missing: Option<Layer>,
}

impl<O: Observer> Walk<'_, O> {
    /// The most direct grant in a layer; nothing is looked at where there are no policies.
    fn look(&mut self, layer: Layer, policies: &[AppliedPolicy<'_>]) -> Option<Grant> {
        if policies.is_empty() {
            return None;
        }
        self.look_even_if_empty(layer, policies)
    }

    /// The same for a layer whose silence counts.
    fn look_even_if_empty(
        &mut self,
        layer: Layer,
        policies: &[AppliedPolicy<'_>],
    ) -> Option<Grant> {
        self.outcome(layer, None, policies)
    }

    fn levels(&mut self, layer: Layer, levels: &[OrganizationLevel<'_>]) {
        for level in levels {
            let granted = self.outcome(layer, Some(level.name), &level.policies);
            if granted.is_none() {
                self.missing.get_or_insert(layer);
            }
        }
    }

    fn outcome(
        &mut self,
        layer: Layer,
        level: Option<&str>,
        policies: &[AppliedPolicy<'_>],
    ) -> Option<Grant> {
        self.observer.layer(layer, level);
        let mut outcome = Outcome::default();
        for of in policies {
            self.policy(of, &mut outcome);
        }
        self.observer.result(&outcome);
        if let Some(denier) = outcome.deny {
            self.refusal.get_or_insert_with(|| DenialReason::Explicit {
                layer,
                policy: denier.arn.map(Into::into),
            });
        } else if outcome.broken {
            self.refusal.get_or_insert(DenialReason::Broken { layer });
        }
        outcome.allow
    }

    fn policy<'a>(&mut self, of: &AppliedPolicy<'a>, outcome: &mut Outcome<'a>) {
        let Some(policy) = of.policy else {
            self.observer.broken(of);
            outcome.broken = true;
            return;
        };
        for statement in policy.statements() {
            let verdict = statement.judge(self.request, self.has_boundary);
            self.observer
                .statement(self.request, of, statement, verdict);
            match (verdict, statement.effect) {
                (Verdict::Applies(grant), Effect::Allow) => {
                    outcome.allow = outcome.allow.max(Some(grant));
                }
                (Verdict::Applies(_), Effect::Deny) => {
                    outcome.deny.get_or_insert(*of);
                }
                (Verdict::Fails(_), Effect::Allow | Effect::Deny) => {}
            }
        }
    }
}

/// The layers that only ever limit.
#[derive(Clone, Copy)]
struct Limits {
    boundary: bool,
    session: bool,
}

impl Limits {
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

/// The two sides that can grant.
struct Sides {
    own: Own,
    /// How directly the resource's side grants.
    granted: Option<Grant>,
    /// Whether the resource's side is a trust policy, without which nothing is allowed.
    trust: bool,
    same_account: bool,
}

/// What the principal's own policies say.
#[derive(Clone, Copy)]
enum Own {
    /// It is nobody who could have any: services, holders of tokens, the anonymous.
    Nothing,
    Silent,
    Allow,
}

impl Sides {
    /// The layer that would have had to allow, if something is missing.
    fn missing(&self, limits: Limits) -> Option<Layer> {
        let resource = if self.trust {
            Layer::Trust
        } else {
            Layer::Resource
        };
        let by_itself = match self.own {
            // They have nothing but what the resource says.
            Own::Nothing => return (self.granted != Some(Grant::Direct)).then_some(resource),
            Own::Silent => Some(Layer::Identity),
            Own::Allow => limits.missing(),
        };
        match (self.same_account, self.granted) {
            (true, Some(Grant::Direct)) => None,
            (true, Some(Grant::Role)) => limits.missing(),
            (true, None) if self.trust => Some(resource),
            (false, None) => Some(resource),
            (true | false, None | Some(_)) => by_itself,
        }
    }
}

/// Whether the principal is somebody in an account, whose policies speak for it.
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
