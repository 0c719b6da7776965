//! `RotateRootAccessKey`: a new access key for the root of an account, such as one whose key was
//! lost.
//!
//! `{"AccountId": "...", "Revoke": false}`; with `true`, the root's earlier access keys end at
//! once. Only this response contains the secret.

use bowline_aws::{
    error::{AwsError, Protocol},
    requirement::ResourceOwner,
};
use bowline_iam::account::AccountId;

use super::{
    account,
    error::OperatorError,
    input::{Members, invalid},
    operation::Operation,
};
use crate::{
    bootstrap::RootCredentials,
    http::response::Response,
    iam::access_key,
    identity::{index::Index, store::Transaction},
    request::{
        call::Call,
        caller::Identity,
        error::RequestError,
        record::{AuditFields, RequestRecord},
    },
};

/// The account, and whether its earlier keys end.
#[derive(Debug)]
pub(super) struct RotateRootAccessKey {
    account: AccountId,
    revoke: bool,
}

impl Operation for RotateRootAccessKey {
    fn read(members: &Members<'_>) -> Result<Self, OperatorError> {
        members.only(&["AccountId", "Revoke"])?;
        let id = members.required_text("AccountId")?;
        Ok(Self {
            account: id
                .parse()
                .map_err(|error| invalid(&format!("AccountId: {error}")))?,
            revoke: members.boolean("Revoke")?,
        })
    }

    fn audit(&self, parameters: &mut AuditFields<'_>) {
        parameters.add("accountId", self.account.to_string());
        parameters.add("revoke", self.revoke.to_string());
    }

    fn resource(&self, index: &Index) -> (String, ResourceOwner) {
        account::target(index, Some(self.account))
    }

    async fn handle(
        self,
        call: &Call<'_>,
        record: &mut RequestRecord<'_>,
    ) -> Result<Response, RequestError> {
        let id = self.account;
        // If the response were lost, the root would be locked out.
        if self.revoke && matches!(call.caller.identity(), Identity::Root(own) if *own == id) {
            return Err(OperatorError::OwnKeyRevoked.into());
        }
        let internal = |_| AwsError::internal(Protocol::Bowline);
        let root = RootCredentials::draw(id, &call.app.random).map_err(internal)?;
        let key = root
            .access_key(call.app.state.master_key(), call.now)
            .map_err(internal)?;
        call.update(|index| {
            let account = index.account(id).ok_or(OperatorError::NoSuchAccount(id))?;
            let earlier: Vec<_> = index.root_access_keys(id).collect();
            if !self.revoke {
                access_key::check_quota(earlier.len())?;
            }
            // Conflicts with a transaction that creates another key for the root meanwhile.
            let mut transaction = Transaction::new()
                .touch(&*account.record, account.revision)
                .create(&key);
            if self.revoke {
                for key in earlier {
                    transaction = transaction.delete(&*key.record, key.revision);
                }
            }
            Ok((transaction, ()))
        })
        .await?;
        account::created(&root, record)
    }
}
