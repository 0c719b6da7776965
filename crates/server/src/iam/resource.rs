//! What an IAM request acts on, as an ARN for the engine, and whose access keys and user a request means.

use std::sync::Arc;

use bowline_aws::{
    error::{AwsError, Code},
    iam::{Operation, OperationResource, authorization::PassedRole},
    query::Params,
    requirement::{Requirement, ResourceOwner},
};
use bowline_iam::account::AccountId;

use super::{error::no_such, user};
use crate::{
    iam::pass_role::PassRole,
    identity::index::{self, Index},
    request::{
        call::Call,
        caller::{Caller, Identity},
    },
};

/// The permissions that a request requires: that of its operation, and `iam:PassRole` where it
/// passes a role to a service. The parameters were found to be well-formed.
///
/// # Errors
/// `ValidationError` if the request leaves out the user and the caller is none.
pub(crate) fn requirements<'p>(
    operation: Operation,
    params: &'p Params,
    caller: &Caller,
    index: &Index,
) -> Result<Vec<Requirement<'p>>, AwsError> {
    let (arn, owner) = resource(operation, params, caller, index)?;
    let mut requirement = Requirement::new(operation.action(), arn, owner);
    for key in operation.condition_keys() {
        requirement = requirement.with([(key.name, params.get(key.member))]);
    }
    let pass_role = pass_role(operation, params, caller, index);
    Ok(
        [Some(requirement), pass_role.map(PassRole::into_requirement)]
            .into_iter()
            .flatten()
            .collect(),
    )
}

/// The ARN of what a request acts on, or `*`, and its owner.
fn resource(
    operation: Operation,
    params: &Params,
    caller: &Caller,
    index: &Index,
) -> Result<(String, ResourceOwner), AwsError> {
    let account = caller.account();
    let text = |member: &str| params.get(member).unwrap_or_default();
    let path = params.get("Path").filter(|path| !path.is_empty());
    let new = |kind: &str, member: &str| {
        let (path, name) = (path.unwrap_or("/"), text(member));
        own(
            account,
            format!("arn:aws:iam::{account}:{kind}{path}{name}"),
        )
    };
    Ok(match operation.resource() {
        OperationResource::Any => ("*".to_owned(), ResourceOwner::Caller),
        OperationResource::Role(member) => {
            let name = text(member);
            let arn = index.role(account, name).map(|role| role.arn.to_string());
            let arn = arn.unwrap_or_else(|| format!("arn:aws:iam::{account}:role/{name}"));
            own(account, arn)
        }
        OperationResource::User(member) => {
            let named = params.get(member);
            let arn = match (named, named.and_then(|name| index.user(account, name))) {
                (_, Some(user)) => user.arn.to_string(),
                (Some(name), None) => format!("arn:aws:iam::{account}:user/{name}"),
                (None, None) => match owner(index, caller, None)? {
                    Owner::Root(_) => account.root_arn(),
                    Owner::User(user) => user.arn.to_string(),
                },
            };
            own(account, arn)
        }
        OperationResource::InstanceProfile(member) => {
            let name = text(member);
            let profile = index.instance_profile(account, name);
            let arn = profile.map_or_else(
                || format!("arn:aws:iam::{account}:instance-profile/{name}"),
                |profile| profile.record.arn(),
            );
            own(account, arn)
        }
        OperationResource::New(kind, member) => new(kind, member),
        OperationResource::Policy(member) | OperationResource::Provider(member) => {
            let arn = text(member);
            // One of another account needs that account's leave, which nothing here gives.
            let of = arn.split(':').nth(4).and_then(|part| part.parse().ok());
            (
                arn.to_owned(),
                ResourceOwner::Account(of.unwrap_or(account)),
            )
        }
        OperationResource::NewProvider(member) => {
            let url = text(member);
            let address = url.split_once("://").map_or(url, |(_, address)| address);
            let arn = format!("arn:aws:iam::{account}:oidc-provider/{address}");
            own(account, arn)
        }
        OperationResource::Providers => {
            own(account, format!("arn:aws:iam::{account}:oidc-provider/*"))
        }
    })
}

/// The role that a request passes to a service.
fn pass_role(
    operation: Operation,
    params: &Params,
    caller: &Caller,
    index: &Index,
) -> Option<PassRole> {
    let PassedRole { role, service } = operation.passed_role()?;
    let account = caller.account();
    let name = params.get(role).unwrap_or_default();
    let found = index.role(account, name);
    Some(PassRole {
        role_arn: found.map_or_else(
            || format!("arn:aws:iam::{account}:role/{name}"),
            |role| role.arn.to_string(),
        ),
        account,
        service,
        resource: None,
    })
}

fn own(account: AccountId, arn: String) -> (String, ResourceOwner) {
    (arn, ResourceOwner::Account(account))
}

/// Whose access keys, or which user, a request means.
#[derive(Debug)]
pub(super) enum Owner<'a> {
    /// The root of an account.
    Root(&'a Arc<index::AccountEntry>),
    /// A user.
    User(&'a Arc<index::UserEntry>),
}

/// The user with this name, or without one the caller, as it is now.
///
/// # Errors
/// `NoSuchEntity`; `ValidationError` if a session leaves out the name.
pub(super) fn owner<'a>(
    index: &'a Index,
    caller: &Caller,
    name: Option<&str>,
) -> Result<Owner<'a>, AwsError> {
    if let Some(name) = name {
        let user = index.user(caller.account(), name);
        return user.map(Owner::User).ok_or_else(|| no_such("user", name));
    }
    let gone = |name: &str| no_such("user", name);
    match caller.identity() {
        Identity::Root(account) => index
            .account(*account)
            .map(Owner::Root)
            .ok_or_else(|| gone("root")),
        Identity::User(user) => index
            .user_by_id(user.record.id.as_str())
            .map(Owner::User)
            .ok_or_else(|| gone(&user.record.name)),
        Identity::Session { .. } => Err(AwsError::new(
            Code::ValidationError,
            "Must specify userName when calling with non-User credentials",
        )),
    }
}

/// [`owner`] as it is in `index`: the user that was decided about, not another that has got the name since.
///
/// # Errors
/// As [`owner`].
pub(super) fn current_owner<'a>(
    call: &Call<'_>,
    index: &'a Index,
    name: Option<&str>,
) -> Result<Owner<'a>, AwsError> {
    match name {
        Some(name) => user::find_unchanged(call, index, name).map(Owner::User),
        // By the caller's unique id.
        None => owner(index, call.caller, None),
    }
}
