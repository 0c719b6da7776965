//! A decision that takes long, with a copy of everything that it depends on, so that it can run on
//! another thread.

use bowline_iam::{
    account::AccountId,
    action::Action,
    authorize::{
        AppliedPolicy, AuthorizationRequest, OrganizationLevel, Policies, RequestedResource,
        authorize, explain,
    },
    context::ConditionContext,
    decision::Decision,
    policy::CompiledPolicy,
    principal::Principal,
    trace::Trace,
};

/// A decision that is to be made.
pub(super) struct LongDecision {
    principal: OwnedPrincipal,
    action: Action,
    resource: String,
    owner: Option<AccountId>,
    context: ConditionContext<'static>,
    policies: OwnedPolicies,
}

struct OwnedPolicy {
    name: String,
    arn: Option<String>,
    policy: Option<CompiledPolicy>,
}

/// The members of [`Policies`].
struct OwnedPolicies {
    identity: Vec<OwnedPolicy>,
    boundary: Option<OwnedPolicy>,
    session: Option<Vec<OwnedPolicy>>,
    resource: Vec<OwnedPolicy>,
    trust: Option<OwnedPolicy>,
    service_control: Vec<(String, Vec<OwnedPolicy>)>,
    resource_control: Vec<(String, Vec<OwnedPolicy>)>,
    vpc_endpoint: Option<OwnedPolicy>,
}

/// The variants of [`Principal`].
enum OwnedPrincipal {
    Anonymous,
    Root(AccountId),
    User(AccountId, String, String),
    Role(AccountId, String, String, String),
    FederatedUser(AccountId, String, String),
    Service(String),
    Federated(AccountId, String),
}

impl LongDecision {
    pub(super) fn of(request: &AuthorizationRequest<'_>, policies: &Policies<'_>) -> Self {
        Self {
            principal: OwnedPrincipal::of(&request.principal),
            action: request.action.clone(),
            resource: request.resource.arn.to_owned(),
            owner: request.resource.account,
            context: request.context.clone().into_owned(),
            policies: OwnedPolicies::of(policies),
        }
    }

    /// Decides in at most these many steps, from which it takes its own. A denial has its trace.
    pub(super) fn decide(self, steps: &mut u64) -> (Decision, Option<Trace>) {
        let context = self.context.with_steps(*steps);
        let request = AuthorizationRequest {
            principal: self.principal.borrowed(),
            action: &self.action,
            resource: RequestedResource {
                arn: &self.resource,
                account: self.owner,
            },
            context: &context,
        };
        let policies = self.policies.borrowed();
        let decision = authorize(&request, &policies);
        *steps = context.steps_left();
        let trace = (!decision.is_allowed()).then(|| explain(&request, &policies));
        (decision, trace)
    }
}

impl OwnedPolicy {
    fn of(applied: &AppliedPolicy<'_>) -> Self {
        Self {
            name: applied.name.to_owned(),
            arn: applied.arn.map(str::to_owned),
            policy: applied.policy.cloned(),
        }
    }

    fn all(applied: &[AppliedPolicy<'_>]) -> Vec<Self> {
        applied.iter().map(Self::of).collect()
    }

    fn levels(levels: &[OrganizationLevel<'_>]) -> Vec<(String, Vec<Self>)> {
        let own =
            |level: &OrganizationLevel<'_>| (level.name.to_owned(), Self::all(&level.policies));
        levels.iter().map(own).collect()
    }

    fn borrowed(&self) -> AppliedPolicy<'_> {
        AppliedPolicy {
            name: &self.name,
            arn: self.arn.as_deref(),
            policy: self.policy.as_ref(),
        }
    }
}

impl OwnedPolicies {
    fn of(policies: &Policies<'_>) -> Self {
        // Every layer by name: one that is missing here would not be decided on.
        let Policies {
            identity,
            boundary,
            session,
            resource,
            trust,
            service_control,
            resource_control,
            vpc_endpoint,
        } = policies;
        Self {
            identity: OwnedPolicy::all(identity),
            boundary: boundary.as_ref().map(OwnedPolicy::of),
            session: session.as_deref().map(OwnedPolicy::all),
            resource: OwnedPolicy::all(resource),
            trust: trust.as_ref().map(OwnedPolicy::of),
            service_control: OwnedPolicy::levels(service_control),
            resource_control: OwnedPolicy::levels(resource_control),
            vpc_endpoint: vpc_endpoint.as_ref().map(OwnedPolicy::of),
        }
    }

    fn borrowed(&self) -> Policies<'_> {
        fn all(policies: &[OwnedPolicy]) -> Vec<AppliedPolicy<'_>> {
            policies.iter().map(OwnedPolicy::borrowed).collect()
        }
        fn levels(levels: &[(String, Vec<OwnedPolicy>)]) -> Vec<OrganizationLevel<'_>> {
            levels
                .iter()
                .map(|(name, policies)| OrganizationLevel {
                    name,
                    policies: all(policies),
                })
                .collect()
        }
        Policies {
            identity: all(&self.identity),
            boundary: self.boundary.as_ref().map(OwnedPolicy::borrowed),
            session: self.session.as_deref().map(all),
            resource: all(&self.resource),
            trust: self.trust.as_ref().map(OwnedPolicy::borrowed),
            service_control: levels(&self.service_control),
            resource_control: levels(&self.resource_control),
            vpc_endpoint: self.vpc_endpoint.as_ref().map(OwnedPolicy::borrowed),
        }
    }
}

impl OwnedPrincipal {
    fn of(principal: &Principal<'_>) -> Self {
        match *principal {
            Principal::Anonymous => Self::Anonymous,
            Principal::Root { account } => Self::Root(account),
            Principal::User { account, arn, id } => Self::User(account, arn.into(), id.into()),
            Principal::Role {
                account,
                arn,
                id,
                session_arn,
            } => Self::Role(account, arn.into(), id.into(), session_arn.into()),
            Principal::FederatedUser {
                account,
                session_arn,
                user_id,
            } => Self::FederatedUser(account, session_arn.into(), user_id.into()),
            Principal::Service(name) => Self::Service(name.into()),
            Principal::Federated { account, provider } => Self::Federated(account, provider.into()),
        }
    }

    fn borrowed(&self) -> Principal<'_> {
        match self {
            Self::Anonymous => Principal::Anonymous,
            Self::Root(account) => Principal::Root { account: *account },
            Self::User(account, arn, id) => Principal::User {
                account: *account,
                arn,
                id,
            },
            Self::Role(account, arn, id, session_arn) => Principal::Role {
                account: *account,
                arn,
                id,
                session_arn,
            },
            Self::FederatedUser(account, session_arn, user_id) => Principal::FederatedUser {
                account: *account,
                session_arn,
                user_id,
            },
            Self::Service(name) => Principal::Service(name),
            Self::Federated(account, provider) => Principal::Federated {
                account: *account,
                provider,
            },
        }
    }
}
