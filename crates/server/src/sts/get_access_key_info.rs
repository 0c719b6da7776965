//! `GetAccessKeyInfo`: the account that an access key belongs to. It does not say whether there is such a key.

use bowline_aws::{
    credentials::AccessKeyId,
    error::{AwsError, Code},
    ids,
    requirement::Requirement,
    sts::{self, GetAccessKeyInfoRequest, GetAccessKeyInfoResponse, Operation},
};
use bowline_iam::account::AccountId;

use crate::{
    identity::index::Index,
    request::{authorize::Authorizer, call::Call, error::RequestError},
};

pub(super) fn get_access_key_info(
    call: &Call<'_>,
    authorizer: &Authorizer<'_>,
    input: &GetAccessKeyInfoRequest,
) -> Result<String, RequestError> {
    let requirement = Requirement::any_resource(Operation::GetAccessKeyInfo.action());
    let id = authorizer
        .permit(&[requirement], &input.access_key_id)?
        .into_action();
    let account = id
        .parse()
        .ok()
        .and_then(|id: AccessKeyId| account(&id, &call.index));
    let account = account.ok_or_else(|| {
        let message = format!("The access key id {id} does not exist.");
        AwsError::new(Code::ValidationError, message)
    })?;
    let output = GetAccessKeyInfoResponse {
        account: Some(account.to_string()),
    };
    Ok(sts::response(&output, call.request_id))
}

/// An id that was declared may look as if it carried another account, so those that are known come first.
fn account(id: &AccessKeyId, index: &Index) -> Option<AccountId> {
    let known = index.access_key(id.as_str()).map(|key| key.account());
    known.or_else(|| ids::account_of(id))
}
