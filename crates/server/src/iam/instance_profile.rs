//! Instance profiles, and the role in each.

use std::{borrow::Cow, sync::Arc};

use bowline_aws::{
    iam::{
        AddRoleToInstanceProfileRequest, CreateInstanceProfileRequest,
        CreateInstanceProfileResponse, DeleteInstanceProfileRequest, GetInstanceProfileRequest,
        GetInstanceProfileResponse, InstanceProfile, ListInstanceProfilesForRoleRequest,
        ListInstanceProfilesForRoleResponse, ListInstanceProfilesRequest,
        ListInstanceProfilesResponse, Operation, RemoveRoleFromInstanceProfileRequest,
    },
    ids::UniqueIdKind,
};
use bowline_iam::account::AccountId;

use super::{
    Handle,
    error::{DeleteConflict, IamError, Kind},
    noun::{self, Address, Listed, Noun},
    page::Page,
    role,
};
use crate::{
    identity::{
        entity::{self, UniqueId},
        index::{Index, InstanceProfileEntry, RoleEntry},
        store::{Revision, Transaction},
    },
    request::{
        call::Call,
        error::RequestError,
        unsupported_parameters::{has_any, reject_unsupported},
    },
};

impl Noun for InstanceProfileEntry {
    type Record = entity::InstanceProfile;
    const KIND: Kind = Kind::InstanceProfile;
    const ADDRESS: Address = Address::Name;

    fn find<'i>(index: &'i Index, account: AccountId, name: &str) -> Option<&'i Arc<Self>> {
        index.instance_profile(account, name)
    }

    fn by_id<'i>(index: &'i Index, id: &UniqueId) -> Option<&'i Arc<Self>> {
        index.instance_profile_by_id(id.as_str())
    }

    noun::accessors!(entity::InstanceProfile);

    fn name(&self) -> &str {
        &self.record.name
    }

    fn arn(&self) -> Cow<'_, str> {
        Cow::Owned(self.record.arn())
    }
}

impl Listed for InstanceProfileEntry {
    fn list<'i>(
        index: &'i Index,
        account: AccountId,
        path_prefix: Option<&'i str>,
        after: Option<&str>,
    ) -> impl Iterator<Item = &'i Arc<Self>> {
        index.instance_profiles(account, path_prefix, after)
    }
}

impl Handle for CreateInstanceProfileRequest {
    type Output = CreateInstanceProfileResponse;

    async fn handle(self, call: &Call<'_>) -> Result<CreateInstanceProfileResponse, RequestError> {
        reject_unsupported(&[("Tags", has_any(self.tags.as_ref()))])?;
        let id = call.unique_id(UniqueIdKind::InstanceProfile)?;
        let name = &self.instance_profile_name;
        let profile = noun::create::<InstanceProfileEntry>(call, name, |_| {
            Ok(entity::InstanceProfile {
                id: id.clone(),
                account: call.account(),
                name: name.clone(),
                path: noun::new_path(self.path.as_ref())?,
                role: None,
                created: call.now,
            })
        })
        .await?;
        Ok(CreateInstanceProfileResponse {
            instance_profile: to_output(&profile, &call.index),
        })
    }
}

impl Handle for GetInstanceProfileRequest {
    type Output = GetInstanceProfileResponse;

    async fn handle(self, call: &Call<'_>) -> Result<GetInstanceProfileResponse, RequestError> {
        let name = &self.instance_profile_name;
        let profile = noun::find::<InstanceProfileEntry>(&call.index, call.account(), name)?;
        Ok(GetInstanceProfileResponse {
            instance_profile: to_output(&profile.record, &call.index),
        })
    }
}

impl Handle for ListInstanceProfilesRequest {
    type Output = ListInstanceProfilesResponse;

