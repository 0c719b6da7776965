//! The permissions that an IAM request requires, by the row of its operation.

use bowline_aws::{
    iam::{Operation, OperationResource, authorization::PassedRole},
    query::Params,
    requirement::{Requirement, ResourceOwner},
};
use bowline_iam::account::AccountId;

use super::{
    error::IamError,
    noun::{Noun, check_arn},
    pass_role::PassRole,
    user_or_root::{UserOrRoot, user_or_root},
};
use crate::{
    identity::index::{Index, InstanceProfileEntry, RoleEntry, UserEntry},
    request::caller::Caller,
};

/// The permissions that a well-formed request requires: that of its operation, and `iam:PassRole`
/// if it passes a role to a service.
///
/// # Errors
/// [`IamError::InvalidArn`], [`IamError::InvalidArnPartition`], and [`IamError::UserNameMissing`] if the request names no user and the caller is not one.
pub(crate) fn requirements<'p>(
    operation: Operation,
    params: &'p Params,
    caller: &Caller,
    index: &Index,
) -> Result<Vec<Requirement<'p>>, IamError> {
    let (arn, owner) = resource(operation, params, caller, index)?;
    let mut requirement = Requirement::new(operation.action(), arn, owner);
    for key in operation.condition_keys() {
        requirement.keys.extend(key.entry(params));
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
) -> Result<(String, ResourceOwner), IamError> {
    let account = caller.account();
    let text = |member: &str| params.get(member).unwrap_or_default();
    let own = |arn: String| (arn, ResourceOwner::Account(account));
    Ok(match operation.resource() {
        OperationResource::Any => ("*".to_owned(), ResourceOwner::Caller),
        OperationResource::Role(member) => own(arn_by_name::<RoleEntry>(
            index,
            account,
            "role",
            text(member),
        )),
        OperationResource::User(member) => own(match params.get(member) {
            Some(name) => arn_by_name::<UserEntry>(index, account, "user", name),
            None => match user_or_root(index, caller, None)? {
                UserOrRoot::Root(_) => account.root_arn(),
                UserOrRoot::User(user) => user.arn.to_string(),
            },
        }),
        OperationResource::InstanceProfile(member) => {
            let (kind, name) = ("instance-profile", text(member));
            own(arn_by_name::<InstanceProfileEntry>(
                index, account, kind, name,
            ))
        }
        OperationResource::New(kind, member) => {
            let path = params.get("Path").filter(|path| !path.is_empty());
            let (path, name) = (path.unwrap_or("/"), text(member));
            own(format!("arn:aws:iam::{account}:{kind}{path}{name}"))
        }
        OperationResource::Policy(member) | OperationResource::Provider(member) => {
            let arn = text(member);
            check_arn(arn)?;
            // Another account's would need that account's permission, which nothing here grants.
            let owner = arn.split(':').nth(4).and_then(|part| part.parse().ok());
            let owner = ResourceOwner::Account(owner.unwrap_or(account));
            (arn.to_owned(), owner)
        }
        OperationResource::NewProvider(member) => {
            let url = text(member);
            let address = url.split_once("://").map_or(url, |(_, address)| address);
            own(format!("arn:aws:iam::{account}:oidc-provider/{address}"))
        }
        OperationResource::Providers => own(format!("arn:aws:iam::{account}:oidc-provider/*")),
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
    Some(PassRole {
        role_arn: arn_by_name::<RoleEntry>(index, account, "role", name),
        account,
        service,
        resource: None,
    })
}

/// The ARN of the entity with this name; with the path `/` if there is none.
fn arn_by_name<N: Noun>(index: &Index, account: AccountId, kind: &str, name: &str) -> String {
    match N::find(index, account, name) {
        Some(entry) => entry.arn().into_owned(),
        None => format!("arn:aws:iam::{account}:{kind}/{name}"),
    }
}
