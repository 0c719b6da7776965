//! Managed policies.

use std::{borrow::Cow, sync::Arc};

use bowline_aws::{
    iam::{
        CreatePolicyRequest, CreatePolicyResponse, DeletePolicyRequest, GetPolicyRequest,
        GetPolicyResponse, GetPolicyVersionRequest, GetPolicyVersionResponse, ListPoliciesRequest,
        ListPoliciesResponse, Operation, Policy, PolicyVersion,
    },
    ids::UniqueIdKind,
};
use bowline_iam::account::AccountId;

use super::{
    Handle,
    error::{DeleteConflict, IamError, Kind},
    noun::{self, Address, Listed, Noun},
    page::Page,
    policy_document::{check_managed, encoded},
};
use crate::{
    identity::{
        entity::{self, UniqueId},
        index::{Index, PolicyEntry},
        store::Revision,
    },
    request::{
        call::Call,
        error::RequestError,
        unsupported_parameters::{has_any, reject_unsupported},
    },
};

impl Noun for PolicyEntry {
    type Record = entity::ManagedPolicy;
    const KIND: Kind = Kind::ManagedPolicy;
    const ADDRESS: Address = Address::Arn;

    /// Another account's policy is not found either: its existence is not the caller's to know.
    fn find<'i>(index: &'i Index, account: AccountId, arn: &str) -> Option<&'i Arc<Self>> {
        let policy = index.policy(arn);
        policy.filter(|policy| policy.record.account == account)
    }

    fn by_id<'i>(index: &'i Index, id: &UniqueId) -> Option<&'i Arc<Self>> {
        index.policy_by_id(id.as_str())
    }

    fn is_taken(index: &Index, account: AccountId, name: &str) -> bool {
        index.policy_by_name(account, name).is_some()
    }

    noun::accessors!(entity::ManagedPolicy);

    fn name(&self) -> &str {
        &self.record.name
    }

    fn arn(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.arn)
    }
}

impl Listed for PolicyEntry {
    fn list<'i>(
        index: &'i Index,
        account: AccountId,
        path_prefix: Option<&'i str>,
        after: Option<&str>,
    ) -> impl Iterator<Item = &'i Arc<Self>> {
        index.policies(account, path_prefix, after)
    }
}

impl Handle for CreatePolicyRequest {
    type Output = CreatePolicyResponse;

    async fn handle(self, call: &Call<'_>) -> Result<CreatePolicyResponse, RequestError> {
        reject_unsupported(&[("Tags", has_any(self.tags.as_ref()))])?;
        check_managed(&self.policy_document)?;
        let id = call.unique_id(UniqueIdKind::ManagedPolicy)?;
        let policy = noun::create::<PolicyEntry>(call, &self.policy_name, |_| {
            Ok(entity::ManagedPolicy {
                id: id.clone(),
                account: call.account(),
                name: self.policy_name.clone(),
                path: noun::new_path(self.path.as_ref())?,
                description: self.description.clone(),
                versions: vec![entity::PolicyVersion {
                    number: 1,
                    document: self.policy_document.clone(),
                    created: call.now,
                }],
                default_version: 1,
                created: call.now,
                updated: call.now,
            })
        })
        .await?;
        Ok(CreatePolicyResponse {
            policy: Some(without_description(&policy, 0)),
        })
    }
}

impl Handle for GetPolicyRequest {
    type Output = GetPolicyResponse;

    async fn handle(self, call: &Call<'_>) -> Result<GetPolicyResponse, RequestError> {
        let policy = noun::find::<PolicyEntry>(&call.index, call.account(), &self.policy_arn)?;
        let attached = call.index.attachment_count(&policy.arn);
        Ok(GetPolicyResponse {
            policy: Some(Policy {
                description: policy.record.description.clone(),
                ..without_description(&policy.record, attached)
            }),
        })
    }
}

impl Handle for GetPolicyVersionRequest {
    type Output = GetPolicyVersionResponse;

    async fn handle(self, call: &Call<'_>) -> Result<GetPolicyVersionResponse, RequestError> {
        let policy = noun::find::<PolicyEntry>(&call.index, call.account(), &self.policy_arn)?;
        let number = self.version_id.strip_prefix('v');
        let number = number.and_then(|number| number.parse().ok());
        let version = number.and_then(|number| policy.record.version(number));
        let version = version.ok_or(IamError::NoSuchPolicyVersion {
            arn: self.policy_arn,
            version: self.version_id,
        })?;
        Ok(GetPolicyVersionResponse {
            policy_version: Some(PolicyVersion {
                document: Some(encoded(&version.document)),
                version_id: Some(version_id(version.number)),
                is_default_version: Some(version.number == policy.record.default_version),
                create_date: Some(version.created),
            }),
        })
    }
}

impl Handle for ListPoliciesRequest {
    type Output = ListPoliciesResponse;

    async fn handle(self, call: &Call<'_>) -> Result<ListPoliciesResponse, RequestError> {
        let (marker, operation) = (self.marker.as_deref(), Operation::ListPolicies);
        let page = Page::new(call, operation, marker, self.max_items)?;
        let attached = |policy: &PolicyEntry| call.index.attachment_count(&policy.arn);
        let matches = |policy: &PolicyEntry| {
            let in_use = attached(policy) > 0;
            let usage = match self.policy_usage_filter.as_deref() {
                None => true,
                Some("PermissionsPolicy") => in_use,
                // Nothing has a permissions boundary yet.
                Some(_) => false,
            };
            // AWS's own policies do not exist here.
            self.scope.as_deref() != Some("AWS")
                && usage
                && (self.only_attached != Some(true) || in_use)
        };
        let (prefix, after) = (self.path_prefix.as_deref(), page.after.as_deref());
        let policies = call.index.policies(call.account(), prefix, after);
        let entries = page.take(
            policies.filter(|policy| matches(policy)),
            |policy| &policy.record.name,
            |policy| without_description(&policy.record, attached(policy)),
        )?;
        Ok(ListPoliciesResponse {
            policies: Some(entries.items),
            is_truncated: entries.is_truncated,
            marker: entries.marker,
        })
    }
}

impl Handle for DeletePolicyRequest {
    type Output = ();

    async fn handle(self, call: &Call<'_>) -> Result<(), RequestError> {
        noun::delete(call, &self.policy_arn, |policy: &PolicyEntry, index| {
            if index.attachment_count(&policy.arn) > 0 {
                return Err(DeleteConflict::PolicyAttached);
            }
            if policy.record.versions.len() > 1 {
                return Err(DeleteConflict::PolicyVersions);
            }
            Ok(())
        })
        .await
    }
}

/// A policy as responses contain it. Only that of `GetPolicy` has the description (IAM API
/// Reference, `Policy`).
fn without_description(policy: &entity::ManagedPolicy, attached: usize) -> Policy {
    Policy {
        policy_name: Some(policy.name.clone()),
        policy_id: Some(policy.id.to_string()),
        arn: Some(policy.arn()),
        path: Some(policy.path.clone()),
        default_version_id: Some(version_id(policy.default_version)),
        attachment_count: i32::try_from(attached).ok(),
        permissions_boundary_usage_count: Some(0),
        is_attachable: Some(true),
        description: None,
        create_date: Some(policy.created),
        update_date: Some(policy.updated),
        tags: None,
    }
}

fn version_id(number: u32) -> String {
    format!("v{number}")
}
