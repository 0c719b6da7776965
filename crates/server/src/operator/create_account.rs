//! `CreateAccount`: a new account with a root access key.
//!
//! `{}`, or `{"AccountId": "..."}` for an account that has its id already, such as one of AWS. Only
//! this response contains the secret. The new account does not manage the server.

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
    identity::{entity::Account, index::Index, store::Transaction},
    request::{
        call::Call,
        error::RequestError,
        record::{AuditFields, RequestRecord},
    },
};

/// The account to create.
#[derive(Debug)]
pub(super) struct CreateAccount {
    /// Its id, if it has one.
    id: Option<AccountId>,
}

impl Operation for CreateAccount {
    fn read(members: &Members<'_>) -> Result<Self, OperatorError> {
        members.only(&["AccountId"])?;
        let id = members.text("AccountId")?;
        let parsed = id.map(|id| id.parse()).transpose();
        Ok(Self {
            id: parsed.map_err(|error| invalid(&format!("AccountId: {error}")))?,
        })
    }

    fn audit(&self, parameters: &mut AuditFields<'_>) {
        parameters.add_if("accountId", self.id.map(|id| id.to_string()));
    }

    fn resource(&self, index: &Index) -> (String, ResourceOwner) {
        account::target(index, self.id)
    }

    async fn handle(
        self,
        call: &Call<'_>,
        record: &mut RequestRecord<'_>,
    ) -> Result<Response, RequestError> {
        let (state, random) = (&call.app.state, &call.app.random);
        let internal = |_| AwsError::internal(Protocol::Bowline);
        let root = call
            .update(|index| {
                // Random for each attempt, since the only conflict is an id that is taken.
                let root = match self.id {
                    Some(id) if index.account(id).is_some() => {
                        return Err(OperatorError::AccountExists(id).into());
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
        account::created(&root, record)
    }
}
