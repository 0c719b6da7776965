//! The ARN of a role that a request names.

use std::sync::Arc;

use bowline_aws::error::{AwsError, Code};
use bowline_iam::account::AccountId;

use crate::{
    identity::index::{Index, RoleEntry},
    request::error::RequestError,
};

/// The parts of `arn:aws:iam::{account}:role{path}{name}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RoleArn<'a> {
    text: &'a str,
    pub(crate) account: AccountId,
    path: &'a str,
    name: &'a str,
}

/// The text is not the ARN of a role. `Display` is AWS's text, with at most 256 characters of the
/// ARN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is invalid")]
pub(crate) struct InvalidRoleArn(String);

impl From<InvalidRoleArn> for RequestError {
    fn from(error: InvalidRoleArn) -> Self {
        Self::from(AwsError::new(Code::ValidationError, error.to_string()))
    }
}

impl<'a> RoleArn<'a> {
    /// Reads the ARN of a role.
    ///
    /// # Errors
    /// [`InvalidRoleArn`].
    pub(crate) fn parse(text: &'a str) -> Result<Self, InvalidRoleArn> {
        let parts = || {
            let (account, resource) = text.strip_prefix("arn:aws:iam::")?.split_once(':')?;
            let path_and_name = resource.strip_prefix("role")?;
            let slash = path_and_name.rfind('/')?;
            let (path, name) = path_and_name.split_at_checked(slash + 1)?;
            (path.starts_with('/') && !name.is_empty()).then_some(Self {
                text,
                account: account.parse().ok()?,
                path,
                name,
            })
        };
        parts().ok_or_else(|| InvalidRoleArn(text.chars().take(256).collect()))
    }

    /// The role with exactly this account, path and name.
    pub(crate) fn find<'i>(&self, index: &'i Index) -> Option<&'i Arc<RoleEntry>> {
        index.role_by_arn(self.account, self.path, self.name)
    }

    pub(crate) fn as_str(&self) -> &'a str {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_an_account_a_path_and_a_name() {
        let parts = |text| {
            RoleArn::parse(text).map_or_else(
                |error| error.to_string(),
                |arn| format!("{} {} {}", arn.account, arn.path, arn.name),
            )
        };
        insta::assert_snapshot!(parts("arn:aws:iam::111122223333:role/bot"), @"111122223333 / bot");
        insta::assert_snapshot!(parts("arn:aws:iam::111122223333:role/a/b/bot"), @"111122223333 /a/b/ bot");
        for bad in [
            "arn:aws:iam::111122223333:role",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:rolex/bot",
            "arn:aws:iam::1111:role/bot",
            "arn:aws:sts::111122223333:role/bot",
            "arn:aws:iam::111122223333:user/bot",
        ] {
            assert_eq!(parts(bad), format!("{bad} is invalid"));
        }
    }
}
