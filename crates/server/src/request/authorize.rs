//! Authorization: from the requirements of a request to a [`Permit`], or to a denial with its
//! trace.
//!
//! [`Authorizer`] is the only place where the server puts a decision together. Callers, federated
//! principals and services all pass through it, whether they ask for an operation or for a role.
//! One decision sees one snapshot of the index; [`condition_keys`] fills its context.

use bowline_aws::{
    error::AwsError,
    requirement::{ConditionEntry, Requirement, ResourceOwner},
    sts,
};
use bowline_iam::{
    account::AccountId,
    action::Action,
    authorize::{
        AppliedPolicy, AuthorizationRequest, Policies, RequestedResource, authorize, explain,
    },
    decision::{Denied, Permit, plain_text},
    policy::CompiledPolicy,
    principal::Principal,
};
use jiff::Timestamp;

use crate::{
    http::head::RequestHead,
    identity::{
        entity::ServiceResource,
        index::{Index, ProviderEntry, RoleEntry, TableEntry, compiled::TRUST_POLICY},
        session::SessionPolicy,
    },
    oidc::VerifiedToken,
    request::{
        caller::{Caller, Identity},
        condition_keys::{self, KeySources, Origin},
        error::RequestError,
        requester::Requester,
        service::Service,
    },
};

/// Decides what one requester may do, on one snapshot of the index.
#[derive(Debug)]
pub(crate) struct Authorizer<'a> {
    index: &'a Index,
    origin: Origin<'a>,
    service: Service,
    region: Option<&'a str>,
    requester: Requester<'a>,
    account: Option<AccountId>,
    session_policies: SessionPolicies<'a>,
    service_keys: Vec<ConditionEntry<'a>>,
}

/// The policies that limit a session, beside its role's.
#[derive(Debug)]
enum SessionPolicies<'a> {
    /// The session has none.
    None,
    /// The inline policy, if there is one, and managed policies.
    Some(Option<SessionPolicy>, Vec<AppliedPolicy<'a>>),
}

/// One permission, resolved on the index.
struct Question<'a> {
    action: &'a str,
    arn: &'a str,
    owner: Option<AccountId>,
    keys: &'a [ConditionEntry<'a>],
    table: Option<&'a TableEntry>,
    /// The trust policy of the role that is to be assumed.
    trust: Option<AppliedPolicy<'a>>,
}

impl<'a> Authorizer<'a> {
    /// For a request that a caller has signed, or that is not signed.
    pub(crate) fn new(
        index: &'a Index,
        head: &'a RequestHead,
        service: Service,
        region: Option<&'a str>,
        caller: Option<&'a Caller>,
    ) -> Self {
        let requester = caller.map_or(Requester::Anonymous, Requester::Caller);
        Self {
            region,
            ..Self::of(index, Origin::Client(head), service, requester)
        }
    }

    /// For a request that a verified token stands for.
    pub(crate) fn for_web_identity(
        index: &'a Index,
        head: &'a RequestHead,
        token: &'a VerifiedToken<'a>,
        provider: &'a ProviderEntry,
    ) -> Self {
        let requester = Requester::WebIdentity { token, provider };
        Self::of(index, Origin::Client(head), Service::Sts, requester)
    }

    /// For a service that assumes the role of this resource.
    pub(crate) fn for_service(
        index: &'a Index,
        now: Timestamp,
        resource: &'a ServiceResource,
    ) -> Self {
        let requester = Requester::Service(resource);
        Self::of(index, Origin::Server(now), Service::Sts, requester)
    }

    fn of(
        index: &'a Index,
        origin: Origin<'a>,
        service: Service,
        requester: Requester<'a>,
    ) -> Self {
        Self {
            index,
            origin,
            service,
            region: None,
            requester,
            account: match requester {
                Requester::Anonymous | Requester::WebIdentity { .. } => None,
                Requester::Caller(caller) => Some(caller.account()),
                Requester::Service(resource) => Some(resource.account()),
            },
            session_policies: match requester {
                Requester::Caller(caller) => SessionPolicies::of(index, caller),
                Requester::Anonymous | Requester::WebIdentity { .. } | Requester::Service(_) => {
                    SessionPolicies::None
                }
            },
            service_keys: Vec::new(),
        }
    }

