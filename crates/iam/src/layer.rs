//! The kinds of policies that a request has to pass.

/// One kind of policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// Of the organisation, for all access to an account's resources (RCP).
    ResourceControl,
    /// Of the organisation, for an account's principals (SCP).
    ServiceControl,
    /// Of a role: who may assume it.
    Trust,
    /// Of any other resource, such as a bucket.
    Resource,
    /// Of a user or role.
    Identity,
    /// The most that a user or role may do, whatever its policies say.
    Boundary,
    /// Of one session.
    Session,
    /// Of the endpoint in a private network that the request came through.
    VpcEndpoint,
}

impl Layer {
    /// What AWS's messages call it.
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
