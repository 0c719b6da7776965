//! The policies that apply to a request, by kind.

use crate::policy::CompiledPolicy;

/// A policy that applies to a request, and its names.
#[derive(Clone, Copy, Debug)]
pub struct AppliedPolicy<'a> {
    /// The name that an explanation shows.
    pub name: &'a str,
    /// Its ARN; `None` for inline policies.
    pub arn: Option<&'a str>,
    /// The policy; `None` if its document cannot be read. Such a policy denies.
    pub policy: Option<&'a CompiledPolicy>,
}

/// One level of an organization: the root, an organizational unit, or the account. At least one of
/// its policies must allow.
#[derive(Clone, Debug)]
pub struct OrganizationLevel<'a> {
    /// The name that an explanation shows.
    pub name: &'a str,
    /// The policies of the level.
    pub policies: Vec<AppliedPolicy<'a>>,
}

/// All policies that apply to a request.
#[derive(Clone, Debug, Default)]
pub struct Policies<'a> {
    /// Identity-based policies of the user (with those of its groups) or the role.
    pub identity: Vec<AppliedPolicy<'a>>,
    /// The permissions boundary, if the user or role has one.
    pub boundary: Option<AppliedPolicy<'a>>,
    /// Session policies. `None`: the session has none, so nothing limits it. `Some`: at least one
    /// must allow.
    pub session: Option<Vec<AppliedPolicy<'a>>>,
    /// Policies of the resource.
    pub resource: Vec<AppliedPolicy<'a>>,
    /// The trust policy, if the request assumes a role.
    pub trust: Option<AppliedPolicy<'a>>,
    /// SCPs from the root to the principal's account; empty where SCPs do not bind.
    pub service_control: Vec<OrganizationLevel<'a>>,
    /// RCPs from the root to the resource's account; empty where RCPs do not bind.
    pub resource_control: Vec<OrganizationLevel<'a>>,
    /// The policy of the VPC endpoint, if the request came through one.
    pub vpc_endpoint: Option<AppliedPolicy<'a>>,
}
