//! What the operations on accounts share. Accounts belong to the management account.

use bowline_aws::requirement::ResourceOwner;
use bowline_iam::account::AccountId;
use serde::Serialize;

use super::{operation::to_json, server_resource};
use crate::{
    bootstrap::RootCredentials,
    http::response::Response,
    identity::index::Index,
    request::{error::RequestError, record::RequestRecord},
};

/// The account with this id, or all accounts, as a resource of the management account.
pub(super) fn target(index: &Index, id: Option<AccountId>) -> (String, ResourceOwner) {
    let id = id.map_or_else(|| "*".to_owned(), |id| id.to_string());
    server_resource(index, &format!("account/{id}"))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    account_id: &'a str,
    access_key_id: &'a str,
    secret_access_key: &'a str,
}

/// The response with a new root access key, of which the audit record gets all but the secret.
pub(super) fn created(
    root: &RootCredentials,
    record: &mut RequestRecord<'_>,
) -> Result<Response, RequestError> {
    let audited = &mut record.response;
    audited.add("accountId", root.account.to_string());
    audited.add("accessKeyId", root.access_key_id.to_string());
    to_json(&Output {
        account_id: root.account.as_str(),
        access_key_id: root.access_key_id.as_str(),
        secret_access_key: root.secret_access_key.expose(),
    })
}
