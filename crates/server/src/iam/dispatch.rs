//! Written by `cargo run -p bowline-generate` from `aws/src/iam/table.rs`; not edited by hand.

use bowline_aws::{
    error::AwsError,
    iam::{Operation, Request, VERSION, empty_response, response},
};

use super::Handle;
use crate::request::{call::Call, error::RequestError};

/// Calls the handler of the request's operation. Returns the response's XML.
///
/// # Errors
/// The operation's own; `InvalidAction` if it is not built.
#[rustfmt::skip]
pub(super) async fn dispatch(request: Request, call: &Call<'_>) -> Result<String, RequestError> {
    match request {
        Request::AddClientIDToOpenIDConnectProvider(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::AddClientIDToOpenIDConnectProvider, call.request_id))
        }
        Request::AddRoleToInstanceProfile(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::AddRoleToInstanceProfile, call.request_id))
        }
        Request::AttachRolePolicy(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::AttachRolePolicy, call.request_id))
        }
        Request::AttachUserPolicy(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::AttachUserPolicy, call.request_id))
        }
        Request::CreateAccessKey(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::CreateInstanceProfile(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::CreateOpenIDConnectProvider(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::CreatePolicy(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::CreateRole(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::CreateUser(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::DeleteAccessKey(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::DeleteAccessKey, call.request_id))
        }
        Request::DeleteInstanceProfile(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::DeleteInstanceProfile, call.request_id))
        }
        Request::DeleteOpenIDConnectProvider(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::DeleteOpenIDConnectProvider, call.request_id))
        }
        Request::DeletePolicy(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::DeletePolicy, call.request_id))
        }
        Request::DeleteRole(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::DeleteRole, call.request_id))
        }
        Request::DeleteRolePolicy(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::DeleteRolePolicy, call.request_id))
        }
        Request::DeleteUser(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::DeleteUser, call.request_id))
        }
        Request::DeleteUserPolicy(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::DeleteUserPolicy, call.request_id))
        }
        Request::DetachRolePolicy(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::DetachRolePolicy, call.request_id))
        }
        Request::DetachUserPolicy(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::DetachUserPolicy, call.request_id))
        }
        Request::GetInstanceProfile(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::GetOpenIDConnectProvider(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::GetPolicy(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::GetPolicyVersion(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::GetRole(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::GetRolePolicy(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::GetUser(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::GetUserPolicy(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::ListAccessKeys(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::ListAttachedRolePolicies(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::ListAttachedUserPolicies(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::ListInstanceProfiles(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::ListInstanceProfilesForRole(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::ListOpenIDConnectProviders(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::ListPolicies(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::ListRolePolicies(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::ListRoles(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::ListUserPolicies(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::ListUsers(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::PutRolePolicy(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::PutRolePolicy, call.request_id))
        }
        Request::PutUserPolicy(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::PutUserPolicy, call.request_id))
        }
        Request::RemoveClientIDFromOpenIDConnectProvider(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::RemoveClientIDFromOpenIDConnectProvider, call.request_id))
        }
        Request::RemoveRoleFromInstanceProfile(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::RemoveRoleFromInstanceProfile, call.request_id))
        }
        Request::UpdateAccessKey(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::UpdateAccessKey, call.request_id))
        }
        Request::UpdateAssumeRolePolicy(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::UpdateAssumeRolePolicy, call.request_id))
        }
        Request::UpdateOpenIDConnectProviderThumbprint(input) => {
            let () = input.handle(call).await?;
            Ok(empty_response(Operation::UpdateOpenIDConnectProviderThumbprint, call.request_id))
        }
        Request::UpdateRole(input) => Ok(response(&input.handle(call).await?, call.request_id)),
        Request::NotBuilt(operation) => {
            Err(AwsError::unknown_operation(operation.name(), VERSION).into())
        }
    }
}