    /// Adds condition keys of the service that do not depend on the requirement.
    pub(crate) fn with_service_keys(self, service_keys: Vec<ConditionEntry<'a>>) -> Self {
        Self {
            service_keys,
            ..self
        }
    }

    /// The proof that every requirement is allowed.
    ///
    /// # Errors
    /// [`RequestError`], with the trace of each requirement that was denied.
    pub(crate) fn permit<A>(
        &self,
        requirements: &[Requirement<'_>],
        action: A,
    ) -> Result<Permit<A>, RequestError> {
        self.permit_each(|| requirements.iter().map(|it| self.question(it)), action)
    }

    /// The proof that the requester may assume the role, which its trust policy decides together
    /// with the requester's own policies. `keys` are those of the request's parameters.
    ///
    /// # Errors
    /// [`RequestError`], with the trace.
    pub(crate) fn permit_assume_role<A>(
        &self,
        role: &RoleEntry,
        keys: &[ConditionEntry<'_>],
        action: A,
    ) -> Result<Permit<A>, RequestError> {
        // A role is never for a resource of another account, whatever its trust policy says.
        if let Requester::Service(resource) = self.requester
            && resource.account() != role.record.account
        {
            let reason = format!("`{resource}` is of another account than the role");
            return Err(RequestError::new(
                self.plain_denial(Some(&role.arn)),
                &reason,
            ));
        }
        let account = role.record.account;
        let question = || [self.trust_question(&role.arn, account, role.trust_policy(), keys)];
        self.permit_each(question, action)
    }

    /// The refusal to assume a role that does not exist. A requester of another account reads what
    /// a role would say that does not trust it, and so does not learn which roles exist.
    pub(crate) fn deny_missing_role(
        &self,
        arn: &str,
        account: AccountId,
        keys: &[ConditionEntry<'_>],
    ) -> RequestError {
        let reason = || format!("the role `{arn}` does not exist");
        match self.requester {
            Requester::Caller(caller) if caller.account() != account => {}
            Requester::Caller(caller) => {
                let (user, action) = (caller.arn(), self.assume_role_action());
                let message = format!(
                    "User: {user} is not authorized to perform: {action} on resource: {arn}"
                );
                return RequestError::new(AwsError::access_denied(message), &reason());
            }
            Requester::Anonymous | Requester::WebIdentity { .. } | Requester::Service(_) => {
                return RequestError::new(self.plain_denial(Some(arn)), &reason());
            }
        }
        let trusts_no_one = CompiledPolicy::default();
        let trust = AppliedPolicy {
            name: TRUST_POLICY,
            arn: None,
            policy: Some(&trusts_no_one),
        };
        let question = || [self.trust_question(arn, account, trust, keys)];
        match self.permit_each(question, ()) {
            Err(error) => error,
            // The policy allows nothing, so this is never reached. It is a denial all the same.
            Ok(_) => AwsError::access_denied("Access Denied").into(),
        }
    }

    fn permit_each<'q, I: IntoIterator<Item = Question<'q>>, A>(
        &self,
        questions: impl Fn() -> I,
        action: A,
    ) -> Result<Permit<A>, RequestError> {
        let mut combined = None;
        for question in questions() {
            let decision = self.evaluate(&question, authorize)?;
            combined = Some(match combined {
                None => decision,
                Some(before) => decision.and(before),
            });
        }
        // A request without requirements is denied.
        let decision = combined.ok_or_else(|| {
            RequestError::new(self.plain_denial(None), "the request has no requirement")
        })?;
        match decision.permit(action) {
            Ok(permit) => Ok(permit),
            Err(_) => Err(self.explained(questions())?),
        }
    }

    /// Evaluates once more, with a trace.
    fn explained<'q>(
        &self,
        questions: impl IntoIterator<Item = Question<'q>>,
    ) -> Result<RequestError, RequestError> {
        let mut client = None;
        let mut traces = Vec::new();
        for question in questions {
            self.evaluate(&question, |request, policies| {
                if let Err(denied) = authorize(request, policies).permit(()) {
                    client.get_or_insert_with(|| self.denial(request, &denied));
                    let mut trace = explain(request, policies);
                    if matches!(self.requester, Requester::Caller(_)) && !self.owns(request) {
                        trace.withhold_resource_side();
                    }
                    traces.push(trace);
                }
            })?;
        }
        Ok(RequestError {
            client: client.unwrap_or_else(|| self.plain_denial(None)),
            internal: None,
            traces,
        })
    }

    fn evaluate<T>(
        &self,
        question: &Question<'_>,
        then: impl FnOnce(&AuthorizationRequest<'_>, &Policies<'_>) -> T,
    ) -> Result<T, RequestError> {
        let action = Action::parse(question.action)
            .map_err(|error| RequestError::new(self.plain_denial(Some(question.arn)), &error))?;
        let context = condition_keys::context(&KeySources {
            origin: self.origin,
            service: self.service,
            region: self.region,
            requester: self.requester,
            requester_account: self.account.as_ref(),
            resource_account: question.owner.as_ref().or(self.account.as_ref()),
            table: question.table,
            service_keys: &self.service_keys,
            requirement_keys: question.keys,
        });
        let request = AuthorizationRequest {
            principal: self.principal(),
            action: &action,
            resource: RequestedResource {
                arn: question.arn,
                account: question.owner,
            },
            context: &context,
        };
        Ok(then(&request, &self.policies(question)))
    }

    /// All policies that apply.
    fn policies<'p>(&'p self, question: &Question<'p>) -> Policies<'p> {
        let identity = match self.requester {
            Requester::Anonymous | Requester::WebIdentity { .. } | Requester::Service(_) => {
                Vec::new()
            }
            Requester::Caller(caller) => match caller.identity() {
                Identity::Root(_) => Vec::new(),
                Identity::User(user) => self.index.user_policies(user),
                Identity::Session { role, .. } => self.index.role_policies(role),
            },
        };
        Policies {
            identity,
            session: self.session_policies.applied(),
            trust: question.trust,
            ..Policies::default()
        }
    }

    fn principal(&self) -> Principal<'a> {
        match self.requester {
            Requester::Anonymous => Principal::Anonymous,
            Requester::Caller(caller) => caller.principal(),
            Requester::WebIdentity { provider, .. } => Principal::Federated {
                account: provider.record.account,
                provider: &provider.arn,
            },
            Requester::Service(resource) => Principal::Service(resource.service().principal()),
        }
    }

    fn question<'q>(&'q self, requirement: &'q Requirement<'q>) -> Question<'q> {
        let (owner, table) = self.resolve(&requirement.owner);
        Question {
            action: &requirement.action,
            arn: &requirement.arn,
            owner,
            keys: &requirement.keys,
            table,
            trust: None,
        }
    }

    fn trust_question<'q>(
        &self,
        arn: &'q str,
        account: AccountId,
        trust: AppliedPolicy<'q>,
        keys: &'q [ConditionEntry<'q>],
    ) -> Question<'q> {
        Question {
            action: self.assume_role_action(),
            arn,
            owner: Some(account),
            keys,
            table: None,
            trust: Some(trust),
        }
    }

    fn assume_role_action(&self) -> &'static str {
        match self.requester {
            Requester::WebIdentity { .. } => sts::Operation::AssumeRoleWithWebIdentity.action(),
            Requester::Anonymous | Requester::Caller(_) | Requester::Service(_) => {
                sts::Operation::AssumeRole.action()
            }
        }
    }

    /// The account of an owner, and the record of a table. Tables of other accounts have no record
    /// here: a policy could ask for their tags, and tell its author what it found.
    fn resolve(&self, owner: &ResourceOwner) -> (Option<AccountId>, Option<&'a TableEntry>) {
        match owner {
            ResourceOwner::Caller => (None, None),
            ResourceOwner::Account(account) => (Some(*account), None),
            ResourceOwner::Bucket(name) => {
                let bucket = self.index.bucket(name.as_str());
                (
                    bucket.map(|bucket| bucket.record.owner).or(self.account),
                    None,
                )
            }
            ResourceOwner::Table(table) => {
                let at = &table.account_region;
                let account = at.account();
                let record = self.index.table(account, at.region(), table.table.as_str());
                let record = record.filter(|_| Some(account) == self.account);
                (Some(account), record.map(|record| &**record))
            }
        }
    }

    /// AWS's text. It has the reason if the resource belongs to the caller's account.
    fn denial(&self, request: &AuthorizationRequest<'_>, denied: &Denied) -> AwsError {
        match (self.requester, self.service) {
            (Requester::WebIdentity { .. } | Requester::Service(_), _) => {
                self.plain_denial(Some(request.resource.arn))
            }
            (Requester::Anonymous | Requester::Caller(_), Service::S3) if !self.owns(request) => {
                AwsError::access_denied("Access Denied")
            }
            (Requester::Anonymous | Requester::Caller(_), _) if !self.owns(request) => {
                AwsError::access_denied(plain_text(request))
            }
            // S3 puts the resource into quotes.
            (Requester::Anonymous | Requester::Caller(_), Service::S3) => {
                AwsError::access_denied(format!(
                    "User: {} is not authorized to perform: {} on resource: \"{}\" {}",
                    request.principal,
                    request.action,
                    request.resource.arn,
                    denied.because(request)
                ))
            }
            (
                Requester::Anonymous | Requester::Caller(_),
                Service::Iam | Service::Sts | Service::DynamoDb | Service::Bowline,
            ) => AwsError::access_denied(denied.enhanced_text(request)),
        }
    }

    /// The denial without a decision, for the resource with this ARN.
    fn plain_denial(&self, arn: Option<&str>) -> AwsError {
        AwsError::access_denied(match (self.requester, arn) {
            (Requester::WebIdentity { .. }, _) => {
                format!("Not authorized to perform {}", self.assume_role_action())
            }
            (Requester::Service(resource), Some(arn)) => {
                let service = resource.service().principal();
                format!("The role {arn} cannot be assumed by {service}.")
            }
            (Requester::Anonymous | Requester::Caller(_), _) | (Requester::Service(_), None) => {
                "Access Denied".to_owned()
            }
        })
    }

    /// Whether the resource belongs to the caller's account.
    fn owns(&self, request: &AuthorizationRequest<'_>) -> bool {
        let Requester::Caller(caller) = self.requester else {
            return false;
        };
        let owner = request.resource.account;
        owner.is_none_or(|owner| owner == caller.account())
    }
}

impl<'a> SessionPolicies<'a> {
    fn of(index: &'a Index, caller: &'a Caller) -> Self {
        let Some(session) = caller.session() else {
            return Self::None;
        };
        if session.session_policy.is_none() && session.session_policy_ids.is_empty() {
            return Self::None;
        }
        let inline = session.session_policy.as_deref();
        let cache = index.session_policies();
        let inline = inline.map(|text| cache.get_or_compile(session, text));
        // A policy that was deleted allows nothing.
        let managed = session
            .session_policy_ids
            .iter()
            .filter_map(|id| index.policy_by_id(id.as_str()))
            .map(|policy| AppliedPolicy {
                name: &policy.record.name,
                arn: Some(&policy.arn),
                policy: policy.compiled.get(),
            });
        Self::Some(inline, managed.collect())
    }

    fn applied(&self) -> Option<Vec<AppliedPolicy<'_>>> {
        match self {
            Self::None => None,
            Self::Some(inline, managed) => {
                let inline = inline.iter().map(|policy| AppliedPolicy {
                    name: "session policy",
                    arn: None,
                    policy: policy.as_deref(),
                });
                Some(inline.chain(managed.iter().copied()).collect())
            }
        }
    }
}
