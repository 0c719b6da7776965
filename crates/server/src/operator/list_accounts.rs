//! `ListAccounts`: the accounts of the server, by id.
//!
//! `{}`, or `{"NextToken": "..."}` with what the answer before had under that name.

use bowline_aws::{
    error::{AwsError, Protocol},
    xml::iso_seconds,
};
use bowline_iam::account::AccountId;
use serde::Serialize;

use super::{
    MOST_LISTED, account,
    input::{Members, invalid},
};
use crate::{
    identity::index::{self, Index},
    request::{
        call::Call,
        error::RequestError,
        record::{AuditFields, AuditedResource},
    },
};

/// Where to go on.
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

impl ListAccounts {
    pub(super) fn read(members: &Members<'_>) -> Result<Self, AwsError> {
        members.only(&["NextToken"])?;
        let after = members.text("NextToken")?;
        let after = after.map(|id| id.parse()).transpose();
        Ok(Self {
            after: after.map_err(|_| invalid("NextToken: it is of no list of accounts"))?,
        })
    }

    pub(super) fn tell(&self, told: &mut AuditFields<'_>) {
        told.add_if("nextToken", self.after.map(|id| id.to_string()));
    }

    pub(super) fn subject(index: &Index) -> AuditedResource {
        account::subject(index, None)
    }

    pub(super) fn carry_out(&self, call: &Call<'_>) -> Result<String, RequestError> {
        let mut all = call
            .index
            .accounts()
            .filter(|account| self.after.is_none_or(|after| account.record.id > after));
        let accounts: Vec<_> = all
            .by_ref()
            .take(MOST_LISTED)
            .map(|account| Listed::from(&**account))
            .collect();
        let next_token = all
            .next()
            .and_then(|_| accounts.last())
            .map(|last| last.account_id);
        let output = Output {
            accounts,
            next_token,
        };
        serde_json::to_string(&output)
            .map_err(|error| RequestError::new(AwsError::internal(Protocol::Bowline), &error))
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
