//! `ListAccounts`: the accounts of the server, by id.
//!
//! `{}`, or `{"NextToken": "..."}` with the token of the page before.

use bowline_aws::{requirement::ResourceOwner, xml::iso_seconds};
use bowline_iam::account::AccountId;
use serde::Serialize;

use super::{
    MAX_LISTED, account,
    error::OperatorError,
    input::{Members, invalid},
    operation::{Operation, to_json},
};
use crate::{
    http::response::Response,
    identity::index::{self, Index},
    request::{
        call::Call,
        error::RequestError,
        record::{AuditFields, RequestRecord},
    },
};

/// The page to list.
#[derive(Debug)]
pub(super) struct ListAccounts {
    after: Option<AccountId>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    accounts: Vec<Listed<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed<'a> {
    account_id: &'a str,
    management: bool,
    created: String,
}

impl Operation for ListAccounts {
    fn read(members: &Members<'_>) -> Result<Self, OperatorError> {
        members.only(&["NextToken"])?;
        let after = members.text("NextToken")?;
        let after = after.map(|id| id.parse()).transpose();
        Ok(Self {
            after: after.map_err(|_| invalid("NextToken: it is of no list of accounts"))?,
        })
    }

    fn audit(&self, parameters: &mut AuditFields<'_>) {
        parameters.add_if("nextToken", self.after.map(|id| id.to_string()));
    }

    fn resource(&self, index: &Index) -> (String, ResourceOwner) {
        account::target(index, None)
    }

    async fn handle(
        self,
        call: &Call<'_>,
        _: &mut RequestRecord<'_>,
    ) -> Result<Response, RequestError> {
        let mut all = call
            .index
            .accounts()
            .filter(|account| self.after.is_none_or(|after| account.record.id > after));
        let accounts: Vec<_> = all
            .by_ref()
            .take(MAX_LISTED)
            .map(|account| Listed::from(&**account))
            .collect();
        let next_token = all
            .next()
            .and_then(|_| accounts.last())
            .map(|last| last.account_id);
        to_json(&Output {
            accounts,
            next_token,
        })
    }
}

impl<'a> From<&'a index::AccountEntry> for Listed<'a> {
    fn from(account: &'a index::AccountEntry) -> Self {
        Self {
            account_id: account.record.id.as_str(),
            management: account.record.management,
            created: iso_seconds(account.record.created),
        }
    }
}
