//! On what each STS operation acts: the service's table in the AWS Service Authorization Reference, by hand.

use super::Operation;

/// What an operation acts on, for the engine's `Resource`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// `*`: it has no resources, or is not built.
    Any,
    /// The role whose ARN the named member has.
    Role(&'static str),
    /// None: no permission is needed, and none can forbid it.
    Nothing,
}

impl Operation {
    /// What it acts on.
    pub const fn resource(self) -> Resource {
        match self {
            Self::AssumeRole | Self::AssumeRoleWithWebIdentity => Resource::Role("RoleArn"),
            Self::GetCallerIdentity => Resource::Nothing,
            Self::AssumeRoleWithSAML
            | Self::AssumeRoot
            | Self::DecodeAuthorizationMessage
            | Self::GetAccessKeyInfo
            | Self::GetDelegatedAccessToken
            | Self::GetFederationToken
            | Self::GetSessionToken
            | Self::GetWebIdentityToken => Resource::Any,
        }
    }
}
