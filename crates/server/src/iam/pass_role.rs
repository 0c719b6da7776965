//! `iam:PassRole`: the permission to pass a role to a service, which operations need beside their
//! own ("Grant a user permissions to pass a role to an AWS service", IAM User Guide).

use bowline_aws::requirement::{Requirement, ResourceOwner};
use bowline_iam::account::AccountId;

/// A role that a caller passes to a service.
#[derive(Debug)]
pub(crate) struct PassRole {
    /// The role's ARN, whether the role exists or not.
    pub(crate) role_arn: String,
    /// The account in the role's ARN.
    pub(crate) account: AccountId,
    /// The service: `iam:PassedToService`.
    pub(crate) service: &'static str,
    /// The resource that the service assumes the role for, if the request names one:
    /// `iam:AssociatedResourceArn`.
    pub(crate) resource: Option<String>,
}

impl PassRole {
    /// The permission that the caller needs.
    pub(crate) fn into_requirement(self) -> Requirement<'static> {
        let owner = ResourceOwner::Account(self.account);
        Requirement::new("iam:PassRole", self.role_arn, owner)
            .with([("iam:PassedToService", Some(self.service))])
            .with([("iam:AssociatedResourceArn", self.resource)])
    }
}
