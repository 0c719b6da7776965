//! What the operations on accounts have in common. Accounts are the management account's to make.

use bowline_aws::error::{AwsError, Protocol};
use bowline_iam::account::AccountId;
use serde::Serialize;

use super::management_account;
use crate::{
    bootstrap::RootCredentials,
    identity::index::Index,
    request::{
        error::RequestError,
        record::{AuditedResource, RequestRecord},
    },
};

/// An account as what is acted on: one of the management account's, whoever acts in it. Without an id it is any.
pub(super) fn subject(index: &Index, id: Option<AccountId>) -> AuditedResource {
    let management = management_account(index);
    let of = management.map(|account| account.to_string());
    let id = id.map_or_else(|| "*".to_owned(), |id| id.to_string());
    AuditedResource {
        arn: format!("arn:aws:bowline::{}:account/{id}", of.unwrap_or_default()),
        account: management,
    }
}

/// A root access key that was just made.
#[derive(Debug)]
pub(super) struct Created(RootCredentials);

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    account_id: &'a str,
    access_key_id: &'a str,
    secret_access_key: &'a str,
}

impl From<RootCredentials> for Created {
    fn from(root: RootCredentials) -> Self {
        Self(root)
    }
}

impl Created {
    /// The answer, of which the record is told all but the secret.
    pub(super) fn answer(&self, record: &mut RequestRecord<'_>) -> Result<String, RequestError> {
        let root = &self.0;
        let output = Output {
            account_id: root.account.as_str(),
            access_key_id: root.access_key_id.as_str(),
            secret_access_key: root.secret_access_key.expose(),
        };
        let told = &mut record.response;
        told.add("accountId", root.account.to_string());
        told.add("accessKeyId", root.access_key_id.to_string());
        serde_json::to_string(&output)
            .map_err(|error| RequestError::new(AwsError::internal(Protocol::Bowline), &error))
    }
}
