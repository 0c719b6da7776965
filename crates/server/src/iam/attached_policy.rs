//! Managed policies that are attached to roles and users.

use bowline_aws::{
    error::{AwsError, Code},
    iam::{
        AttachRolePolicyRequest, AttachUserPolicyRequest, AttachedPolicy, DetachRolePolicyRequest,
        DetachUserPolicyRequest, ListAttachedRolePoliciesRequest, ListAttachedRolePoliciesResponse,
        ListAttachedUserPoliciesRequest, ListAttachedUserPoliciesResponse,
    },
};

use super::{
    error::over_quota,
    holder::Holder,
    page::{Asked, Entries, Page},
    policy,
};
use crate::{
    identity::store::Transaction,
    request::{call::Call, error::RequestError},
};

/// Managed policies of one role or user ("IAM and AWS STS quotas", IAM User Guide: 10, raisable).
const MOST: usize = 10;

pub(super) async fn attach_to_role(
    call: &Call<'_>,
    input: &AttachRolePolicyRequest,
) -> Result<(), RequestError> {
    attach(call, Holder::Role(&input.role_name), &input.policy_arn).await
}

pub(super) async fn attach_to_user(
    call: &Call<'_>,
    input: &AttachUserPolicyRequest,
) -> Result<(), RequestError> {
    attach(call, Holder::User(&input.user_name), &input.policy_arn).await
}

pub(super) async fn detach_from_role(
    call: &Call<'_>,
    input: &DetachRolePolicyRequest,
) -> Result<(), RequestError> {
    detach(call, Holder::Role(&input.role_name), &input.policy_arn).await
}

pub(super) async fn detach_from_user(
    call: &Call<'_>,
    input: &DetachUserPolicyRequest,
) -> Result<(), RequestError> {
    detach(call, Holder::User(&input.user_name), &input.policy_arn).await
}

pub(super) fn list_of_role(
    call: &Call<'_>,
    input: &ListAttachedRolePoliciesRequest,
) -> Result<ListAttachedRolePoliciesResponse, RequestError> {
    let asked = Asked {
        operation: "ListAttachedRolePolicies",
        marker: input.marker.as_deref(),
        max_items: input.max_items,
    };
    let holder = Holder::Role(&input.role_name);
    let Entries {
        items,
        is_truncated,
        marker,
    } = list(call, holder, input.path_prefix.as_deref(), asked)?;
    Ok(ListAttachedRolePoliciesResponse {
        attached_policies: Some(items),
        is_truncated,
        marker,
    })
}

pub(super) fn list_of_user(
    call: &Call<'_>,
    input: &ListAttachedUserPoliciesRequest,
) -> Result<ListAttachedUserPoliciesResponse, RequestError> {
    let asked = Asked {
        operation: "ListAttachedUserPolicies",
        marker: input.marker.as_deref(),
        max_items: input.max_items,
    };
    let holder = Holder::User(&input.user_name);
    let Entries {
        items,
        is_truncated,
        marker,
    } = list(call, holder, input.path_prefix.as_deref(), asked)?;
    Ok(ListAttachedUserPoliciesResponse {
        attached_policies: Some(items),
        is_truncated,
        marker,
    })
}

async fn attach(call: &Call<'_>, holder: Holder<'_>, arn: &str) -> Result<(), RequestError> {
    let account = call.account();
    let quota = match holder {
        Holder::Role(_) => "PoliciesPerRole",
        Holder::User(_) => "PoliciesPerUser",
    };
    holder
        .change(call, |permissions, index| {
            let policy = policy::own(index, account, arn).ok_or_else(|| {
                let message = format!("Policy {arn} does not exist or is not attachable.");
                AwsError::new(Code::NoSuchEntity, message)
            })?;
            let is_new = permissions.attached.insert(policy.arn.to_string());
            if is_new && permissions.attached.len() > MOST {
                return Err(over_quota(quota, MOST));
            }
            // Nobody deletes the policy meanwhile.
            Ok(Transaction::new().touch(&*policy.record, policy.revision))
        })
        .await
}

async fn detach(call: &Call<'_>, holder: Holder<'_>, arn: &str) -> Result<(), RequestError> {
    holder
        .change(call, |permissions, _| {
            if permissions.attached.remove(arn) {
                return Ok(Transaction::new());
            }
            let message = format!("Policy {arn} was not found.");
            Err(AwsError::new(Code::NoSuchEntity, message))
        })
        .await
}

/// In order of their names, of which an account has each once, and which a marker has room for.
fn list(
    call: &Call<'_>,
    holder: Holder<'_>,
    path_prefix: Option<&str>,
    asked: Asked<'_>,
) -> Result<Entries<AttachedPolicy>, AwsError> {
    let (_, permissions) = holder.find(&call.index, call.account())?;
    let page = Page::new(call, asked)?;
    let after = page.after.as_deref();
    let mut all: Vec<&str> = permissions
        .attached
        .iter()
        .map(String::as_str)
        .filter(|arn| after.is_none_or(|after| name(arn) > after))
        .filter(|arn| path_prefix.is_none_or(|prefix| path(arn).starts_with(prefix)))
        .collect();
    all.sort_unstable_by_key(|arn| name(arn));
    page.take(
        all,
        |arn| name(arn),
        |arn| AttachedPolicy {
            policy_name: Some(name(arn).to_owned()),
            policy_arn: Some((*arn).to_owned()),
        },
    )
}

/// The path and name in `arn:aws:iam::{account}:policy{path}{name}`.
fn path(arn: &str) -> &str {
    arn.split_once(":policy").map_or("", |(_, path)| path)
}

/// What stands behind the path.
fn name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or_default()
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
