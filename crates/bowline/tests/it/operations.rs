//! Every operation of IAM and STS, by the models of the AWS SDK for Python: requests that it builds, answers that it reads.

use insta::assert_snapshot;

use crate::support::bowline::Bowline;
use crate::support::python::clients;
use crate::support::world::World;

/// Runs `every_operation.py` in one of its modes.
fn every_operation(mode: &str) -> Option<String> {
    let clients = clients()?;
    let world = World::new();
    let (root, nobody) = (Bowline::root(), world.user("nobody", None));
    let keys = if mode == "unauthorized" {
        &nobody
    } else {
        &root
    };
    Some(clients.drive(
        "every_operation.py",
        &world.server.url,
        Some(keys),
        &[("MODE", mode)],
    ))
}

#[test]
fn every_operation_is_built_or_says_that_it_is_not() {
    let Some(told) = every_operation("built") else {
        return;
    };
    assert_snapshot!(told, @"
    iam: 400 InvalidAction: Could not find operation X for version 2010-05-08 (140)
    iam: built (40)
      AddClientIDToOpenIDConnectProvider AttachRolePolicy AttachUserPolicy CreateAccessKey CreateOpenIDConnectProvider CreatePolicy CreateRole CreateUser DeleteAccessKey DeleteOpenIDConnectProvider DeletePolicy DeleteRole DeleteRolePolicy DeleteUser DeleteUserPolicy DetachRolePolicy DetachUserPolicy GetOpenIDConnectProvider GetPolicy GetPolicyVersion GetRole GetRolePolicy GetUser GetUserPolicy ListAccessKeys ListAttachedRolePolicies ListAttachedUserPolicies ListOpenIDConnectProviders ListPolicies ListRolePolicies ListRoles ListUserPolicies ListUsers PutRolePolicy PutUserPolicy RemoveClientIDFromOpenIDConnectProvider UpdateAccessKey UpdateAssumeRolePolicy UpdateOpenIDConnectProviderThumbprint UpdateRole
    sts: 400 InvalidAction: Could not find operation X for version 2011-06-15 (8)
      AssumeRoleWithSAML AssumeRoot DecodeAuthorizationMessage GetAccessKeyInfo GetDelegatedAccessToken GetFederationToken GetSessionToken GetWebIdentityToken
    sts: built (3)
      AssumeRole AssumeRoleWithWebIdentity GetCallerIdentity
    ");
}

#[test]
fn every_operation_is_refused_to_nobody() {
    let Some(told) = every_operation("unauthenticated") else {
        return;
    };
    assert_snapshot!(told, @"
    iam: 403 MissingAuthenticationToken (180)
    sts: 400 InvalidAction: Could not find operation X for version 2011-06-15 (1)
      AssumeRoleWithSAML
    sts: 400 InvalidIdentityToken (1)
      AssumeRoleWithWebIdentity
    sts: 403 MissingAuthenticationToken (9)
      AssumeRole AssumeRoot DecodeAuthorizationMessage GetAccessKeyInfo GetCallerIdentity GetDelegatedAccessToken GetFederationToken GetSessionToken GetWebIdentityToken
    ");
}

#[test]
fn every_operation_is_refused_to_a_user_without_policies() {
    let Some(told) = every_operation("unauthorized") else {
        return;
    };
    assert_snapshot!(told, @"
    iam: 403 AccessDenied (180)
    sts: 400 InvalidAction: Could not find operation X for version 2011-06-15 (1)
      AssumeRoleWithSAML
    sts: 400 InvalidIdentityToken (1)
      AssumeRoleWithWebIdentity
    sts: 403 AccessDenied (8)
      AssumeRole AssumeRoot DecodeAuthorizationMessage GetAccessKeyInfo GetDelegatedAccessToken GetFederationToken GetSessionToken GetWebIdentityToken
    sts: accepted (1)
      GetCallerIdentity
    ");
}

#[test]
fn every_operation_is_refused_when_a_member_is_missing_or_out_of_bounds() {
    let Some(told) = every_operation("malformed") else {
        return;
    };
    assert_snapshot!(told, @"
    iam: 400 ValidationError (164)
    iam: nothing to get wrong (16)
      DeleteAccountPasswordPolicy DisableOrganizationsRootCredentialsManagement DisableOrganizationsRootSessions DisableOutboundWebIdentityFederation EnableOrganizationsRootCredentialsManagement EnableOrganizationsRootSessions EnableOutboundWebIdentityFederation GenerateCredentialReport GetAccountPasswordPolicy GetAccountProperties GetAccountSummary GetCredentialReport GetOutboundWebIdentityFederationInfo ListOpenIDConnectProviders ListOrganizationsFeatures ListSAMLProviders
    sts: 400 ValidationError (10)
      AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity AssumeRoot DecodeAuthorizationMessage GetAccessKeyInfo GetDelegatedAccessToken GetFederationToken GetSessionToken GetWebIdentityToken
    sts: nothing to get wrong (1)
      GetCallerIdentity
    ");
}
