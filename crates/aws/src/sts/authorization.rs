//! On what each STS operation acts, and whether it changes it: the service's table in the AWS Service Authorization Reference, by
//! hand.

use super::Operation;
use crate::access::Access;

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

    /// Whether it changes something. Nothing here does: sessions are sealed, not kept.
    pub const fn access(self) -> Access {
        match self {
            Self::AssumeRole
            | Self::AssumeRoleWithSAML
            | Self::AssumeRoleWithWebIdentity
            | Self::AssumeRoot
            | Self::DecodeAuthorizationMessage
            | Self::GetAccessKeyInfo
            | Self::GetCallerIdentity
            | Self::GetDelegatedAccessToken
            | Self::GetFederationToken
            | Self::GetSessionToken
            | Self::GetWebIdentityToken => Access::Reads,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_operation_changes_anything() {
        for operation in Operation::ALL {
            assert_eq!(operation.access(), Access::Reads, "{}", operation.name());
        }
    }
}
