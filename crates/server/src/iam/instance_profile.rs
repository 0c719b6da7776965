//! Instance profiles, and the role in each.

use std::sync::Arc;

use bowline_aws::{
    error::{AwsError, Code},
    iam::{
        AddRoleToInstanceProfileRequest, CreateInstanceProfileRequest,
        CreateInstanceProfileResponse, DeleteInstanceProfileRequest, GetInstanceProfileRequest,
        GetInstanceProfileResponse, InstanceProfile, ListInstanceProfilesForRoleRequest,
        ListInstanceProfilesForRoleResponse, ListInstanceProfilesRequest,
        ListInstanceProfilesResponse, RemoveRoleFromInstanceProfileRequest, Role,
    },
    ids::UniqueIdKind,
};
use bowline_iam::account::AccountId;

use super::{
    error::{IN_INSTANCE_PROFILE, already_exists, delete_conflict, over_quota},
    page::{Asked, Entries, Page},
    role,
};
use crate::{
    identity::{
        entity,
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
    input: CreateInstanceProfileRequest,
) -> Result<CreateInstanceProfileResponse, RequestError> {
    reject_unsupported(&[("Tags", has_any(input.tags.as_ref()))])?;
    let id = call.unique_id(UniqueIdKind::InstanceProfile)?;
    let account = call.account();
    let name = &input.instance_profile_name;
    let profile = call
        .update(|index| {
            if index.instance_profile(account, name).is_some() {
                let message = format!("Instance Profile {name} already exists.");
                return Err(already_exists(message));
            }
            let profile = entity::InstanceProfile {
                id: id.clone(),
                account,
                name: name.clone(),
                path: input.path.clone().unwrap_or_else(|| "/".to_owned()),
                role: None,
                created: call.now,
            };
            Ok((Transaction::new().create(&profile), profile))
        })
        .await?;
    Ok(CreateInstanceProfileResponse {
        instance_profile: show(&profile, &call.index),
    })
}

pub(super) fn get(
    call: &Call<'_>,
    input: &GetInstanceProfileRequest,
) -> Result<GetInstanceProfileResponse, RequestError> {
    let profile = find(&call.index, call.account(), &input.instance_profile_name)?;
    Ok(GetInstanceProfileResponse {
        instance_profile: show(&profile.record, &call.index),
    })
}

pub(super) fn list(
    call: &Call<'_>,
    input: &ListInstanceProfilesRequest,
) -> Result<ListInstanceProfilesResponse, RequestError> {
    let page = Page::new(
        call,
        Asked {
            operation: "ListInstanceProfiles",
            marker: input.marker.as_deref(),
            max_items: input.max_items,
        },
    )?;
    let prefix = input.path_prefix.as_deref();
    let all = call
        .index
        .instance_profiles(call.account(), prefix, page.after.as_deref());
    let Entries {
        items,
        is_truncated,
        marker,
    } = page.take(
        all,
        |profile| &profile.record.name,
        |profile| show(&profile.record, &call.index),
    )?;
    Ok(ListInstanceProfilesResponse {
        instance_profiles: items,
        is_truncated,
        marker,
    })
}

pub(super) fn list_for_role(
    call: &Call<'_>,
    input: &ListInstanceProfilesForRoleRequest,
) -> Result<ListInstanceProfilesForRoleResponse, RequestError> {
    let role = role::find(&call.index, call.account(), &input.role_name)?;
    let page = Page::new(
        call,
        Asked {
            operation: "ListInstanceProfilesForRole",
            marker: input.marker.as_deref(),
            max_items: input.max_items,
        },
    )?;
    let all = call
        .index
        .instance_profiles_of(&role.record, page.after.as_deref());
    let Entries {
        items,
        is_truncated,
        marker,
    } = page.take(
        all,
        |profile| &profile.record.name,
        |profile| show(&profile.record, &call.index),
    )?;
    Ok(ListInstanceProfilesForRoleResponse {
        instance_profiles: items,
        is_truncated,
        marker,
    })
}

/// The caller's `iam:PassRole` was decided on with the operation itself.
pub(super) async fn add_role(
    call: &Call<'_>,
    input: &AddRoleToInstanceProfileRequest,
) -> Result<(), RequestError> {
    change(call, &input.instance_profile_name, |profile, index| {
        let role = role::find_unchanged(call, index, &input.role_name)?;
        if profile.role.is_some() {
            return Err(over_quota("InstanceSessionsPerInstanceProfile", 1));
        }
        profile.role = Some(role.record.id.clone());
        // Nobody deletes the role meanwhile.
        Ok(Transaction::new().touch(&*role.record, role.revision))
    })
    .await
}

pub(super) async fn remove_role(
    call: &Call<'_>,
    input: &RemoveRoleFromInstanceProfileRequest,
) -> Result<(), RequestError> {
    change(call, &input.instance_profile_name, |profile, index| {
        let role = role::find_unchanged(call, index, &input.role_name)?;
        if profile.role.as_ref() != Some(&role.record.id) {
            let message = format!(
                "Role {} in instance profile {} cannot be found.",
                input.role_name, input.instance_profile_name
            );
            return Err(AwsError::new(Code::NoSuchEntity, message));
        }
        profile.role = None;
        Ok(Transaction::new())
    })
    .await
}

pub(super) async fn delete(
    call: &Call<'_>,
    input: &DeleteInstanceProfileRequest,
) -> Result<(), RequestError> {
    call.update(|index| {
        let profile = find_unchanged(call, index, &input.instance_profile_name)?;
        if profile.record.role.is_some() {
            return Err(delete_conflict(IN_INSTANCE_PROFILE));
        }
        let transaction = Transaction::new().delete(&*profile.record, profile.revision);
        Ok((transaction, ()))
    })
    .await
}

fn find<'a>(
    index: &'a Index,
    account: AccountId,
    name: &str,
) -> Result<&'a Arc<index::InstanceProfileEntry>, AwsError> {
    let profile = index.instance_profile(account, name);
    profile.ok_or_else(|| no_such_profile(name))
}

