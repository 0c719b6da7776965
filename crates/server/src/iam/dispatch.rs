//! Written by `cargo run -p bowline-generate` from `aws/src/iam/table.rs`; not edited by hand.

use bowline_aws::{
    error::AwsError,
    iam::{Operation, Request, VERSION, empty_response, response},
};

use super::Handle;
use crate::request::{call::Call, error::RequestError};

/// Calls the handler of the request's operation. Returns the response's body.
///
/// # Errors
/// The operation's own; `InvalidAction` if it is not built.
#[rustfmt::skip]
pub(super) async fn dispatch(request: Request, call: &Call<'_>) -> Result<String, RequestError> {
    match request {
        Request::AddClientIDToOpenIDConnectProvider(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::AddClientIDToOpenIDConnectProvider, call.envelope))
        }
        Request::AddRoleToInstanceProfile(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::AddRoleToInstanceProfile, call.envelope))
        }
        Request::AttachRolePolicy(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::AttachRolePolicy, call.envelope))
        }
        Request::AttachUserPolicy(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::AttachUserPolicy, call.envelope))
        }
        Request::CreateAccessKey(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::CreateInstanceProfile(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::CreateOpenIDConnectProvider(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::CreatePolicy(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::CreateRole(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::CreateUser(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::DeleteAccessKey(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::DeleteAccessKey, call.envelope))
        }
        Request::DeleteInstanceProfile(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::DeleteInstanceProfile, call.envelope))
        }
        Request::DeleteOpenIDConnectProvider(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::DeleteOpenIDConnectProvider, call.envelope))
        }
        Request::DeletePolicy(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::DeletePolicy, call.envelope))
        }
        Request::DeleteRole(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::DeleteRole, call.envelope))
        }
        Request::DeleteRolePolicy(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::DeleteRolePolicy, call.envelope))
        }
        Request::DeleteUser(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::DeleteUser, call.envelope))
        }
        Request::DeleteUserPolicy(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::DeleteUserPolicy, call.envelope))
        }
        Request::DetachRolePolicy(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::DetachRolePolicy, call.envelope))
        }
        Request::DetachUserPolicy(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::DetachUserPolicy, call.envelope))
        }
        Request::GetInstanceProfile(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::GetOpenIDConnectProvider(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::GetPolicy(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::GetPolicyVersion(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::GetRole(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::GetRolePolicy(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::GetUser(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::GetUserPolicy(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::ListAccessKeys(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::ListAttachedRolePolicies(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::ListAttachedUserPolicies(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::ListInstanceProfiles(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::ListInstanceProfilesForRole(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::ListOpenIDConnectProviders(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::ListPolicies(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::ListRolePolicies(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::ListRoles(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::ListUserPolicies(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::ListUsers(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::PutRolePolicy(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::PutRolePolicy, call.envelope))
        }
        Request::PutUserPolicy(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::PutUserPolicy, call.envelope))
        }
        Request::RemoveClientIDFromOpenIDConnectProvider(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::RemoveClientIDFromOpenIDConnectProvider, call.envelope))
        }
        Request::RemoveRoleFromInstanceProfile(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::RemoveRoleFromInstanceProfile, call.envelope))
        }
        Request::UpdateAccessKey(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::UpdateAccessKey, call.envelope))
        }
        Request::UpdateAssumeRolePolicy(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::UpdateAssumeRolePolicy, call.envelope))
        }
        Request::UpdateOpenIDConnectProviderThumbprint(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::UpdateOpenIDConnectProviderThumbprint, call.envelope))
        }
        Request::UpdateRole(input) => Ok(response(&input.handle(call).await?, call.envelope)),
        Request::NotBuilt(operation) => {
            Err(AwsError::unknown_operation(operation.name(), VERSION).into())
        }
    }
}
