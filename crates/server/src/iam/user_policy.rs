//! Inline policies of users.

use bowline_aws::iam::{
    DeleteUserPolicyRequest, GetUserPolicyRequest, GetUserPolicyResponse, ListUserPoliciesRequest,
    ListUserPoliciesResponse, PutUserPolicyRequest,
};

use super::{
    holder::Holder,
    inline_policy,
    page::{Asked, Entries},
};
use crate::request::{call::Call, error::RequestError};

pub(super) async fn put(call: &Call<'_>, input: &PutUserPolicyRequest) -> Result<(), RequestError> {
    let holder = Holder::User(&input.user_name);
    inline_policy::put(call, holder, &input.policy_name, &input.policy_document).await
}

pub(super) fn get(
    call: &Call<'_>,
    input: &GetUserPolicyRequest,
) -> Result<GetUserPolicyResponse, RequestError> {
    let holder = Holder::User(&input.user_name);
    let (user_name, policy_document) = inline_policy::get(call, holder, &input.policy_name)?;
    Ok(GetUserPolicyResponse {
        user_name,
        policy_name: input.policy_name.clone(),
        policy_document,
    })
}

pub(super) fn list(
    call: &Call<'_>,
    input: &ListUserPoliciesRequest,
) -> Result<ListUserPoliciesResponse, RequestError> {
    let asked = Asked {
        operation: "ListUserPolicies",
        marker: input.marker.as_deref(),
        max_items: input.max_items,
    };
    let Entries {
        items,
        is_truncated,
        marker,
    } = inline_policy::list(call, Holder::User(&input.user_name), asked)?;
    Ok(ListUserPoliciesResponse {
        policy_names: items,
        is_truncated,
        marker,
    })
}

pub(super) async fn delete(
    call: &Call<'_>,
    input: &DeleteUserPolicyRequest,
) -> Result<(), RequestError> {
    inline_policy::delete(call, Holder::User(&input.user_name), &input.policy_name).await
}