    async fn handle(self, call: &Call<'_>) -> Result<ListInstanceProfilesResponse, RequestError> {
        let (marker, operation) = (self.marker.as_deref(), Operation::ListInstanceProfiles);
        let page = Page::new(call, operation, marker, self.max_items)?;
        let path_prefix = self.path_prefix.as_deref();
        let entries = page.list_documents(
            path_prefix,
            |profile: &InstanceProfileEntry| to_output(&profile.record, &call.index),
            document_bytes,
        )?;
        Ok(ListInstanceProfilesResponse {
            instance_profiles: entries.items,
            is_truncated: entries.is_truncated,
            marker: entries.marker,
        })
    }
}

impl Handle for ListInstanceProfilesForRoleRequest {
    type Output = ListInstanceProfilesForRoleResponse;

    async fn handle(
        self,
        call: &Call<'_>,
    ) -> Result<ListInstanceProfilesForRoleResponse, RequestError> {
        let role = noun::find::<RoleEntry>(&call.index, call.account(), &self.role_name)?;
        let (marker, operation) = (
            self.marker.as_deref(),
            Operation::ListInstanceProfilesForRole,
        );
        let page = Page::new(call, operation, marker, self.max_items)?;
        let after = page.after.as_deref();
        let entries = page.take_documents(
            call.index.instance_profiles_of(&role.record, after),
            |profile| &profile.record.name,
            |profile| to_output(&profile.record, &call.index),
            document_bytes,
        )?;
        Ok(ListInstanceProfilesForRoleResponse {
            instance_profiles: entries.items,
            is_truncated: entries.is_truncated,
            marker: entries.marker,
        })
    }
}

/// The caller's `iam:PassRole` was decided with the operation itself.
impl Handle for AddRoleToInstanceProfileRequest {
    type Output = ();

    async fn handle(self, call: &Call<'_>) -> Result<(), RequestError> {
        let name = &self.instance_profile_name;
        noun::change::<InstanceProfileEntry>(call, name, |profile, index| {
            let role = noun::find_unchanged::<RoleEntry>(call, index, &self.role_name)?;
            if profile.role.is_some() {
                return Err(RequestError::from(IamError::QuotaExceeded {
                    quota: "InstanceSessionsPerInstanceProfile",
                    max: 1,
                }));
            }
            profile.role = Some(role.record.id.clone());
            // Conflicts with a transaction that deletes the role meanwhile.
            Ok(Transaction::new().touch(&*role.record, role.revision))
        })
        .await
        .map(drop)
    }
}

impl Handle for RemoveRoleFromInstanceProfileRequest {
    type Output = ();

    async fn handle(self, call: &Call<'_>) -> Result<(), RequestError> {
        let name = &self.instance_profile_name;
        noun::change::<InstanceProfileEntry>(call, name, |profile, index| {
            let role = noun::find_unchanged::<RoleEntry>(call, index, &self.role_name)?;
            if profile.role.as_ref() != Some(&role.record.id) {
                return Err(RequestError::from(IamError::NoSuchRoleInInstanceProfile {
                    role: self.role_name.clone(),
                    profile: name.clone(),
                }));
            }
            profile.role = None;
            Ok(Transaction::new())
        })
        .await
        .map(drop)
    }
}

impl Handle for DeleteInstanceProfileRequest {
    type Output = ();

    async fn handle(self, call: &Call<'_>) -> Result<(), RequestError> {
        let name = &self.instance_profile_name;
        noun::delete(
            call,
            name,
            |profile: &InstanceProfileEntry, _| match profile.record.role {
                Some(_) => Err(DeleteConflict::InInstanceProfile),
                None => Ok(()),
            },
        )
        .await
    }
}

/// The bytes of the trust policies in a response.
fn document_bytes(profile: &InstanceProfile) -> usize {
    profile.roles.iter().map(role::document_bytes).sum()
}

fn to_output(profile: &entity::InstanceProfile, index: &Index) -> InstanceProfile {
    let role = profile.role.as_ref();
    let role = role.and_then(|id| index.role_by_id(id.as_str()));
    let roles = role
        .map(|role| role::to_output(&role.record, &index.render_trust(&role.record)))
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
