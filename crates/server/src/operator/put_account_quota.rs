//! `PutAccountQuota`: how many entities of a kind an account may have, instead of AWS's default.
//!
//! `{"AccountId": "...", "Quota": "RolesPerAccount", "Value": 2000}`. Entities beyond a lower value
//! stay; no more are created. The response has the quota as it then is.

use bowline_aws::requirement::ResourceOwner;

use super::{
    account,
    error::OperatorError,
    input::{Members, invalid},
    operation::{Operation, to_json},
    quota::QuotaOf,
};
use crate::{
    http::response::Response,
    identity::index::Index,
    request::{
        call::Call,
        error::RequestError,
        record::{AuditFields, RequestRecord},
    },
};

/// The quota and its new value.
#[derive(Debug)]
pub(super) struct PutAccountQuota {
    of: QuotaOf,
    value: u32,
}

impl Operation for PutAccountQuota {
    fn read(members: &Members<'_>) -> Result<Self, OperatorError> {
        members.only(&["AccountId", "Quota", "Value"])?;
        let of = QuotaOf::read(members)?;
        let (value, max) = (members.required_integer("Value")?, of.quota.maximum());
        let value = u32::try_from(value).ok().filter(|value| *value <= max);
        let value =
            value.ok_or_else(|| invalid(&format!("Value: it is not between 0 and {max}")))?;
        Ok(Self { of, value })
    }

    fn audit(&self, parameters: &mut AuditFields<'_>) {
        parameters.add("accountId", self.of.account.to_string());
        parameters.add("quota", self.of.quota.name());
        parameters.add("value", self.value.to_string());
    }

    fn resource(&self, index: &Index) -> (String, ResourceOwner) {
        account::target(index, Some(self.of.account))
    }

    async fn handle(
        self,
        call: &Call<'_>,
        _: &mut RequestRecord<'_>,
    ) -> Result<Response, RequestError> {
        to_json(&self.of.set(call, Some(self.value)).await?)
    }
}
