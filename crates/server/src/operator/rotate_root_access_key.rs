//! `RotateRootAccessKey`: a new access key for the root of an account, such as one whose key was lost.
//!
//! `{"AccountId": "...", "Revoke": false}`; with `true`, the access keys that the root had end at once. The answer is the only one that has
//! the secret.

use bowline_aws::error::{AwsError, Code, Protocol};
use bowline_iam::account::AccountId;

use super::{
    account::{self, Created},
    input::{Members, invalid},
};
use crate::{
    bootstrap::RootCredentials,
    iam::access_key,
    identity::{index::Index, store::Transaction},
    request::{
        call::Call,
        caller::Identity,
        error::RequestError,
        record::{AuditFields, AuditedResource, RequestRecord},
    },
};

/// Whose key, and what becomes of the others.
#[derive(Debug)]
pub(super) struct RotateRootAccessKey {
    account: AccountId,
    revoke: bool,
}

impl RotateRootAccessKey {
    pub(super) fn read(members: &Members<'_>) -> Result<Self, AwsError> {
        members.only(&["AccountId", "Revoke"])?;
        let id = members.required_text("AccountId")?;
        Ok(Self {
            account: id
                .parse()
                .map_err(|error| invalid(&format!("AccountId: {error}")))?,
            revoke: members.boolean("Revoke")?,
        })
    }

    pub(super) fn tell(&self, told: &mut AuditFields<'_>) {
        told.add("accountId", self.account.to_string());
        told.add("revoke", self.revoke.to_string());
    }

    pub(super) fn subject(&self, index: &Index) -> AuditedResource {
        account::subject(index, Some(self.account))
    }

    pub(super) async fn carry_out(
        &self,
        call: &Call<'_>,
        record: &mut RequestRecord<'_>,
    ) -> Result<String, RequestError> {
        let id = self.account;
        // If the answer were lost, nobody would be left who could ask again.
        if self.revoke && matches!(call.caller.identity(), Identity::Root(own) if *own == id) {
            let message = "A root that signs the request cannot revoke its own access keys: rotate without revoking, and delete the earlier key with the new one";
            return Err(invalid(message).into());
        }
        let internal = |_| AwsError::internal(Protocol::Bowline);
        let root = RootCredentials::draw(id, &call.app.random).map_err(internal)?;
        let key = root
            .access_key(call.app.state.master_key(), call.now)
            .map_err(internal)?;
        call.update(|index| {
            let account = index.account(id).ok_or_else(|| {
                let message = format!("The account with id {id} cannot be found.");
                AwsError::new(Code::NoSuchEntity, message)
            })?;
            let earlier: Vec<_> = index.root_access_keys(id).collect();
            if !self.revoke {
                access_key::check_quota(earlier.len())?;
            }
            // Nobody makes another key for the root meanwhile.
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
        Created::from(root).answer(record)
    }
}
