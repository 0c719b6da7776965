//! `DetachRole`: a resource has no role any more.
//!
//! `{"ResourceArn": "..."}`. Credentials that were issued live on until they end, as they do on AWS.

use bowline_aws::error::AwsError;

use super::{input::Members, service_resource};
use crate::{
    identity::{entity::ServiceResource, store::Transaction},
    request::{
        call::Call,
        error::RequestError,
        record::{AuditFields, AuditedResource},
    },
};

/// What to detach from.
#[derive(Debug)]
pub(super) struct DetachRole {
    resource: ServiceResource,
}

impl DetachRole {
    pub(super) fn read(members: &Members<'_>) -> Result<Self, AwsError> {
        members.only(&["ResourceArn"])?;
        Ok(Self {
            resource: service_resource::read(members)?,
        })
    }

    pub(super) fn tell(&self, told: &mut AuditFields<'_>) {
        told.add("resourceArn", self.resource.as_str().to_owned());
    }

    pub(super) fn subject(&self) -> AuditedResource {
        service_resource::subject(&self.resource)
    }

    pub(super) async fn carry_out(&self, call: &Call<'_>) -> Result<String, RequestError> {
        let account = call.account();
        call.update(|index| {
            let attachment = index.service_attachment(account, self.resource.as_str());
            let attachment = service_resource::found(attachment, &self.resource)?;
            let transaction = Transaction::new().delete(&*attachment.record, attachment.revision);
            Ok((transaction, ()))
        })
        .await?;
        Ok("{}".to_owned())
    }
}
