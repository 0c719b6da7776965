//! Authorization: from the requirements of a request to a [`Permit`], or to a denial with its
//! trace.
//!
//! [`Authorizer`] is the only place where the server puts a decision together. Callers, federated
//! principals and services all pass through it, whether they ask for an operation or for a role.
//! One decision sees one snapshot of the index; [`condition_keys`] fills its context.

mod denial;
mod long;
mod session_policies;

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
    context::MAX_STEPS,
    decision::{Decision, Denied, Permit},
    policy::CompiledPolicy,
    principal::Principal,
    trace::Trace,
};
use jiff::Timestamp;

use self::{long::LongDecision, session_policies::SessionPolicies};
use crate::{
    http::head::RequestHead,
    identity::{
        entity::ServiceResource,
        index::{Index, ProviderEntry, RoleEntry, TableEntry, compiled::TRUST_POLICY},
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

/// The most steps, of about a nanosecond each, that decisions of a request take on a thread that
/// serves other requests too. Usual decisions take a few thousand.
const MAX_STEPS_ON_REACTOR: u64 = 100_000;

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
    pub(crate) async fn permit<A>(
        &self,
        requirements: &[Requirement<'_>],
        action: A,
    ) -> Result<Permit<A>, RequestError> {
        let questions: Vec<_> = requirements.iter().map(|it| self.question(it)).collect();
        self.permit_each(&questions, action).await
    }

    /// The proof that the requester may assume the role, which its trust policy decides together
    /// with the requester's own policies. `keys` are those of the request's parameters.
    ///
    /// # Errors
    /// [`RequestError`], with the trace.
    pub(crate) async fn permit_assume_role<A>(
        &self,
        role: &RoleEntry,
        keys: &[ConditionEntry<'_>],
        action: A,
    ) -> Result<Permit<A>, RequestError> {
        let account = role.record.account;
        let question = self.trust_question(&role.arn, account, role.trust_policy(), keys);
        self.permit_each(&[question], action).await
    }

    /// The proof that the service may assume the role for its resource. The texts of such a
    /// request are short, so the decision is too.
    ///
    /// # Errors
    /// [`RequestError`], with the trace.
    pub(crate) fn permit_service<A>(
        &self,
        role: &RoleEntry,
        keys: &[ConditionEntry<'_>],
        action: A,
    ) -> Result<Permit<A>, RequestError> {
        // A role is never for a resource of another account, whatever its trust policy says.
        let account = role.record.account;
        if let Requester::Service(resource) = self.requester
            && resource.account() != account
        {
            let reason = format!("`{resource}` is of another account than the role");
            return Err(RequestError::new(
                self.plain_denial(Some(&role.arn)),
                &reason,
            ));
        }
        let questions = [self.trust_question(&role.arn, account, role.trust_policy(), keys)];
        let mut steps = MAX_STEPS;
        let decision = self.decide(&questions, &mut steps)?;
        match decision.map(|decision| decision.permit(action)) {
            Some(Ok(permit)) => Ok(permit),
            Some(Err(_)) | None => Err(self.explained(&questions, MAX_STEPS)?.0),
        }
    }

    /// The refusal to assume a role that does not exist. A requester of another account reads what
    /// a role would say that does not trust it, and so does not learn which roles exist.
    pub(crate) async fn deny_missing_role(
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
        let question = self.trust_question(arn, account, trust, keys);
        match self.permit_each(&[question], ()).await {
            Err(error) => error,
            // The policy allows nothing, so this is never reached. It is a denial all the same.
            Ok(_) => AwsError::access_denied("Access Denied").into(),
        }
    }

    /// Decides here if it takes few steps, and on another thread if it takes more.
    async fn permit_each<A>(
        &self,
        questions: &[Question<'_>],
        action: A,
    ) -> Result<Permit<A>, RequestError> {
        let mut steps = MAX_STEPS_ON_REACTOR;
        match self.decide(questions, &mut steps)? {
            None => self.decide_elsewhere(questions, action).await,
            Some(decision) if decision.is_allowed() => decision
                .permit(action)
                .map_err(|_| self.plain_denial(None).into()),
            Some(_) => match self.explained(questions, steps)? {
                (_, 0) => self.decide_elsewhere(questions, action).await,
                (error, _) => Err(error),
            },
        }
    }

    /// The decision on all questions; `None` if it takes more steps.
    fn decide(
        &self,
        questions: &[Question<'_>],
        steps: &mut u64,
    ) -> Result<Option<Decision>, RequestError> {
        let mut combined: Option<Decision> = None;
        for question in questions {
            let (decision, left) = self.evaluate(question, *steps, |request, policies| {
                (authorize(request, policies), request.context.steps_left())
            })?;
            if left == 0 {
                return Ok(None);
            }
            *steps = left;
            combined = Some(match combined {
                None => decision,
                Some(before) => before.and(decision),
            });
        }
        // A request without requirements is denied.
        let without =
            || RequestError::new(self.plain_denial(None), "the request has no requirement");
        combined.map(Some).ok_or_else(without)
    }

    /// Evaluates once more, with a trace. Also returns the steps that are left.
    fn explained(
        &self,
        questions: &[Question<'_>],
        mut steps: u64,
    ) -> Result<(RequestError, u64), RequestError> {
        let mut error = RequestError::from(self.plain_denial(None));
        for question in questions {
            steps = self.evaluate(question, steps, |request, policies| {
                if let Err(denied) = authorize(request, policies).permit(()) {
                    let trace = explain(request, policies);
                    self.add_denial(&mut error, request, &denied, trace);
                }
                request.context.steps_left()
            })?;
        }
        Ok((error, steps))
    }

    /// Decides on another thread.
    async fn decide_elsewhere<A>(
        &self,
        questions: &[Question<'_>],
        action: A,
    ) -> Result<Permit<A>, RequestError> {
        let decisions = questions
            .iter()
            .map(|it| self.evaluate(it, 1, LongDecision::of));
        let decisions = decisions.collect::<Result<Vec<_>, _>>()?;
        let decided = self.index.long_decisions().run(self.account, move || {
            let mut steps = MAX_STEPS;
            let decisions = decisions.into_iter();
            decisions
                .map(|it| it.decide(&mut steps))
                .collect::<Vec<_>>()
        });
        let decided = decided.await.map_err(|busy| {
            RequestError::new(AwsError::unavailable(self.service.protocol()), &busy)
        })?;
        let mut error = RequestError::from(self.plain_denial(None));
        let mut combined: Option<Decision> = None;
        for (question, (decision, trace)) in questions.iter().zip(decided) {
            if let (Err(denied), Some(trace)) = (decision.clone().permit(()), trace) {
                self.evaluate(question, 1, |request, _| {
                    self.add_denial(&mut error, request, &denied, trace);
                })?;
            }
            combined = Some(match combined {
                None => decision,
                Some(before) => before.and(decision),
            });
        }
        let permit = combined.and_then(|decision| decision.permit(action).ok());
        permit.ok_or(error)
    }

    /// Adds a denial to an error, whose client reads the first.
    fn add_denial(
        &self,
        error: &mut RequestError,
        request: &AuthorizationRequest<'_>,
        denied: &Denied,
        mut trace: Trace,
    ) {
        if error.traces.is_empty() {
            error.client = self.denial(request, denied);
        }
        if matches!(self.requester, Requester::Caller(_)) && !self.owns(request) {
            if let Some(owner) = request.resource.account {
                let mut of_owner = trace.clone();
                of_owner.withhold_caller_side();
                error.more().owner_traces.push((owner, of_owner));
            }
            trace.withhold_resource_side();
        }
        error.traces.push(trace);
    }

    fn evaluate<T>(
        &self,
        question: &Question<'_>,
        steps: u64,
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
        })
        .with_steps(steps);
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
}
