//! On what each IAM operation acts, whether it changes it, and with which condition keys: the service's table in the AWS Service
//! Authorization Reference, by hand.
//!
//! The ARN of a thing that exists has its stored path, so the table names members and the server looks the thing up. Operations that
//! are not built act on `*`: whoever may not do everything of the kind learns nothing from them.

use super::Operation;
use crate::access::Access;

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
    /// `arn:aws:iam::{account}:instance-profile{path}{name}` of the instance profile with this name; with the path `/` if there is none.
    InstanceProfile(&'static str),
    /// The instance profile that is to be made.
    NewInstanceProfile {
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

/// A role that an operation hands to a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassedRole {
    /// The member with the role's name.
    pub role: &'static str,
    /// The service that is to assume it: `iam:PassedToService`.
    pub service: &'static str,
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
            | Self::ListAttachedRolePolicies
            | Self::ListInstanceProfilesForRole => Resource::Role("RoleName"),
            Self::CreateInstanceProfile => Resource::NewInstanceProfile {
                name: "InstanceProfileName",
                path: "Path",
            },
            Self::GetInstanceProfile
            | Self::DeleteInstanceProfile
            | Self::AddRoleToInstanceProfile
            | Self::RemoveRoleFromInstanceProfile => {
                Resource::InstanceProfile("InstanceProfileName")
            }
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

    /// Whether it changes something, also where it is not built. A report that is generated is kept.
    pub const fn access(self) -> Access {
        match self {
            Self::GetAccessKeyLastUsed
            | Self::GetAccountAuthorizationDetails
            | Self::GetAccountPasswordPolicy
            | Self::GetAccountProperties
            | Self::GetAccountSummary
            | Self::GetContextKeysForCustomPolicy
            | Self::GetContextKeysForPrincipalPolicy
            | Self::GetCredentialReport
            | Self::GetDelegationRequest
            | Self::GetGroup
            | Self::GetGroupPolicy
            | Self::GetHumanReadableSummary
            | Self::GetInstanceProfile
            | Self::GetLoginProfile
            | Self::GetMFADevice
            | Self::GetOpenIDConnectProvider
            | Self::GetOrganizationsAccessReport
            | Self::GetOutboundWebIdentityFederationInfo
            | Self::GetPolicy
            | Self::GetPolicyVersion
            | Self::GetRole
            | Self::GetRolePolicy
            | Self::GetRoleTemplateVersion
            | Self::GetSAMLProvider
            | Self::GetSSHPublicKey
            | Self::GetServerCertificate
            | Self::GetServiceLastAccessedDetails
            | Self::GetServiceLastAccessedDetailsWithEntities
            | Self::GetServiceLinkedRoleDeletionStatus
            | Self::GetUser
            | Self::GetUserPolicy
            | Self::ListAccessKeys
            | Self::ListAccountAliases
            | Self::ListAttachedGroupPolicies
            | Self::ListAttachedRolePolicies
            | Self::ListAttachedUserPolicies
            | Self::ListDelegationRequests
            | Self::ListEntitiesForPolicy
            | Self::ListGroupPolicies
            | Self::ListGroups
            | Self::ListGroupsForUser
            | Self::ListInstanceProfileTags
            | Self::ListInstanceProfiles
            | Self::ListInstanceProfilesForRole
            | Self::ListMFADeviceTags
            | Self::ListMFADevices
            | Self::ListOpenIDConnectProviderTags
            | Self::ListOpenIDConnectProviders
            | Self::ListOrganizationsFeatures
            | Self::ListPolicies
            | Self::ListPoliciesGrantingServiceAccess
            | Self::ListPolicyTags
            | Self::ListPolicyVersions
            | Self::ListRolePolicies
            | Self::ListRoleTags
            | Self::ListRoles
            | Self::ListSAMLProviderTags
            | Self::ListSAMLProviders
            | Self::ListSSHPublicKeys
            | Self::ListServerCertificateTags
            | Self::ListServerCertificates
            | Self::ListServiceSpecificCredentials
            | Self::ListSigningCertificates
            | Self::ListUserPolicies
            | Self::ListUserTags
            | Self::ListUsers
            | Self::ListVirtualMFADevices
            | Self::SimulateCustomPolicy
            | Self::SimulatePrincipalPolicy => Access::Reads,
            Self::AcceptDelegationRequest
            | Self::AcquireRole
            | Self::AddClientIDToOpenIDConnectProvider
            | Self::AddRoleToInstanceProfile
            | Self::AddUserToGroup
            | Self::AssociateDelegationRequest
            | Self::AttachGroupPolicy
            | Self::AttachRolePolicy
            | Self::AttachUserPolicy
            | Self::ChangePassword
            | Self::CreateAccessKey
            | Self::CreateAccountAlias
            | Self::CreateDelegationRequest
            | Self::CreateGroup
            | Self::CreateInstanceProfile
            | Self::CreateLoginProfile
            | Self::CreateOpenIDConnectProvider
            | Self::CreatePolicy
            | Self::CreatePolicyVersion
            | Self::CreateRole
            | Self::CreateSAMLProvider
            | Self::CreateServiceLinkedRole
            | Self::CreateServiceSpecificCredential
            | Self::CreateUser
            | Self::CreateVirtualMFADevice
            | Self::DeactivateMFADevice
            | Self::DeleteAccessKey
            | Self::DeleteAccountAlias
            | Self::DeleteAccountPasswordPolicy
            | Self::DeleteGroup
            | Self::DeleteGroupPolicy
            | Self::DeleteInstanceProfile
            | Self::DeleteLoginProfile
            | Self::DeleteOpenIDConnectProvider
            | Self::DeletePolicy
            | Self::DeletePolicyVersion
            | Self::DeleteRole
            | Self::DeleteRolePermissionsBoundary
            | Self::DeleteRolePolicy
            | Self::DeleteSAMLProvider
            | Self::DeleteSSHPublicKey
            | Self::DeleteServerCertificate
            | Self::DeleteServiceLinkedRole
            | Self::DeleteServiceSpecificCredential
            | Self::DeleteSigningCertificate
            | Self::DeleteUser
            | Self::DeleteUserPermissionsBoundary
            | Self::DeleteUserPolicy
            | Self::DeleteVirtualMFADevice
            | Self::DetachGroupPolicy
            | Self::DetachRolePolicy
            | Self::DetachUserPolicy
            | Self::DisableOrganizationsRootCredentialsManagement
            | Self::DisableOrganizationsRootSessions
            | Self::DisableOutboundWebIdentityFederation
            | Self::EnableMFADevice
            | Self::EnableOrganizationsRootCredentialsManagement
            | Self::EnableOrganizationsRootSessions
            | Self::EnableOutboundWebIdentityFederation
            | Self::GenerateCredentialReport
            | Self::GenerateOrganizationsAccessReport
            | Self::GenerateServiceLastAccessedDetails
            | Self::PutAccountProperties
            | Self::PutGroupPolicy
            | Self::PutRolePermissionsBoundary
            | Self::PutRolePolicy
            | Self::PutUserPermissionsBoundary
            | Self::PutUserPolicy
            | Self::RejectDelegationRequest
            | Self::RemoveClientIDFromOpenIDConnectProvider
            | Self::RemoveRoleFromInstanceProfile
            | Self::RemoveUserFromGroup
            | Self::ResetServiceSpecificCredential
            | Self::ResyncMFADevice
            | Self::SendDelegationToken
            | Self::SetDefaultPolicyVersion
            | Self::SetSecurityTokenServicePreferences
            | Self::TagInstanceProfile
            | Self::TagMFADevice
            | Self::TagOpenIDConnectProvider
            | Self::TagPolicy
            | Self::TagRole
            | Self::TagSAMLProvider
            | Self::TagServerCertificate
            | Self::TagUser
            | Self::UntagInstanceProfile
            | Self::UntagMFADevice
            | Self::UntagOpenIDConnectProvider
            | Self::UntagPolicy
            | Self::UntagRole
            | Self::UntagSAMLProvider
            | Self::UntagServerCertificate
            | Self::UntagUser
            | Self::UpdateAccessKey
            | Self::UpdateAccountPasswordPolicy
            | Self::UpdateAssumeRolePolicy
            | Self::UpdateDelegationRequest
            | Self::UpdateGroup
            | Self::UpdateLoginProfile
            | Self::UpdateOpenIDConnectProviderThumbprint
            | Self::UpdateRole
            | Self::UpdateRoleDescription
            | Self::UpdateSAMLProvider
            | Self::UpdateSSHPublicKey
            | Self::UpdateServerCertificate
            | Self::UpdateServiceSpecificCredential
            | Self::UpdateSigningCertificate
            | Self::UpdateUser
            | Self::UploadSSHPublicKey
            | Self::UploadServerCertificate
            | Self::UploadSigningCertificate => Access::Changes,
        }
    }

    /// The role that it hands to a service, for which the caller needs `iam:PassRole` too.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "few operations hand over a role"
    )]
    pub const fn passed_role(self) -> Option<PassedRole> {
        match self {
            Self::AddRoleToInstanceProfile => Some(PassedRole {
                role: "RoleName",
                service: "ec2.amazonaws.com",
            }),
            _ => None,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_that_only_read_are_those_that_get_list_or_simulate() {
        for operation in Operation::ALL {
            let name = operation.name();
            let reads = ["Get", "List", "Simulate"];
            let reads = reads.iter().any(|verb| name.starts_with(verb));
            let expected = if reads {
                Access::Reads
            } else {
                Access::Changes
            };
            assert_eq!(operation.access(), expected, "{name}");
        }
    }
}
