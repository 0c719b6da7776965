//! From what a caller wants to a [`Permit`], or a refusal that explains itself.
//!
//! Everything that is decided on comes from one snapshot of the index. What the server itself knows is put into the context before
//! anything that a request brings along, and the first one set stays ([`ConditionContext`]).

use bowline_aws::error::AwsError;
use bowline_iam::{
    account::AccountId,
    action::Action,
    authorize::{
        AppliedPolicy, AuthorizationRequest, Policies, RequestedResource, authorize, explain,
    },
    context::{ConditionContext, ConditionValue},
    decision::{Denied, Permit, plain_text},
    policy::{CompiledPolicy, Policy, PolicyKind},
    principal::Principal,
};

use crate::{
    http::head::RequestHead,
    identity::index::Index,
    request::{
        caller::{Caller, Identity},
        error::RequestError,
        service::Service,
    },
};

/// One question for the engine.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    /// The action, such as `s3:GetObject`.
    pub(crate) action: &'a str,
    /// The ARN of what it is about.
    pub(crate) resource: &'a str,
    /// The account that owns that; none if it is the caller's own by nature.
    pub(crate) account: Option<AccountId>,
    /// Condition keys of the service's own.
    pub(crate) keys: Vec<(&'a str, ConditionValue<'a>)>,
    /// The trust policy, if it is a role that is to be assumed.
    pub(crate) trust: Option<AppliedPolicy<'a>>,
}

/// Whoever wants something, as the engine has to see them.
#[derive(Debug)]
pub(crate) struct Authorizer<'a> {
    index: &'a Index,
    head: &'a RequestHead,
    service: Service,
    region: Option<&'a str>,
    caller: Option<&'a Caller>,
    /// What limits the caller's session.
    session_policies: SessionPolicies<'a>,
}

/// What limits a session, beside its role.
#[derive(Debug)]
enum SessionPolicies<'a> {
    Nothing,
    /// An inline policy at most, none where it cannot be read, and managed ones.
    Policies(Vec<Option<CompiledPolicy>>, Vec<AppliedPolicy<'a>>),
}

impl<'a> Authorizer<'a> {
    /// Whoever signed, or nobody.
    pub(crate) fn new(
        index: &'a Index,
        head: &'a RequestHead,
        service: Service,
        region: Option<&'a str>,
        caller: Option<&'a Caller>,
    ) -> Self {
        Self {
            index,
            head,
            service,
            region,
            caller,
            session_policies: SessionPolicies::of(index, caller),
        }
    }

