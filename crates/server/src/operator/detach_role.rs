//! `DetachRole`: detaches the role of a resource.
//!
//! `{"ResourceArn": "..."}`. Credentials that were issued stay valid until they expire, as on AWS.

use bowline_aws::requirement::ResourceOwner;

use super::{
    error::OperatorError,
    input::Members,
    operation::{Operation, to_json},
    service_resource,
};
use crate::{
    http::response::Response,
    identity::{entity::ServiceResource, index::Index, store::Transaction},
    request::{
        call::Call,
        error::RequestError,
        record::{AuditFields, RequestRecord},
    },
};

/// The resource.
#[derive(Debug)]
pub(super) struct DetachRole {
    resource: ServiceResource,
}

impl Operation for DetachRole {
    fn read(members: &Members<'_>) -> Result<Self, OperatorError> {
        members.only(&["ResourceArn"])?;
        Ok(Self {
            resource: service_resource::read(members)?,
        })
    }

    fn audit(&self, parameters: &mut AuditFields<'_>) {
        parameters.add("resourceArn", self.resource.as_str().to_owned());
    }

    fn resource(&self, _: &Index) -> (String, ResourceOwner) {
        service_resource::target(&self.resource)
    }

    async fn handle(
        self,
        call: &Call<'_>,
        _: &mut RequestRecord<'_>,
    ) -> Result<Response, RequestError> {
        let account = call.account();
        call.update(|index| {
            let attachment = index.service_attachment(account, self.resource.as_str());
            let attachment = service_resource::attached(attachment, &self.resource)?;
            let transaction = Transaction::new().delete(&*attachment.record, attachment.revision);
            Ok((transaction, ()))
        })
        .await?;
        to_json(&serde_json::json!({}))
    }
}
