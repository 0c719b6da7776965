//! IAM's operations: from a permitted request to its answer. One file per noun, one function per verb.
//!
//! [`resource`](resource::resource) says what a request acts on, for the engine; [`carry_out`] asks for the permit.

pub(crate) mod access_key;
mod attached_policy;
pub(crate) mod error;
mod holder;
mod inline_policy;
mod instance_profile;
pub(crate) mod open_id_connect_provider;
mod page;
pub(crate) mod pass_role;
mod policy;
pub(crate) mod policy_document;
pub(crate) mod resource;
mod role;
mod role_policy;
mod user;
mod user_policy;

use bowline_aws::{
    error::AwsError,
    iam::{self, Operation, Request, empty_response},
    output::Output,
};
use bowline_iam::decision::Permit;

use crate::request::call::Call;
use crate::request::error::RequestError;

/// Does what is permitted: the answer's XML.
///
/// # Errors
/// What the operation refuses with; `InvalidAction` for one that this version does not carry out.
pub(crate) async fn carry_out(
    permit: Permit<Request>,
    call: &Call<'_>,
) -> Result<String, RequestError> {
    use Request as R;
    let request = permit.into_action();
    let operation = request.operation();
    match request {
        R::CreateRole(input) => answer(call, role::create(call, input).await),
        R::GetRole(input) => answer(call, role::get(call, &input)),
        R::ListRoles(input) => answer(call, role::list(call, &input)),
        R::UpdateRole(input) => answer(call, role::update(call, input).await),
        R::UpdateAssumeRolePolicy(input) => {
            done(call, operation, role::update_trust(call, input).await)
        }
        R::DeleteRole(input) => done(call, operation, role::delete(call, &input).await),

        R::PutRolePolicy(input) => done(call, operation, role_policy::put(call, &input).await),
        R::GetRolePolicy(input) => answer(call, role_policy::get(call, &input)),
        R::ListRolePolicies(input) => answer(call, role_policy::list(call, &input)),
        R::DeleteRolePolicy(input) => {
            done(call, operation, role_policy::delete(call, &input).await)
        }

        R::CreateInstanceProfile(input) => {
            answer(call, instance_profile::create(call, input).await)
        }
        R::GetInstanceProfile(input) => answer(call, instance_profile::get(call, &input)),
        R::ListInstanceProfiles(input) => answer(call, instance_profile::list(call, &input)),
        R::ListInstanceProfilesForRole(input) => {
            answer(call, instance_profile::list_for_role(call, &input))
        }
        R::AddRoleToInstanceProfile(input) => done(
            call,
            operation,
            instance_profile::add_role(call, &input).await,
        ),
        R::RemoveRoleFromInstanceProfile(input) => done(
            call,
            operation,
            instance_profile::remove_role(call, &input).await,
        ),
        R::DeleteInstanceProfile(input) => done(
            call,
            operation,
            instance_profile::delete(call, &input).await,
        ),

        R::CreateUser(input) => answer(call, user::create(call, input).await),
        R::GetUser(input) => answer(call, user::get(call, &input)),
        R::ListUsers(input) => answer(call, user::list(call, &input)),
        R::DeleteUser(input) => done(call, operation, user::delete(call, &input).await),

        R::PutUserPolicy(input) => done(call, operation, user_policy::put(call, &input).await),
        R::GetUserPolicy(input) => answer(call, user_policy::get(call, &input)),
        R::ListUserPolicies(input) => answer(call, user_policy::list(call, &input)),
        R::DeleteUserPolicy(input) => {
            done(call, operation, user_policy::delete(call, &input).await)
        }

        R::CreateAccessKey(input) => answer(call, access_key::create(call, &input).await),
        R::ListAccessKeys(input) => answer(call, access_key::list(call, &input)),
        R::UpdateAccessKey(input) => done(call, operation, access_key::update(call, &input).await),
        R::DeleteAccessKey(input) => done(call, operation, access_key::delete(call, &input).await),

        R::CreatePolicy(input) => answer(call, policy::create(call, input).await),
        R::GetPolicy(input) => answer(call, policy::get(call, &input)),
        R::GetPolicyVersion(input) => answer(call, policy::get_version(call, &input)),
        R::ListPolicies(input) => answer(call, policy::list(call, &input)),
        R::DeletePolicy(input) => done(call, operation, policy::delete(call, &input).await),

        R::AttachRolePolicy(input) => done(
            call,
            operation,
            attached_policy::attach_to_role(call, &input).await,
        ),
        R::DetachRolePolicy(input) => done(
            call,
            operation,
            attached_policy::detach_from_role(call, &input).await,
        ),
        R::ListAttachedRolePolicies(input) => {
            answer(call, attached_policy::list_of_role(call, &input))
        }
        R::AttachUserPolicy(input) => done(
            call,
            operation,
            attached_policy::attach_to_user(call, &input).await,
        ),
        R::DetachUserPolicy(input) => done(
            call,
            operation,
            attached_policy::detach_from_user(call, &input).await,
        ),
        R::ListAttachedUserPolicies(input) => {
            answer(call, attached_policy::list_of_user(call, &input))
        }

        R::CreateOpenIDConnectProvider(input) => {
            answer(call, open_id_connect_provider::create(call, input).await)
        }
        R::GetOpenIDConnectProvider(input) => {
            answer(call, open_id_connect_provider::get(call, &input))
        }
        R::ListOpenIDConnectProviders(_) => answer(call, Ok(open_id_connect_provider::list(call))),
        R::AddClientIDToOpenIDConnectProvider(input) => done(
            call,
            operation,
            open_id_connect_provider::add_client_id(call, &input).await,
        ),
        R::RemoveClientIDFromOpenIDConnectProvider(input) => done(
            call,
            operation,
            open_id_connect_provider::remove_client_id(call, &input).await,
        ),
        R::UpdateOpenIDConnectProviderThumbprint(input) => done(
            call,
            operation,
            open_id_connect_provider::update_thumbprints(call, &input).await,
        ),
        R::DeleteOpenIDConnectProvider(input) => done(
            call,
            operation,
            open_id_connect_provider::delete(call, &input).await,
        ),
        R::NotBuilt(_) => Err(AwsError::unknown_operation(operation.name(), iam::VERSION).into()),
    }
}

fn answer<O: Output>(
    call: &Call<'_>,
    output: Result<O, RequestError>,
) -> Result<String, RequestError> {
    output.map(|output| iam::response(&output, call.request_id))
}

fn done(
    call: &Call<'_>,
    operation: Operation,
    done: Result<(), RequestError>,
) -> Result<String, RequestError> {
    done.map(|()| empty_response(operation, call.request_id))
}

#[cfg(test)]
mod tests;