    /// The proof that all of these are allowed.
    ///
    /// # Errors
    /// [`RequestError`], with the trace of each question that was denied.
    pub(crate) fn permit<A>(
        &self,
        questions: &[Question<'_>],
        action: A,
    ) -> Result<Permit<A>, RequestError> {
        let mut combined = None;
        for question in questions {
            let decision = self.evaluate(question, authorize)?;
            combined = Some(match combined {
                None => decision,
                Some(before) => decision.and(before),
            });
        }
        // Nobody is allowed what nobody has asked for.
        let decision = combined
            .ok_or_else(|| RequestError::new(self.plain_denial(None), "nothing was asked"))?;
        match decision.permit(action) {
            Ok(permit) => Ok(permit),
            Err(_) => Err(self.explained(questions)?),
        }
    }

    /// The same questions once more, with their steps written down.
    fn explained(&self, questions: &[Question<'_>]) -> Result<RequestError, RequestError> {
        let mut error = None;
        let mut traces = Vec::new();
        for question in questions {
            self.evaluate(question, |request, policies| {
                if let Err(denied) = authorize(request, policies).permit(()) {
                    error.get_or_insert_with(|| self.denial(request, &denied));
                    let mut trace = explain(request, policies);
                    if self.caller.is_some() && !self.owns(request) {
                        trace.withhold_resource_side();
                    }
                    traces.push(trace);
                }
            })?;
        }
        Ok(RequestError {
            client: error.unwrap_or_else(|| self.plain_denial(None)),
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
            .map_err(|error| RequestError::new(self.plain_denial(None), &error))?;
        let context = self.context(question);
        let request = AuthorizationRequest {
            principal: self.principal(),
            action: &action,
            resource: RequestedResource {
                arn: question.resource,
                account: question.account,
            },
            context: &context,
        };
        Ok(then(&request, &self.policies(question)))
    }

    /// AWS's text: the reason is for callers of the account that owns the resource.
    fn denial(&self, request: &AuthorizationRequest<'_>, denied: &Denied) -> AwsError {
        if !self.owns(request) {
            return self.plain_denial(Some(request));
        }
        match self.service {
            // S3 puts the resource into quotes.
            Service::S3 => AwsError::access_denied(format!(
                "User: {} is not authorized to perform: {} on resource: \"{}\" {}",
                request.principal,
                request.action,
                request.resource.arn,
                denied.because(request)
            )),
            Service::Iam | Service::Sts | Service::DynamoDb | Service::Bowline => {
                AwsError::access_denied(denied.enhanced_text(request))
            }
        }
    }

    /// Whether the resource is of the caller's own account.
    fn owns(&self, request: &AuthorizationRequest<'_>) -> bool {
        self.caller.is_some_and(|caller| {
            request
                .resource
                .account
                .is_none_or(|a| a == caller.account())
        })
    }

    fn plain_denial(&self, request: Option<&AuthorizationRequest<'_>>) -> AwsError {
        match (self.service, request) {
            (Service::S3, _) | (_, None) => AwsError::access_denied("Access Denied"),
            (_, Some(request)) => AwsError::access_denied(plain_text(request)),
        }
    }

    fn principal(&self) -> Principal<'a> {
        self.caller
            .map_or(Principal::Anonymous, |caller| caller.principal())
    }

    fn policies<'p>(&'p self, question: &Question<'p>) -> Policies<'p> {
        let identity = match self.caller.map(Caller::identity) {
            None | Some(Identity::Root(_)) => Vec::new(),
            Some(Identity::User(user)) => self.index.user_policies(user),
            Some(Identity::Session { role, .. }) => self.index.role_policies(role),
        };
        Policies {
            identity,
            session: self.session_policies.applied(),
            trust: question.trust,
            ..Policies::default()
        }
    }

    fn context(&self, question: &Question<'a>) -> ConditionContext<'a> {
        let mut context = request_keys(self.head);
        context.set_if("aws:RequestedRegion", self.region.map(ConditionValue::from));
        if let Some(caller) = self.caller {
            principal_keys(&mut context, caller);
        } else {
            context.set("aws:PrincipalAccount", "anonymous".into());
            context.set("aws:PrincipalType", "Anonymous".into());
            context.set("aws:userid", "anonymous".into());
        }
        let owner = question.account.or(self.caller.map(Caller::account));
        context.set_if("aws:ResourceAccount", owner.map(|a| a.to_string().into()));
        for (key, value) in &question.keys {
            context.set(*key, value.clone());
        }
        context
    }
}

impl<'a> SessionPolicies<'a> {
    fn of(index: &'a Index, caller: Option<&'a Caller>) -> Self {
        let Some(session) = caller.and_then(Caller::session) else {
            return Self::Nothing;
        };
        if session.session_policy.is_none() && session.session_policy_ids.is_empty() {
            return Self::Nothing;
        }
        let inline = session.session_policy.iter().map(|text| {
            let policy = Policy::parse(text, PolicyKind::Session).ok()?;
            policy.compile(|_| None).ok()
        });
        // One that is gone allows nothing.
        let managed = session
            .session_policy_ids
            .iter()
            .filter_map(|id| index.policy_by_id(id.as_str()))
            .map(|policy| AppliedPolicy {
                name: &policy.record.name,
                arn: Some(&policy.arn),
                policy: policy.compiled.get(),
            });
        Self::Policies(inline.collect(), managed.collect())
    }

    fn applied(&self) -> Option<Vec<AppliedPolicy<'_>>> {
        match self {
            Self::Nothing => None,
            Self::Policies(inline, managed) => {
                let inline = inline.iter().map(|policy| AppliedPolicy {
                    name: "session policy",
                    arn: None,
                    policy: policy.as_ref(),
                });
                Some(inline.chain(managed.iter().copied()).collect())
            }
        }
    }
}

/// What every request has.
pub(crate) fn request_keys(head: &RequestHead) -> ConditionContext<'_> {
    let mut context = ConditionContext::new();
    context.set("aws:CurrentTime", ConditionValue::Time(head.now));
    context.set(
        "aws:EpochTime",
        ConditionValue::Integer(head.now.as_second()),
    );
    context.set(
        "aws:SecureTransport",
        ConditionValue::Bool(head.peer.secure),
    );
    context.set("aws:SourceIp", ConditionValue::Address(head.peer.address));
    context.set("aws:ViaAWSService", ConditionValue::Bool(false));
    context.set_if(
        "aws:UserAgent",
        head.header("user-agent").map(ConditionValue::from),
    );
    context
}

/// What is known of a caller ("AWS global condition context keys", IAM User Guide).
pub(crate) fn principal_keys<'a>(context: &mut ConditionContext<'a>, caller: &'a Caller) {
    context.set("aws:PrincipalAccount", caller.account().to_string().into());
    context.set("aws:userid", caller.user_id().into());
    context.set("aws:PrincipalIsAWSService", ConditionValue::Bool(false));
    match caller.identity() {
        Identity::Root(_) => {
            context.set("aws:PrincipalArn", caller.arn().into());
            context.set("aws:PrincipalType", "Account".into());
        }
        Identity::User(user) => {
            context.set("aws:PrincipalArn", caller.arn().into());
            context.set("aws:PrincipalType", "User".into());
            context.set("aws:username", user.record.name.as_str().into());
        }
        Identity::Session { session, role } => {
            // The role's ARN with its path, never the session's.
            context.set("aws:PrincipalArn", ConditionValue::from(&*role.arn));
            context.set("aws:PrincipalType", "AssumedRole".into());
            context.set("aws:TokenIssueTime", ConditionValue::Time(session.issued));
            let mfa = session.mfa_authenticated_at;
            context.set(
                "aws:MultiFactorAuthPresent",
                ConditionValue::Bool(mfa.is_some()),
            );
            if let Some(resource) = &session.service_resource
                && let Some(key) = resource.service().source_key()
            {
                context.set(key, resource.as_str().into());
            }
            if let Some(claims) = &session.web_identity {
                let key = |claim: &str| [&claims.condition_prefix, ":", claim].concat();
                context.set("aws:FederatedProvider", claims.provider_arn.as_str().into());
                context.set(key("aud"), claims.audience.as_str().into());
                context.set(key("sub"), claims.subject.as_str().into());
            }
        }
    }
}
