//! Roles.

use bowline_aws::{
    error::AwsError,
    iam::{
        CreateRoleRequest, CreateRoleResponse, DeleteRoleRequest, GetRoleRequest, GetRoleResponse,
        ListRolesRequest, ListRolesResponse, Role, RoleLastUsed, UpdateAssumeRolePolicyRequest,
        UpdateRoleRequest, UpdateRoleResponse,
    },
    ids::UniqueIdKind,
};
use bowline_iam::account::AccountId;
use std::sync::Arc;

use super::{
    error::{IN_INSTANCE_PROFILE, already_exists, delete_conflict, no_such},
    holder::holds_nothing,
    page::{Asked, Entries, Page},
    policy_document::{Trust, encoded},
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

/// Seconds that a role's sessions last at most, unless another duration is given.
const MAX_SESSION_DURATION: i32 = 3_600;

pub(super) async fn create(
    call: &Call<'_>,
    input: CreateRoleRequest,
) -> Result<CreateRoleResponse, RequestError> {
    reject_unsupported(&[
        ("Tags", has_any(input.tags.as_ref())),
        ("PermissionsBoundary", input.permissions_boundary.is_some()),
    ])?;
    let trust = Trust::parse(input.assume_role_policy_document)?;
    let id = call.unique_id(UniqueIdKind::Role)?;
    let account = call.account();
    let role = call
        .update(|index| {
            if index.role(account, &input.role_name).is_some() {
                let message = format!("Role with name {} already exists.", input.role_name);
                return Err(already_exists(message));
            }
            let role = entity::Role {
                id: id.clone(),
                account,
                name: input.role_name.clone(),
                path: input.path.clone().unwrap_or_else(|| "/".to_owned()),
                description: described(input.description.clone()),
                max_session_duration: seconds(input.max_session_duration),
                trust: trust.resolve(index)?,
                permissions: Permissions::default(),
                created: call.now,
            };
            Ok((Transaction::new().create(&role), role))
        })
        .await?;
    Ok(CreateRoleResponse {
        role: show(&role, &role.trust.text),
    })
}

pub(super) fn get(
    call: &Call<'_>,
    input: &GetRoleRequest,
) -> Result<GetRoleResponse, RequestError> {
    let role = find(&call.index, call.account(), &input.role_name)?;
    let mut shown = show(&role.record, &call.index.render_trust(&role.record));
    // Uses are not kept: the element says that none is known, as AWS does of a role that was never used.
    shown.role_last_used = Some(RoleLastUsed {
        last_used_date: None,
        region: None,
    });
    Ok(GetRoleResponse { role: shown })
}

pub(super) fn list(
    call: &Call<'_>,
    input: &ListRolesRequest,
) -> Result<ListRolesResponse, RequestError> {
    let page = Page::new(
        call,
        Asked {
            operation: "ListRoles",
            marker: input.marker.as_deref(),
            max_items: input.max_items,
        },
    )?;
    let prefix = input.path_prefix.as_deref();
    let all = call
        .index
        .roles(call.account(), prefix, page.after.as_deref());
    let Entries {
        items,
        is_truncated,
        marker,
    } = page.take(
        all,
        |role| &role.record.name,
        |role| show(&role.record, &call.index.render_trust(&role.record)),
    )?;
    Ok(ListRolesResponse {
        roles: items,
        is_truncated,
        marker,
    })
}

pub(super) async fn update(
    call: &Call<'_>,
    input: UpdateRoleRequest,
) -> Result<UpdateRoleResponse, RequestError> {
    change(call, &input.role_name, |role, _| {
        if let Some(description) = &input.description {
            role.description = described(Some(description.clone()));
        }
        if input.max_session_duration.is_some() {
            role.max_session_duration = seconds(input.max_session_duration);
        }
        Ok(Transaction::new())
    })
    .await?;
    Ok(UpdateRoleResponse {})
}

pub(super) async fn update_trust(
    call: &Call<'_>,
    input: UpdateAssumeRolePolicyRequest,
) -> Result<(), RequestError> {
    let trust = Trust::parse(input.policy_document)?;
    change(call, &input.role_name, |role, index| {
        role.trust = trust.resolve(index)?;
        Ok(Transaction::new())
    })
    .await
}

pub(super) async fn delete(call: &Call<'_>, input: &DeleteRoleRequest) -> Result<(), RequestError> {
    call.update(|index| {
        let role = find_unchanged(call, index, &input.role_name)?;
        holds_nothing(&role.record.permissions)?;
        if index
            .instance_profiles_of(&role.record, None)
            .next()
            .is_some()
        {
            return Err(delete_conflict(IN_INSTANCE_PROFILE));
        }
        if index.is_attached_to_service(&role.record.id) {
            return Err(delete_conflict(
                "Cannot delete entity, must detach it from all service resources first.",
            ));
        }
        let transaction = Transaction::new().delete(&*role.record, role.revision);
        Ok((transaction, ()))
    })
    .await
}

/// The role with this name.
///
/// # Errors
/// `NoSuchEntity`.
pub(super) fn find<'a>(
    index: &'a Index,
    account: AccountId,
    name: &str,
) -> Result<&'a Arc<index::RoleEntry>, AwsError> {
    let role = index.role(account, name);
    role.ok_or_else(|| no_such("role", name))
}

/// The role with this name that was decided about, as it is in `index`. Another that has got the name since was not.
///
/// # Errors
/// `NoSuchEntity`: what would be answered between the end of the one and the beginning of the other.
pub(super) fn find_unchanged<'a>(
    call: &Call<'_>,
    index: &'a Index,
    name: &str,
) -> Result<&'a Arc<index::RoleEntry>, AwsError> {
    let decided = find(&call.index, call.account(), name)?;
    index
        .role_by_id(decided.record.id.as_str())
        .filter(|role| role.arn == decided.arn)
        .ok_or_else(|| no_such("role", name))
}

/// Changes the record of the role that was decided about.
///
/// # Errors
/// `NoSuchEntity`, and what `change` refuses with.
pub(super) async fn change(
    call: &Call<'_>,
    name: &str,
    change: impl Fn(&mut entity::Role, &Index) -> Result<Transaction, AwsError> + Send + Sync,
) -> Result<(), RequestError> {
    call.change(
        |index| find_unchanged(call, index, name).map(|role| (&role.record, role.revision)),
        change,
    )
    .await
    .map(drop)
}

pub(super) fn show(role: &entity::Role, trust: &str) -> Role {
    Role {
        path: role.path.clone(),
        role_name: role.name.clone(),
        role_id: role.id.to_string(),
        arn: role.arn(),
        create_date: role.created,
        assume_role_policy_document: Some(encoded(trust)),
        description: role.description.clone(),
        max_session_duration: i32::try_from(role.max_session_duration).ok(),
        permissions_boundary: None,
        tags: None,
        role_last_used: None,
        source_role_template: None,
    }
}

/// An empty description is none.
fn described(description: Option<String>) -> Option<String> {
    description.filter(|text| !text.is_empty())
}

/// The constraint of the input has checked the bounds.
fn seconds(given: Option<i32>) -> u32 {
    given.unwrap_or(MAX_SESSION_DURATION).unsigned_abs()
}
