//! Users.

use std::sync::Arc;

use bowline_aws::{
    error::AwsError,
    iam::{
        CreateUserRequest, CreateUserResponse, DeleteUserRequest, GetUserRequest, GetUserResponse,
        ListUsersRequest, ListUsersResponse, User,
    },
    ids::UniqueIdKind,
};
use bowline_iam::account::AccountId;

use super::{
    error::{already_exists, delete_conflict, no_such},
    holder::holds_nothing,
    page::{Asked, Entries, Page},
    resource::{Owner, owner},
};
use crate::{
    identity::{
        entity::{self, Permissions},
        index::{self, Index},
        store::Transaction,
    },
    request::{
        call::Call,
        error::RequestError,
        unsupported_parameters::{has_any, reject_unsupported},
    },
};

pub(super) async fn create(
    call: &Call<'_>,
    input: CreateUserRequest,
) -> Result<CreateUserResponse, RequestError> {
    reject_unsupported(&[
        ("Tags", has_any(input.tags.as_ref())),
        ("PermissionsBoundary", input.permissions_boundary.is_some()),
    ])?;
    let id = call.unique_id(UniqueIdKind::User)?;
    let account = call.account();
    let user = call
        .update(|index| {
            if index.user(account, &input.user_name).is_some() {
                let message = format!("User with name {} already exists.", input.user_name);
                return Err(already_exists(message));
            }
            let user = entity::User {
                id: id.clone(),
                account,
                name: input.user_name.clone(),
                path: input.path.clone().unwrap_or_else(|| "/".to_owned()),
                permissions: Permissions::default(),
                created: call.now,
            };
            Ok((Transaction::new().create(&user), user))
        })
        .await?;
    Ok(CreateUserResponse {
        user: Some(show(&user)),
    })
}

pub(super) fn get(
    call: &Call<'_>,
    input: &GetUserRequest,
) -> Result<GetUserResponse, RequestError> {
    let user = match owner(&call.index, call.caller, input.user_name.as_deref())? {
        Owner::User(user) => show(&user.record),
        // Root has an ARN and an id, and neither name nor path.
        Owner::Root(account) => User {
            path: String::new(),
            user_name: String::new(),
            user_id: account.record.id.to_string(),
            arn: account.record.id.root_arn(),
            create_date: account.record.created,
            password_last_used: None,
            permissions_boundary: None,
            tags: None,
        },
    };
    Ok(GetUserResponse { user })
}

pub(super) fn list(
    call: &Call<'_>,
    input: &ListUsersRequest,
) -> Result<ListUsersResponse, RequestError> {
    let page = Page::new(
        call,
        Asked {
            operation: "ListUsers",
            marker: input.marker.as_deref(),
            max_items: input.max_items,
        },
    )?;
    let prefix = input.path_prefix.as_deref();
    let all = call
        .index
        .users(call.account(), prefix, page.after.as_deref());
    let Entries {
        items,
        is_truncated,
        marker,
    } = page.take(all, |user| &user.record.name, |user| show(&user.record))?;
    Ok(ListUsersResponse {
        users: items,
        is_truncated,
        marker,
    })
}

pub(super) async fn delete(call: &Call<'_>, input: &DeleteUserRequest) -> Result<(), RequestError> {
    call.update(|index| {
        let user = find_unchanged(call, index, &input.user_name)?;
        if index.access_keys_of(&user.record.id).next().is_some() {
            return Err(delete_conflict(
                "Cannot delete entity, must delete access keys first.",
            ));
        }
        holds_nothing(&user.record.permissions)?;
        let transaction = Transaction::new().delete(&*user.record, user.revision);
        Ok((transaction, ()))
    })
    .await
}

/// The user with this name.
///
/// # Errors
/// `NoSuchEntity`.
pub(super) fn find<'a>(
    index: &'a Index,
    account: AccountId,
    name: &str,
) -> Result<&'a Arc<index::UserEntry>, AwsError> {
    let user = index.user(account, name);
    user.ok_or_else(|| no_such("user", name))
}

/// The user with this name that was decided about, as it is in `index`. Another that has got the name since was not.
///
/// # Errors
/// `NoSuchEntity`: what would be answered between the end of the one and the beginning of the other.
pub(super) fn find_unchanged<'a>(
    call: &Call<'_>,
    index: &'a Index,
    name: &str,
) -> Result<&'a Arc<index::UserEntry>, AwsError> {
    let decided = find(&call.index, call.account(), name)?;
    index
        .user_by_id(decided.record.id.as_str())
        .filter(|user| user.arn == decided.arn)
        .ok_or_else(|| no_such("user", name))
}

/// Changes the record of the user that was decided about.
///
/// # Errors
/// `NoSuchEntity`, and what `change` refuses with.
pub(super) async fn change(
    call: &Call<'_>,
    name: &str,
    change: impl Fn(&mut entity::User, &Index) -> Result<Transaction, AwsError> + Send + Sync,
) -> Result<(), RequestError> {
    call.change(
        |index| find_unchanged(call, index, name).map(|user| (&user.record, user.revision)),
        change,
    )
    .await
    .map(drop)
}

fn show(user: &entity::User) -> User {
    User {
        path: user.path.clone(),
        user_name: user.name.clone(),
        user_id: user.id.to_string(),
        arn: user.arn(),
        create_date: user.created,
        password_last_used: None,
        permissions_boundary: None,
        tags: None,
    }
}
