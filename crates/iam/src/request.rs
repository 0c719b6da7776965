//! A request to authorize: which principal wants to perform which action on which resource.

use crate::{account::AccountId, action::Action, context::ConditionContext, principal::Principal};

/// A request to authorize.
#[derive(Clone, Copy, Debug)]
pub struct AuthorizationRequest<'a> {
    /// The principal that makes the request.
    pub principal: Principal<'a>,
    /// The action that it wants to perform.
    pub action: &'a Action,
    /// The resource of the action.
    pub resource: RequestedResource<'a>,
    /// The condition keys of the request.
    pub context: &'a ConditionContext<'a>,
}

/// The resource of a request.
#[derive(Clone, Copy, Debug)]
pub struct RequestedResource<'a> {
    /// Its ARN, or `*` for actions that have no resource.
    pub arn: &'a str,
    /// The account that owns it; `None` if it always belongs to the principal's account.
    pub account: Option<AccountId>,
}
