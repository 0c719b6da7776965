//! The kinds of policies that a decision evaluates.

/// One kind of policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// Policies of an organization for all access to an account's resources (RCP).
    ResourceControl,
    /// Policies of an organization for an account's principals (SCP).
    ServiceControl,
    /// The policy of a role that names the principals who may assume it.
    Trust,
    /// Policies of any other resource, such as a bucket.
    Resource,
    /// Policies of a user, its groups, or a role.
    Identity,
    /// The policy that bounds what the identity-based policies of a user or role can allow.
    Boundary,
    /// Policies of one session.
    Session,
    /// The policy of the VPC endpoint that the request came through.
    VpcEndpoint,
}

impl Layer {
    /// The name in AWS's messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::ResourceControl => "resource control policy",
            Self::ServiceControl => "service control policy",
            Self::Trust => "role trust policy",
            Self::Resource => "resource-based policy",
            Self::Identity => "identity-based policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
            Self::VpcEndpoint => "VPC endpoint policy",
        }
    }

    pub(crate) fn article(self) -> &'static str {
        if self == Self::Identity { "an" } else { "a" }
    }
}
