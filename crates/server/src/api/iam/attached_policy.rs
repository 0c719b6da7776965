//! Managed policies that are attached to roles and users.

use std::sync::Arc;

use bowline_aws::{
    error::{AwsError, Code},
    iam::{
        AttachRolePolicyRequest, AttachUserPolicyRequest, AttachedPolicy, DetachRolePolicyRequest,
        DetachUserPolicyRequest, ListAttachedRolePoliciesRequest, ListAttachedRolePoliciesResponse,
        ListAttachedUserPoliciesRequest, ListAttachedUserPoliciesResponse,
    },
};
use bowline_iam::account::AccountId;

use super::{
    error::over_quota,
    page::{Entries, Page},
    role, user,
};
use crate::{
    api::call::Call,
    entity::Permissions,
    index::{self, Index},
    refusal::Refused,
    store::Transaction,
};

/// Managed policies of one role or user ("IAM and AWS STS quotas", IAM User Guide: 10, raisable).
const MOST: usize = 10;

pub(super) async fn attach_to_role(
    call: &Call<'_>,
    input: &AttachRolePolicyRequest,
) -> Result<(), Refused> {
    let account = call.account();
    call.update(|index| {
        let policy = attachable(index, account, &input.policy_arn)?;
        let role = role::find(index, account, &input.role_name)?;
        let mut record = (*role.record).clone();
        let transaction = match attach(&mut record.permissions, policy, "PoliciesPerRole")? {
            Attached::Already => Transaction::new(),
            // The policy is touched, so that nobody deletes it meanwhile.
            Attached::Now => Transaction::new()
                .update(&record, role.revision)
                .touch(&*policy.record, policy.revision),
        };
        Ok((transaction, ()))
    })
    .await?;
    Ok(())
}

pub(super) async fn attach_to_user(
    call: &Call<'_>,
    input: &AttachUserPolicyRequest,
) -> Result<(), Refused> {
    let account = call.account();
    call.update(|index| {
        let policy = attachable(index, account, &input.policy_arn)?;
        let user = user::find(index, account, &input.user_name)?;
        let mut record = (*user.record).clone();
        let transaction = match attach(&mut record.permissions, policy, "PoliciesPerUser")? {
            Attached::Already => Transaction::new(),
            Attached::Now => Transaction::new()
                .update(&record, user.revision)
                .touch(&*policy.record, policy.revision),
        };
        Ok((transaction, ()))
    })
    .await?;
    Ok(())
}

pub(super) async fn detach_from_role(
    call: &Call<'_>,
    input: &DetachRolePolicyRequest,
) -> Result<(), Refused> {
    role::change(call, &input.role_name, |role, _| {
        detach(&mut role.permissions, &input.policy_arn)
    })
    .await
}

pub(super) async fn detach_from_user(
    call: &Call<'_>,
    input: &DetachUserPolicyRequest,
) -> Result<(), Refused> {
    user::change(call, &input.user_name, |user, _| {
        detach(&mut user.permissions, &input.policy_arn)
    })
    .await
}

pub(super) fn list_of_role(
    call: &Call<'_>,
    input: &ListAttachedRolePoliciesRequest,
) -> Result<ListAttachedRolePoliciesResponse, Refused> {
    let role = role::find(&call.index, call.account(), &input.role_name)?;
    let (marker, most) = (input.marker.as_deref(), input.max_items);
    let page = Page::new(call, "ListAttachedRolePolicies", marker, most)?;
    let prefix = input.path_prefix.as_deref();
    let Entries {
        items,
        is_truncated,
        marker,
    } = list(&role.record.permissions, prefix, &page)?;
    Ok(ListAttachedRolePoliciesResponse {
        attached_policies: Some(items),
        is_truncated,
        marker,
    })
}

pub(super) fn list_of_user(
    call: &Call<'_>,
    input: &ListAttachedUserPoliciesRequest,
) -> Result<ListAttachedUserPoliciesResponse, Refused> {
    let user = user::find(&call.index, call.account(), &input.user_name)?;
    let (marker, most) = (input.marker.as_deref(), input.max_items);
    let page = Page::new(call, "ListAttachedUserPolicies", marker, most)?;
    let prefix = input.path_prefix.as_deref();
    let Entries {
        items,
        is_truncated,
        marker,
    } = list(&user.record.permissions, prefix, &page)?;
    Ok(ListAttachedUserPoliciesResponse {
        attached_policies: Some(items),
        is_truncated,
        marker,
    })
}

/// What attaching has come to.
enum Attached {
    Already,
    Now,
}

fn attach(
    permissions: &mut Permissions,
    policy: &index::Policy,
    quota: &'static str,
) -> Result<Attached, AwsError> {
    if !permissions.attached.insert(policy.arn.to_string()) {
        return Ok(Attached::Already);
    }
    if permissions.attached.len() > MOST {
        return Err(over_quota(quota, MOST));
    }
    Ok(Attached::Now)
}

fn detach(permissions: &mut Permissions, arn: &str) -> Result<(), AwsError> {
    if permissions.attached.remove(arn) {
        return Ok(());
    }
    let message = format!("Policy {arn} was not found.");
    Err(AwsError::new(Code::NoSuchEntity, message))
}

fn attachable<'a>(
    index: &'a Index,
    account: AccountId,
    arn: &str,
) -> Result<&'a Arc<index::Policy>, AwsError> {
    let policy = index.policy(arn);
    policy
        .filter(|policy| policy.record.account == account)
        .ok_or_else(|| {
            let message = format!("Policy {arn} does not exist or is not attachable.");
            AwsError::new(Code::NoSuchEntity, message)
        })
}

/// In order of their ARNs.
fn list(
    permissions: &Permissions,
    path_prefix: Option<&str>,
    page: &Page<'_>,
) -> Result<Entries<AttachedPolicy>, AwsError> {
    let after = page.after.as_deref();
    let all = permissions
        .attached
        .iter()
        .filter(|arn| after.is_none_or(|after| arn.as_str() > after))
        .filter(|arn| path_prefix.is_none_or(|prefix| path(arn).starts_with(prefix)));
    page.take(
        all,
        |arn| arn,
        |arn| AttachedPolicy {
            policy_name: arn.rsplit('/').next().map(str::to_owned),
            policy_arn: Some((*arn).clone()),
        },
    )
}

/// The path and name in `arn:aws:iam::{account}:policy{path}{name}`.
fn path(arn: &str) -> &str {
    arn.split_once(":policy").map_or("", |(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_an_arn_begins_with_a_slash() {
        assert_eq!(
            path("arn:aws:iam::111122223333:policy/data/Read"),
            "/data/Read"
        );
        assert_eq!(path("arn:aws:iam::111122223333:policy/Read"), "/Read");
    }
}
