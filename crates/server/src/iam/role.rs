//! Roles.

use std::{borrow::Cow, sync::Arc};

use bowline_aws::{
    iam::{
        CreateRoleRequest, CreateRoleResponse, DeleteRoleRequest, GetRoleRequest, GetRoleResponse,
        ListRolesRequest, ListRolesResponse, Operation, Role, RoleLastUsed,
        UpdateAssumeRolePolicyRequest, UpdateRoleRequest, UpdateRoleResponse,
    },
    ids::UniqueIdKind,
};
use bowline_iam::account::AccountId;

use super::{
    Handle,
    error::{DeleteConflict, Kind},
    noun::{self, Address, HasPermissions, Listed, Noun},
    page::Page,
    policy_document::{TrustPolicy, encoded},
};
use crate::{
    identity::{
        entity::{self, Permissions, Quota, UniqueId},
        index::{Index, RoleEntry},
        store::{Revision, Transaction},
    },
    request::{
        call::Call,
        error::RequestError,
        unsupported_parameters::{has_any, reject_unsupported},
    },
};

impl Noun for RoleEntry {
    type Record = entity::Role;
    const KIND: Kind = Kind::Role;
    const ADDRESS: Address = Address::Name;

    fn find<'i>(index: &'i Index, account: AccountId, name: &str) -> Option<&'i Arc<Self>> {
        index.role(account, name)
    }

    fn by_id<'i>(index: &'i Index, id: &UniqueId) -> Option<&'i Arc<Self>> {
        index.role_by_id(id.as_str())
    }

    noun::accessors!(entity::Role);

    fn name(&self) -> &str {
        &self.record.name
    }

    fn arn(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.arn)
    }
}

impl Listed for RoleEntry {
    fn list<'i>(
        index: &'i Index,
        account: AccountId,
        path_prefix: Option<&'i str>,
        after: Option<&str>,
    ) -> impl Iterator<Item = &'i Arc<Self>> {
        index.roles(account, path_prefix, after)
    }
}

impl HasPermissions for RoleEntry {
    const MAX_INLINE_POLICY_CHARS: usize = 10_240;
    const ATTACHED_POLICIES_QUOTA: Quota = Quota::AttachedToRole;

    fn permissions(record: &entity::Role) -> &Permissions {
        &record.permissions
    }

    fn permissions_mut(record: &mut entity::Role) -> &mut Permissions {
        &mut record.permissions
    }
}

impl Handle for CreateRoleRequest {
    type Output = CreateRoleResponse;

    async fn handle(self, call: &Call<'_>) -> Result<CreateRoleResponse, RequestError> {
        reject_unsupported(&[
            ("Tags", has_any(self.tags.as_ref())),
            ("PermissionsBoundary", self.permissions_boundary.is_some()),
        ])?;
        let trust = TrustPolicy::parse(self.assume_role_policy_document)?;
        let id = call.unique_id(UniqueIdKind::Role)?;
        let role = noun::create::<RoleEntry>(call, &self.role_name, |index| {
            let (account, name) = (call.account(), self.role_name.clone());
            let trust = trust.resolve(index)?;
            let role = entity::Role::new(id.clone(), account, name, trust, call.now);
            Ok(entity::Role {
                path: noun::new_path(self.path.as_ref())?,
                description: description(self.description.as_ref()),
                max_session_duration: self
                    .max_session_duration
                    .map_or(role.max_session_duration, i32::unsigned_abs),
                ..role
            })
        })
        .await?;
        let mut role = to_output(&role, &role.trust.text);
        // AWS shows it in the responses of the other operations only.
        role.max_session_duration = None;
        Ok(CreateRoleResponse { role })
    }
}

impl Handle for GetRoleRequest {
    type Output = GetRoleResponse;

    async fn handle(self, call: &Call<'_>) -> Result<GetRoleResponse, RequestError> {
        let found = noun::find::<RoleEntry>(&call.index, call.account(), &self.role_name)?;
        let mut role = to_output(&found.record, &call.index.render_trust(&found.record));
        // Uses are not recorded: an empty element, as AWS sends for a role that was never used.
        role.role_last_used = Some(RoleLastUsed {
            last_used_date: None,
            region: None,
        });
        Ok(GetRoleResponse { role })
    }
}

impl Handle for ListRolesRequest {
    type Output = ListRolesResponse;

    async fn handle(self, call: &Call<'_>) -> Result<ListRolesResponse, RequestError> {
        let (marker, operation) = (self.marker.as_deref(), Operation::ListRoles);
        let page = Page::new(call, operation, marker, self.max_items)?;
        let entries = page.list_documents(
            self.path_prefix.as_deref(),
            |role: &RoleEntry| to_output(&role.record, &call.index.render_trust(&role.record)),
            document_bytes,
        )?;
        Ok(ListRolesResponse {
            roles: entries.items,
            is_truncated: entries.is_truncated,
            marker: entries.marker,
        })
    }
}

impl Handle for UpdateRoleRequest {
    type Output = UpdateRoleResponse;

    async fn handle(self, call: &Call<'_>) -> Result<UpdateRoleResponse, RequestError> {
        noun::change::<RoleEntry>(call, &self.role_name, |role, _| {
            if self.description.is_some() {
                role.description = description(self.description.as_ref());
            }
            // The constraint of the input has checked the bounds.
            if let Some(seconds) = self.max_session_duration {
                role.max_session_duration = seconds.unsigned_abs();
            }
            Ok(Transaction::new())
        })
        .await?;
        Ok(UpdateRoleResponse {})
    }
}

impl Handle for UpdateAssumeRolePolicyRequest {
    type Output = ();

    async fn handle(self, call: &Call<'_>) -> Result<(), RequestError> {
        let trust = TrustPolicy::parse(self.policy_document)?;
        noun::change::<RoleEntry>(call, &self.role_name, |role, index| {
            role.trust = trust.resolve(index)?;
            Ok(Transaction::new())
        })
        .await
        .map(drop)
    }
}

impl Handle for DeleteRoleRequest {
    type Output = ();

    async fn handle(self, call: &Call<'_>) -> Result<(), RequestError> {
        noun::delete(call, &self.role_name, |role: &RoleEntry, index| {
            noun::ensure_no_policies(&role.record.permissions)?;
            let mut profiles = index.instance_profiles_of(&role.record, None);
            if profiles.next().is_some() {
                return Err(DeleteConflict::InInstanceProfile);
            }
            if index.is_attached_to_service(&role.record.id) {
                return Err(DeleteConflict::ServiceAttachments);
            }
            Ok(())
        })
        .await
    }
}

/// A role as responses contain it, with its trust policy as `trust`.
pub(super) fn to_output(role: &entity::Role, trust: &str) -> Role {
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

/// The bytes of the trust policy in a response.
pub(super) fn document_bytes(role: &Role) -> usize {
    let document = role.assume_role_policy_document.as_ref();
    document.map_or(0, String::len)
}

/// An empty description removes it.
fn description(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}
