//! On what each IAM operation acts, and with which condition keys: the service's table in the AWS Service Authorization Reference, by hand.
//!
//! The ARN of a thing that exists has its stored path, so the table names members and the server looks the thing up. Operations that
//! are not built act on `*`: whoever may not do everything of the kind learns nothing from them.

use super::Operation;

/// What an operation acts on, for the engine's `Resource`. Texts are names of members of its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// `*`: it has no resources, or is not built.
    Any,
    /// `arn:aws:iam::{account}:role{path}{name}` of the role with this name; with the path `/` if there is none.
    Role(&'static str),
    /// The role that is to be made.
    NewRole {
        /// The member with its name.
        name: &'static str,
        /// The member with its path, `/` if absent.
        path: &'static str,
    },
    /// `arn:aws:iam::{account}:user{path}{name}` of the user with this name; the caller if the member is absent.
    User(&'static str),
    /// The user that is to be made.
    NewUser {
        /// The member with its name.
        name: &'static str,
        /// The member with its path, `/` if absent.
        path: &'static str,
    },
    /// The managed policy whose ARN the member has.
    Policy(&'static str),
    /// The managed policy that is to be made.
    NewPolicy {
        /// The member with its name.
        name: &'static str,
        /// The member with its path, `/` if absent.
        path: &'static str,
    },
    /// The OIDC provider whose ARN the member has.
    Provider(&'static str),
    /// `arn:aws:iam::{account}:oidc-provider/{URL without scheme}`, to be made; the member has the URL.
    NewProvider(&'static str),
    /// All OIDC providers of the account: `arn:aws:iam::{account}:oidc-provider/*`.
    Providers,
}

impl Operation {
    /// What it acts on.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "what is not built acts on everything"
    )]
    pub const fn resource(self) -> Resource {
        match self {
            Self::CreateRole => Resource::NewRole {
                name: "RoleName",
                path: "Path",
            },
            Self::GetRole
            | Self::UpdateRole
            | Self::DeleteRole
            | Self::UpdateAssumeRolePolicy
            | Self::PutRolePolicy
            | Self::GetRolePolicy
            | Self::ListRolePolicies
            | Self::DeleteRolePolicy
            | Self::AttachRolePolicy
            | Self::DetachRolePolicy
            | Self::ListAttachedRolePolicies => Resource::Role("RoleName"),
            Self::CreateUser => Resource::NewUser {
                name: "UserName",
                path: "Path",
            },
            Self::GetUser
            | Self::DeleteUser
            | Self::PutUserPolicy
            | Self::GetUserPolicy
            | Self::ListUserPolicies
            | Self::DeleteUserPolicy
            | Self::AttachUserPolicy
            | Self::DetachUserPolicy
            | Self::ListAttachedUserPolicies
            | Self::CreateAccessKey
            | Self::ListAccessKeys
            | Self::UpdateAccessKey
            | Self::DeleteAccessKey => Resource::User("UserName"),
            Self::CreatePolicy => Resource::NewPolicy {
                name: "PolicyName",
                path: "Path",
            },
            Self::GetPolicy | Self::GetPolicyVersion | Self::DeletePolicy => {
                Resource::Policy("PolicyArn")
            }
            Self::CreateOpenIDConnectProvider => Resource::NewProvider("Url"),
            Self::GetOpenIDConnectProvider
            | Self::DeleteOpenIDConnectProvider
            | Self::AddClientIDToOpenIDConnectProvider
            | Self::RemoveClientIDFromOpenIDConnectProvider
            | Self::UpdateOpenIDConnectProviderThumbprint => {
                Resource::Provider("OpenIDConnectProviderArn")
            }
            Self::ListOpenIDConnectProviders => Resource::Providers,
            _ => Resource::Any,
        }
    }

    /// The condition keys of its own that a request carries, each with the member that holds the value.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "few operations have keys of their own"
    )]
    pub const fn condition_keys(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::AttachRolePolicy
            | Self::AttachUserPolicy
            | Self::DetachRolePolicy
            | Self::DetachUserPolicy => &[("iam:PolicyARN", "PolicyArn")],
            _ => &[],
        }
    }
}