/// The instance profile with this name that was decided about, as it is in `index`. Another that has got the name since was not.
fn find_unchanged<'a>(
    call: &Call<'_>,
    index: &'a Index,
    name: &str,
) -> Result<&'a Arc<index::InstanceProfileEntry>, AwsError> {
    let decided = find(&call.index, call.account(), name)?;
    index
        .instance_profile(call.account(), name)
        .filter(|profile| profile.record.id == decided.record.id)
        .ok_or_else(|| no_such_profile(name))
}

fn no_such_profile(name: &str) -> AwsError {
    let message = format!("Instance Profile {name} cannot be found.");
    AwsError::new(Code::NoSuchEntity, message)
}

async fn change(
    call: &Call<'_>,
    name: &str,
    change: impl Fn(&mut entity::InstanceProfile, &Index) -> Result<Transaction, AwsError> + Send + Sync,
) -> Result<(), RequestError> {
    call.change(
        |index| {
            find_unchanged(call, index, name).map(|profile| (&profile.record, profile.revision))
        },
        change,
    )
    .await
    .map(drop)
}

fn show(profile: &entity::InstanceProfile, index: &Index) -> InstanceProfile {
    let role = profile.role.as_ref();
    let role = role.and_then(|id| index.role_by_id(id.as_str()));
    let roles: Vec<Role> = role
        .map(|role| role::show(&role.record, &index.render_trust(&role.record)))
        .into_iter()
        .collect();
    InstanceProfile {
        path: profile.path.clone(),
        instance_profile_name: profile.name.clone(),
        instance_profile_id: profile.id.to_string(),
        arn: profile.arn(),
        create_date: profile.created,
        roles,
        tags: None,
    }
}
