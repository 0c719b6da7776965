//! `CreateAccount`: one more account, with a root access key.
//!
//! `{}`, or `{"AccountId": "..."}` for an account that has its id already, such as one of AWS. The answer is the only one that has the
//! secret. Accounts made in this way do not manage the server.

use bowline_aws::error::{AwsError, Code, Protocol};
use bowline_iam::account::AccountId;

use super::{
    account::{self, Created},
    input::{Members, invalid},
};
use crate::{
    bootstrap::RootCredentials,
    identity::{entity::Account, index::Index, store::Transaction},
    request::{
        call::Call,
        error::RequestError,
        record::{AuditFields, AuditedResource, RequestRecord},
    },
};

/// Which account to make.
#[derive(Debug)]
pub(super) struct CreateAccount {
    /// Its id, if it has one.
    id: Option<AccountId>,
}

impl CreateAccount {
    pub(super) fn read(members: &Members<'_>) -> Result<Self, AwsError> {
        members.only(&["AccountId"])?;
        let id = members.text("AccountId")?;
        let parsed = id.map(|id| id.parse()).transpose();
        Ok(Self {
            id: parsed.map_err(|error| invalid(&format!("AccountId: {error}")))?,
        })
    }

    pub(super) fn tell(&self, told: &mut AuditFields<'_>) {
        told.add_if("accountId", self.id.map(|id| id.to_string()));
    }

    pub(super) fn subject(&self, index: &Index) -> AuditedResource {
        account::subject(index, self.id)
    }

    pub(super) async fn carry_out(
        &self,
        call: &Call<'_>,
        record: &mut RequestRecord<'_>,
    ) -> Result<String, RequestError> {
        let (state, random) = (&call.app.state, &call.app.random);
        let internal = |_| AwsError::internal(Protocol::Bowline);
        let root = call
            .update(|index| {
                // Drawn anew for each attempt: the one thing that can be in the way is an id that is taken.
                let root = match self.id {
                    Some(id) if index.account(id).is_some() => {
                        let message = format!("Account {id} already exists.");
                        return Err(AwsError::new(Code::EntityAlreadyExists, message).into());
                    }
                    Some(id) => RootCredentials::draw(id, random),
                    None => RootCredentials::of_new_account(random),
                };
                let root = root.map_err(internal)?;
                let account = Account {
                    id: root.account,
                    management: false,
                    created: call.now,
                };
                let key = root
                    .access_key(state.master_key(), call.now)
                    .map_err(internal)?;
                Ok((Transaction::new().create(&account).create(&key), root))
            })
            .await?;
        Created::from(root).answer(record)
    }
}
