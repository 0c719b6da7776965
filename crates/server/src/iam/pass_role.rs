//! Roles that are handed to services: `iam:PassRole`, which is no operation but a permission that others take ("Grant a user permissions
//! to pass a role to an AWS service", IAM User Guide).

use bowline_iam::account::AccountId;

use crate::request::authorize::Question;

/// A role that a caller hands to a service.
#[derive(Debug)]
pub(crate) struct PassRole {
    /// The role.
    pub(crate) role_arn: String,
    /// The account in the role's ARN.
    pub(crate) account: AccountId,
    /// The service: `iam:PassedToService`.
    pub(crate) service: &'static str,
    /// The resource that the service is to assume it for, if that is known: `iam:AssociatedResourceArn`.
    pub(crate) resource: Option<String>,
}

impl PassRole {
    /// What to ask the engine.
    pub(crate) fn question(&self) -> Question<'_> {
        let mut keys = vec![("iam:PassedToService", self.service.into())];
        keys.extend(
            self.resource
                .as_deref()
                .map(|arn| ("iam:AssociatedResourceArn", arn.into())),
        );
        Question {
            action: "iam:PassRole",
            resource: &self.role_arn,
            account: Some(self.account),
            keys,
            trust: None,
        }
    }
}
