//! Inline policies of users.

use bowline_aws::iam::{
    DeleteUserPolicyRequest, GetUserPolicyRequest, GetUserPolicyResponse, ListUserPoliciesRequest,
    ListUserPoliciesResponse, PutUserPolicyRequest,
};

use super::{
    error::{Kind, no_such},
    inline_policy::{self, Owner},
    page::{Entries, Page},
    policy_document::{check_inline, encoded},
    user,
};
use crate::{api::call::Call, refusal::Refused};

/// Characters of all inline policies of a user ("IAM and AWS STS quotas", IAM User Guide).
const MOST: usize = 2_048;

pub(super) async fn put(call: &Call<'_>, input: PutUserPolicyRequest) -> Result<(), Refused> {
    check_inline(&input.policy_document)?;
    user::change(call, &input.user_name, |user, _| {
        let owner = Owner {
            kind: "user",
            name: &input.user_name,
            most: MOST,
        };
        let permissions = &mut user.permissions;
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
    input: &GetUserPolicyRequest,
) -> Result<GetUserPolicyResponse, Refused> {
    let user = user::find(&call.index, call.account(), &input.user_name)?;
    let document = user.record.permissions.inline.get(&input.policy_name);
    let document = document.ok_or_else(|| no_such(Kind::UserPolicy, &input.policy_name))?;
    Ok(GetUserPolicyResponse {
        user_name: user.record.name.clone(),
        policy_name: input.policy_name.clone(),
        policy_document: encoded(document),
    })
}

pub(super) fn list(
    call: &Call<'_>,
    input: &ListUserPoliciesRequest,
) -> Result<ListUserPoliciesResponse, Refused> {
    let user = user::find(&call.index, call.account(), &input.user_name)?;
    let (marker, most) = (input.marker.as_deref(), input.max_items);
    let page = Page::new(call, "ListUserPolicies", marker, most)?;
    let all = inline_policy::names_after(&user.record.permissions, page.after.as_deref());
    let Entries {
        items,
        is_truncated,
        marker,
    } = page.take(all, |name| name, |name| (*name).clone())?;
    Ok(ListUserPoliciesResponse {
        policy_names: items,
        is_truncated,
        marker,
    })
}

pub(super) async fn delete(
    call: &Call<'_>,
    input: &DeleteUserPolicyRequest,
) -> Result<(), Refused> {
    user::change(call, &input.user_name, |user, _| {
        let removed = user.permissions.inline.remove(&input.policy_name);
        let removed = removed.ok_or_else(|| no_such(Kind::UserPolicy, &input.policy_name));
        removed.map(drop)
    })
    .await
}
