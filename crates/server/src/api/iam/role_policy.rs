//! Inline policies of roles.

use bowline_aws::iam::{
    DeleteRolePolicyRequest, GetRolePolicyRequest, GetRolePolicyResponse, ListRolePoliciesRequest,
    ListRolePoliciesResponse, PutRolePolicyRequest,
};

use super::{
    error::{Kind, no_such},
    inline_policy::{self, Owner},
    page::{Entries, Page},
    policy_document::{check_inline, encoded},
    role,
};
use crate::{api::call::Call, refusal::Refused};

/// Characters of all inline policies of a role ("IAM and AWS STS quotas", IAM User Guide).
const MOST: usize = 10_240;

pub(super) async fn put(call: &Call<'_>, input: PutRolePolicyRequest) -> Result<(), Refused> {
    check_inline(&input.policy_document)?;
    role::change(call, &input.role_name, |role, _| {
        let owner = Owner {
            kind: "role",
            name: &input.role_name,
            most: MOST,
        };
        let permissions = &mut role.permissions;
        inline_policy::put(
            permissions,
            &input.policy_name,
            &input.policy_document,
            owner,
        )
    })
    .await
}

pub(super) fn get(
    call: &Call<'_>,
    input: &GetRolePolicyRequest,
) -> Result<GetRolePolicyResponse, Refused> {
    let role = role::find(&call.index, call.account(), &input.role_name)?;
    let document = role.record.permissions.inline.get(&input.policy_name);
    let document = document.ok_or_else(|| no_such(Kind::RolePolicy, &input.policy_name))?;
    Ok(GetRolePolicyResponse {
        role_name: role.record.name.clone(),
        policy_name: input.policy_name.clone(),
        policy_document: encoded(document),
    })
}

pub(super) fn list(
    call: &Call<'_>,
    input: &ListRolePoliciesRequest,
) -> Result<ListRolePoliciesResponse, Refused> {
    let role = role::find(&call.index, call.account(), &input.role_name)?;
    let (marker, most) = (input.marker.as_deref(), input.max_items);
    let page = Page::new(call, "ListRolePolicies", marker, most)?;
    let all = inline_policy::names_after(&role.record.permissions, page.after.as_deref());
    let Entries {
        items,
        is_truncated,
        marker,
    } = page.take(all, |name| name, |name| (*name).clone())?;
    Ok(ListRolePoliciesResponse {
        policy_names: items,
        is_truncated,
        marker,
    })
}

pub(super) async fn delete(
    call: &Call<'_>,
    input: &DeleteRolePolicyRequest,
) -> Result<(), Refused> {
    role::change(call, &input.role_name, |role, _| {
        let removed = role.permissions.inline.remove(&input.policy_name);
        let removed = removed.ok_or_else(|| no_such(Kind::RolePolicy, &input.policy_name));
        removed.map(drop)
    })
    .await
}
