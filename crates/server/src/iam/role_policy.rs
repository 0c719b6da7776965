//! Inline policies of roles.

use bowline_aws::iam::{
    DeleteRolePolicyRequest, GetRolePolicyRequest, GetRolePolicyResponse, ListRolePoliciesRequest,
    ListRolePoliciesResponse, PutRolePolicyRequest,
};

use super::{
    holder::Holder,
    inline_policy,
    page::{Asked, Entries},
};
use crate::request::{call::Call, error::RequestError};

pub(super) async fn put(call: &Call<'_>, input: &PutRolePolicyRequest) -> Result<(), RequestError> {
    let holder = Holder::Role(&input.role_name);
    inline_policy::put(call, holder, &input.policy_name, &input.policy_document).await
}

pub(super) fn get(
    call: &Call<'_>,
    input: &GetRolePolicyRequest,
) -> Result<GetRolePolicyResponse, RequestError> {
    let holder = Holder::Role(&input.role_name);
    let (role_name, policy_document) = inline_policy::get(call, holder, &input.policy_name)?;
    Ok(GetRolePolicyResponse {
        role_name,
        policy_name: input.policy_name.clone(),
        policy_document,
    })
}

pub(super) fn list(
    call: &Call<'_>,
    input: &ListRolePoliciesRequest,
) -> Result<ListRolePoliciesResponse, RequestError> {
    let asked = Asked {
        operation: "ListRolePolicies",
        marker: input.marker.as_deref(),
        max_items: input.max_items,
    };
    let Entries {
        items,
        is_truncated,
        marker,
    } = inline_policy::list(call, Holder::Role(&input.role_name), asked)?;
    Ok(ListRolePoliciesResponse {
        policy_names: items,
        is_truncated,
        marker,
    })
}

pub(super) async fn delete(
    call: &Call<'_>,
    input: &DeleteRolePolicyRequest,
) -> Result<(), RequestError> {
    inline_policy::delete(call, Holder::Role(&input.role_name), &input.policy_name).await
}
