//! `DeleteAccountQuota`: an account has AWS's default again.
//!
//! `{"AccountId": "...", "Quota": "RolesPerAccount"}`. The response has the quota as it then is.

use bowline_aws::requirement::ResourceOwner;

use super::{
    account,
    error::OperatorError,
    input::Members,
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

/// The quota.
#[derive(Debug)]
pub(super) struct DeleteAccountQuota(QuotaOf);

impl Operation for DeleteAccountQuota {
    fn read(members: &Members<'_>) -> Result<Self, OperatorError> {
        members.only(&["AccountId", "Quota"])?;
        QuotaOf::read(members).map(Self)
    }

    fn audit(&self, parameters: &mut AuditFields<'_>) {
        parameters.add("accountId", self.0.account.to_string());
        parameters.add("quota", self.0.quota.name());
    }

    fn resource(&self, index: &Index) -> (String, ResourceOwner) {
        account::target(index, Some(self.0.account))
    }

    async fn handle(
        self,
        call: &Call<'_>,
        _: &mut RequestRecord<'_>,
    ) -> Result<Response, RequestError> {
        to_json(&self.0.set(call, None).await?)
    }
}
