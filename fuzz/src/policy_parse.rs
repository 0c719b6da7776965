//! Policy documents: any text is parsed or rejected, and a parsed policy gives the same decision
//! with and without an explanation.
//!
//! Input: a resource, the value of a condition key, and the document, in lines.

use crate::lines;
use bowline_iam::{
    action::Action,
    authorize::{AppliedPolicy, Policies, AuthorizationRequest, RequestedResource, authorize, explain},
    context::{ConditionContext, ConditionValue},
    policy::{Policy, PolicyKind},
    principal::Principal,
};

/// Parses the document as every kind of policy and evaluates a request against it.
pub fn run(input: &[u8]) {
    let Some([resource, value, text]) = lines(input) else {
        return;
    };
    let account = "111122223333".parse().expect("an account");
    let action = Action::parse("s3:GetObject").expect("an action");
    let mut context = ConditionContext::new();
    context.set("aws:username", value.into());
    context.set("aws:TagKeys", ConditionValue::Set(vec![value.into()]));
    for kind in [
        PolicyKind::Inline,
        PolicyKind::Managed,
        PolicyKind::Session,
        PolicyKind::Trust,
        PolicyKind::Resource,
    ] {
        let Ok(policy) = Policy::parse(text, kind) else {
            continue;
        };
        let policy = policy
            .compile(|arn| Some(arn.to_owned()))
            .expect("every principal is resolved");
        let applied = AppliedPolicy {
            name: "fuzz",
            arn: None,
            policy: Some(&policy),
        };
        let policies = Policies {
            identity: vec![applied],
            resource: vec![applied],
            ..Policies::default()
        };
        let request = AuthorizationRequest {
            principal: Principal::User {
                account,
                arn: "arn:aws:iam::111122223333:user/ann",
                id: "AIDAEXAMPLE000000001",
            },
            action: &action,
            resource: RequestedResource {
                arn: resource,
                account: Some(account),
            },
            context: &context,
        };
        let allowed = authorize(&request, &policies).is_allowed();
        assert_eq!(explain(&request, &policies).denied.is_none(), allowed);
    }
}
