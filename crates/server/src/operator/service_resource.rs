//! What the operations on roles of services share: the resource that they are about.

use std::sync::Arc;

use bowline_aws::requirement::ResourceOwner;

use super::{
    error::OperatorError,
    input::{Members, invalid},
};
use crate::identity::{entity::ServiceResource, index::ServiceAttachmentEntry};

/// The member `ResourceArn`.
pub(super) fn read(members: &Members<'_>) -> Result<ServiceResource, OperatorError> {
    let arn = members.required_text("ResourceArn")?;
    arn.parse()
        .map_err(|error| invalid(&format!("ResourceArn: it {error}")))
}

/// The resource's ARN, and its owner: the account in the ARN.
pub(super) fn target(resource: &ServiceResource) -> (String, ResourceOwner) {
    let owner = ResourceOwner::Account(resource.account());
    (resource.as_str().to_owned(), owner)
}

/// The attachment of a resource.
///
/// # Errors
/// [`OperatorError::NoRoleAttached`].
pub(super) fn attached<'i>(
    attachment: Option<&'i Arc<ServiceAttachmentEntry>>,
    resource: &ServiceResource,
) -> Result<&'i ServiceAttachmentEntry, OperatorError> {
    attachment
        .map(|attachment| &**attachment)
        .ok_or_else(|| OperatorError::NoRoleAttached(resource.clone()))
}
