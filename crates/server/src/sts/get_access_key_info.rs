//! `GetAccessKeyInfo`: the account that an access key belongs to. It does not tell whether the key
//! exists.

use bowline_aws::{
    credentials::AccessKeyId,
    error::{AwsError, Code},
    ids,
    sts::{self, GetAccessKeyInfoRequest, GetAccessKeyInfoResponse},
};
use bowline_iam::account::AccountId;

use super::{Handle, SignedCall};
use crate::{identity::index::Index, request::error::RequestError};

impl Handle for GetAccessKeyInfoRequest {
    async fn handle(self, call: SignedCall<'_, '_>) -> Result<String, RequestError> {
        let id = self.access_key_id;
        let account = id
            .parse()
            .ok()
            .and_then(|id: AccessKeyId| account(&id, &call.call.index));
        let account = account.ok_or_else(|| {
            let message = format!("The access key id {id} does not exist.");
            AwsError::new(Code::ValidationError, message)
        })?;
        let output = GetAccessKeyInfoResponse {
            account: Some(account.to_string()),
        };
        Ok(sts::response(&output, call.call.envelope))
    }
}

/// A declared id may look as if it contained another account, so known keys come first.
fn account(id: &AccessKeyId, index: &Index) -> Option<AccountId> {
    let known = index.access_key(id.as_str()).map(|key| key.account());
    known.or_else(|| ids::account_of(id))
}
