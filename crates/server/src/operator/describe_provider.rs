//! `DescribeProvider`: an OIDC provider with the settings that IAM's own API does not have, and what
//! is known of its keys. Nothing is fetched.
//!
//! `{"Arn": "..."}`.

use bowline_aws::requirement::ResourceOwner;

use super::{
    error::OperatorError,
    input::Members,
    operation::{Operation, to_json},
    provider,
};
use crate::{
    http::response::Response,
    iam::open_id_connect_provider::find,
    identity::index::Index,
    request::{
        call::Call,
        error::RequestError,
        record::{AuditFields, RequestRecord},
    },
};

/// The provider.
#[derive(Debug)]
pub(super) struct DescribeProvider(provider::Addressed);

impl Operation for DescribeProvider {
    fn read(members: &Members<'_>) -> Result<Self, OperatorError> {
        provider::Addressed::read(members).map(Self)
    }

    fn audit(&self, parameters: &mut AuditFields<'_>) {
        self.0.audit(parameters);
    }

    fn resource(&self, _: &Index) -> (String, ResourceOwner) {
        provider::target(&self.0.arn)
    }

    async fn handle(
        self,
        call: &Call<'_>,
        _: &mut RequestRecord<'_>,
    ) -> Result<Response, RequestError> {
        let found = find(call, &self.0.arn)?;
        let keys = call.app.oidc.key_report(found);
        to_json(&provider::Shown::new(found, keys))
    }
}
