//! `ListAccountQuotas`: the quotas of an account, and how much of each it uses.
//!
//! `{}` for the caller's own account, or `{"AccountId": "..."}`, for the management account only.

use bowline_aws::requirement::ResourceOwner;
use bowline_iam::account::AccountId;
use serde::Serialize;

use super::{
    account,
    error::OperatorError,
    input::Members,
    operation::{Operation, any_resource, to_json},
    quota::{self, Described},
};
use crate::{
    http::response::Response,
    identity::{entity::Quota, index::Index},
    request::{
        call::Call,
        error::RequestError,
        record::{AuditFields, RequestRecord},
    },
};

/// The account, unless it is the caller's.
#[derive(Debug)]
pub(super) struct ListAccountQuotas {
    account: Option<AccountId>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    account_id: &'a str,
    quotas: Vec<Described>,
}

impl Operation for ListAccountQuotas {
    fn read(members: &Members<'_>) -> Result<Self, OperatorError> {
        members.only(&["AccountId"])?;
        let id = members.text("AccountId")?;
        Ok(Self {
            account: id.map(|id| quota::account(&id)).transpose()?,
        })
    }

    fn audit(&self, parameters: &mut AuditFields<'_>) {
        parameters.add_if("accountId", self.account.map(|id| id.to_string()));
    }

    fn resource(&self, index: &Index) -> (String, ResourceOwner) {
        match self.account {
            Some(id) => account::target(index, Some(id)),
            None => any_resource(),
        }
    }

    async fn handle(
        self,
        call: &Call<'_>,
        _: &mut RequestRecord<'_>,
    ) -> Result<Response, RequestError> {
        let id = self.account.unwrap_or(call.account());
        let index = &call.index;
        if index.account(id).is_none() {
            return Err(OperatorError::NoSuchAccount(id).into());
        }
        let quotas = Quota::ALL.iter();
        to_json(&Output {
            account_id: id.as_str(),
            quotas: quotas
                .map(|quota| Described::of(index, id, *quota))
                .collect(),
        })
    }
}
