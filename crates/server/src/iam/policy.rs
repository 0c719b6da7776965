//! Managed policies.

use std::sync::Arc;

use bowline_aws::{
    error::{AwsError, Code},
    iam::{
        CreatePolicyRequest, CreatePolicyResponse, DeletePolicyRequest, GetPolicyRequest,
        GetPolicyResponse, GetPolicyVersionRequest, GetPolicyVersionResponse, ListPoliciesRequest,
        ListPoliciesResponse, Policy, PolicyVersion,
    },
    ids::UniqueIdKind,
};
use bowline_iam::account::AccountId;

use super::{
    error::{already_exists, delete_conflict},
    page::{Asked, Entries, Page},
    policy_document::{check_managed, encoded},
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
    input: CreatePolicyRequest,
) -> Result<CreatePolicyResponse, RequestError> {
    reject_unsupported(&[("Tags", has_any(input.tags.as_ref()))])?;
    check_managed(&input.policy_document)?;
    let id = call.unique_id(UniqueIdKind::ManagedPolicy)?;
    let account = call.account();
    let policy = call
        .update(|index| {
            if index.policy_by_name(account, &input.policy_name).is_some() {
                let name = &input.policy_name;
                let message = format!(
                    "A policy called {name} already exists. Duplicate names are not allowed."
                );
                return Err(already_exists(message));
            }
            let policy = entity::ManagedPolicy {
                id: id.clone(),
                account,
                name: input.policy_name.clone(),
                path: input.path.clone().unwrap_or_else(|| "/".to_owned()),
                description: input.description.clone(),
                versions: vec![entity::PolicyVersion {
                    number: 1,
                    document: input.policy_document.clone(),
                    created: call.now,
                }],
                default_version: 1,
                created: call.now,
                updated: call.now,
            };
            Ok((Transaction::new().create(&policy), policy))
        })
        .await?;
    let mut shown = show(&policy, 0);
    // Only `GetPolicy` gives it back (IAM API Reference, `Policy`).
    shown.description = None;
    Ok(CreatePolicyResponse {
        policy: Some(shown),
    })
}

pub(super) fn get(
    call: &Call<'_>,
    input: &GetPolicyRequest,
) -> Result<GetPolicyResponse, RequestError> {
    let policy = find(&call.index, call.account(), &input.policy_arn)?;
    let attached = call.index.attachment_count(&policy.arn);
    Ok(GetPolicyResponse {
        policy: Some(show(&policy.record, attached)),
    })
}

pub(super) fn get_version(
    call: &Call<'_>,
    input: &GetPolicyVersionRequest,
) -> Result<GetPolicyVersionResponse, RequestError> {
    let policy = find(&call.index, call.account(), &input.policy_arn)?;
    let number = input.version_id.strip_prefix('v');
    let number = number.and_then(|number| number.parse().ok());
    let version = number.and_then(|number| policy.record.version(number));
    let version = version.ok_or_else(|| {
        let (arn, version) = (&input.policy_arn, &input.version_id);
        let message =
            format!("Policy {arn} version {version} does not exist or is not attachable.");
        AwsError::new(Code::NoSuchEntity, message)
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

pub(super) fn list(
    call: &Call<'_>,
    input: &ListPoliciesRequest,
) -> Result<ListPoliciesResponse, RequestError> {
    let asked = Asked {
        operation: "ListPolicies",
        marker: input.marker.as_deref(),
        max_items: input.max_items,
    };
    let page = Page::new(call, asked)?;
    let attached = |policy: &index::PolicyEntry| call.index.attachment_count(&policy.arn);
    let wanted = |policy: &index::PolicyEntry| {
        let in_use = attached(policy) > 0;
        let usage = match input.policy_usage_filter.as_deref() {
            None => true,
            Some("PermissionsPolicy") => in_use,
            // Nothing has a boundary yet.
            Some(_) => false,
        };
        // There are no policies of AWS's own here.
        input.scope.as_deref() != Some("AWS")
            && usage
            && (input.only_attached != Some(true) || in_use)
    };
    let prefix = input.path_prefix.as_deref();
    let all = call
        .index
        .policies(call.account(), prefix, page.after.as_deref())
        .filter(|policy| wanted(policy));
    let Entries {
        items,
        is_truncated,
        marker,
    } = page.take(
        all,
        |policy| &policy.record.name,
        |policy| Policy {
            description: None,
            ..show(&policy.record, attached(policy))
        },
    )?;
    Ok(ListPoliciesResponse {
        policies: Some(items),
        is_truncated,
        marker,
    })
}

pub(super) async fn delete(
    call: &Call<'_>,
    input: &DeletePolicyRequest,
) -> Result<(), RequestError> {
    let account = call.account();
    call.update(|index| {
        let policy = find(index, account, &input.policy_arn)?;
        if index.attachment_count(&policy.arn) > 0 {
            return Err(delete_conflict(
                "Cannot delete a policy attached to entities.",
            ));
        }
        if policy.record.versions.len() > 1 {
            return Err(delete_conflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
            ));
        }
        let transaction = Transaction::new().delete(&*policy.record, policy.revision);
        Ok((transaction, ()))
    })
    .await
}

/// The account's policy with this ARN.
///
/// # Errors
/// `NoSuchEntity`, also for another account's, whose existence is nobody else's business.
fn find<'a>(
    index: &'a Index,
    account: AccountId,
    arn: &str,
) -> Result<&'a Arc<index::PolicyEntry>, AwsError> {
    own(index, account, arn)
        .ok_or_else(|| AwsError::new(Code::NoSuchEntity, format!("Policy {arn} was not found.")))
}

/// The account's policy with this ARN, if there is one.
pub(super) fn own<'a>(
    index: &'a Index,
    account: AccountId,
    arn: &str,
) -> Option<&'a Arc<index::PolicyEntry>> {
    let policy = index.policy(arn);
    policy.filter(|policy| policy.record.account == account)
}

fn show(policy: &entity::ManagedPolicy, attached: usize) -> Policy {
    Policy {
        policy_name: Some(policy.name.clone()),
        policy_id: Some(policy.id.to_string()),
        arn: Some(policy.arn()),
        path: Some(policy.path.clone()),
        default_version_id: Some(version_id(policy.default_version)),
        attachment_count: i32::try_from(attached).ok(),
        permissions_boundary_usage_count: Some(0),
        is_attachable: Some(true),
        description: policy.description.clone(),
        create_date: Some(policy.created),
        update_date: Some(policy.updated),
        tags: None,
    }
}

fn version_id(number: u32) -> String {
    format!("v{number}")
}
