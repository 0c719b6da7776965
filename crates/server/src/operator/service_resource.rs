//! What the operations on roles of services have in common: the resource that they are about.

use bowline_aws::error::{AwsError, Code};

use super::input::{Members, invalid};
use crate::{
    identity::{entity::ServiceResource, index::ServiceAttachmentEntry},
    request::record::AuditedResource,
};

/// The member `ResourceArn`.
pub(super) fn read(members: &Members<'_>) -> Result<ServiceResource, AwsError> {
    let arn = members.required_text("ResourceArn")?;
    arn.parse()
        .map_err(|error| invalid(&format!("ResourceArn: it {error}")))
}

/// The resource as what is acted on. Its account is the one in its ARN.
pub(super) fn subject(resource: &ServiceResource) -> AuditedResource {
    AuditedResource {
        arn: resource.as_str().to_owned(),
        account: Some(resource.account()),
    }
}

/// What is attached to a resource.
///
/// # Errors
/// `NoSuchEntity`.
pub(super) fn found<'i>(
    attachment: Option<&'i std::sync::Arc<ServiceAttachmentEntry>>,
    resource: &ServiceResource,
) -> Result<&'i ServiceAttachmentEntry, AwsError> {
    attachment.map(|found| &**found).ok_or_else(|| {
        let message = format!("The resource {resource} has no role attached.");
        AwsError::new(Code::NoSuchEntity, message)
    })
}
