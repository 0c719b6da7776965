//! Users.

use std::{borrow::Cow, sync::Arc};

use bowline_aws::{
    iam::{
        CreateUserRequest, CreateUserResponse, DeleteUserRequest, GetUserRequest, GetUserResponse,
        ListUsersRequest, ListUsersResponse, Operation, User,
    },
    ids::UniqueIdKind,
};
use bowline_iam::account::AccountId;

use super::{
    Handle,
    error::{DeleteConflict, Kind},
    noun::{self, Address, HasPermissions, Listed, Noun},
    page::Page,
    user_or_root::{UserOrRoot, user_or_root},
};
use crate::{
    identity::{
        entity::{self, Permissions, Quota, UniqueId},
        index::{Index, UserEntry},
        store::Revision,
    },
    request::{
        call::Call,
        error::RequestError,
        unsupported_parameters::{has_any, reject_unsupported},
    },
};

impl Noun for UserEntry {
    type Record = entity::User;
    const KIND: Kind = Kind::User;
    const ADDRESS: Address = Address::Name;

    fn find<'i>(index: &'i Index, account: AccountId, name: &str) -> Option<&'i Arc<Self>> {
        index.user(account, name)
    }

    fn by_id<'i>(index: &'i Index, id: &UniqueId) -> Option<&'i Arc<Self>> {
        index.user_by_id(id.as_str())
    }

    noun::accessors!(entity::User);

    fn name(&self) -> &str {
        &self.record.name
    }

    fn arn(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.arn)
    }
}

impl Listed for UserEntry {
    fn list<'i>(
        index: &'i Index,
        account: AccountId,
        path_prefix: Option<&'i str>,
        after: Option<&str>,
    ) -> impl Iterator<Item = &'i Arc<Self>> {
        index.users(account, path_prefix, after)
    }
}

impl HasPermissions for UserEntry {
    const MAX_INLINE_POLICY_CHARS: usize = 2_048;
    const ATTACHED_POLICIES_QUOTA: Quota = Quota::AttachedToUser;

    fn permissions(record: &entity::User) -> &Permissions {
        &record.permissions
    }

    fn permissions_mut(record: &mut entity::User) -> &mut Permissions {
        &mut record.permissions
    }
}

impl Handle for CreateUserRequest {
    type Output = CreateUserResponse;

    async fn handle(self, call: &Call<'_>) -> Result<CreateUserResponse, RequestError> {
        reject_unsupported(&[
            ("Tags", has_any(self.tags.as_ref())),
            ("PermissionsBoundary", self.permissions_boundary.is_some()),
        ])?;
        let id = call.unique_id(UniqueIdKind::User)?;
        let user = noun::create::<UserEntry>(call, &self.user_name, |_| {
            let (account, name) = (call.account(), self.user_name.clone());
            Ok(entity::User {
                path: noun::new_path(self.path.as_ref())?,
                ..entity::User::new(id.clone(), account, name, call.now)
            })
        })
        .await?;
        Ok(CreateUserResponse {
            user: Some(to_output(&user)),
        })
    }
}

impl Handle for GetUserRequest {
    type Output = GetUserResponse;

    async fn handle(self, call: &Call<'_>) -> Result<GetUserResponse, RequestError> {
        let user = match user_or_root(&call.index, call.caller, self.user_name.as_deref())? {
            UserOrRoot::User(user) => to_output(&user.record),
            // Root has an ARN and an id, and neither name nor path.
            UserOrRoot::Root(account) => User {
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
}

impl Handle for ListUsersRequest {
    type Output = ListUsersResponse;

    async fn handle(self, call: &Call<'_>) -> Result<ListUsersResponse, RequestError> {
        let (marker, operation) = (self.marker.as_deref(), Operation::ListUsers);
        let page = Page::new(call, operation, marker, self.max_items)?;
        let entries = page.list(self.path_prefix.as_deref(), |user: &UserEntry| {
            to_output(&user.record)
        })?;
        Ok(ListUsersResponse {
            users: entries.items,
            is_truncated: entries.is_truncated,
            marker: entries.marker,
        })
    }
}

impl Handle for DeleteUserRequest {
    type Output = ();

    async fn handle(self, call: &Call<'_>) -> Result<(), RequestError> {
        noun::delete(call, &self.user_name, |user: &UserEntry, index| {
            if index.access_keys_of(&user.record.id).next().is_some() {
                return Err(DeleteConflict::AccessKeys);
            }
            noun::ensure_no_policies(&user.record.permissions)
        })
        .await
    }
}

fn to_output(user: &entity::User) -> User {
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
