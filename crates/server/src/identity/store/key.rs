//! The names of records.
//!
//! A [`RecordKey`] is typed and renders to a path such as `role/111122223333/AROAEXAMPLEID`, the form that every store keeps. A
//! look-up (a unique name, an access key id, a bucket's name) is a key of its own, so that a transaction's conditions can
//! hold uniqueness without an index that only some stores have. Names compare without case, so their keys are lower case.

use std::fmt;

use bowline_iam::account::AccountId;

use crate::identity::entity::UniqueId;

/// Longest rendered key, in bytes. Provider addresses are the longest part, at most 255 characters.
pub const MAX_KEY_BYTES: usize = 512;

/// The name of one record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey(Box<str>);

impl RecordKey {
    /// `account/{account}`: an [`Account`](crate::identity::entity::Account).
    pub fn account(account: AccountId) -> Self {
        Self::from_parts(&["account", account.as_str()])
    }

    /// `access-key/{access key id}`: an [`AccessKey`](crate::identity::entity::AccessKey).
    pub fn access_key(access_key_id: &str) -> Self {
        Self::from_parts(&["access-key", access_key_id])
    }

    /// `user/{account}/{id}`: a [`User`](crate::identity::entity::User).
    pub fn user(account: AccountId, id: &UniqueId) -> Self {
        Self::from_parts(&["user", account.as_str(), id.as_str()])
    }

    /// `user-name/{account}/{name}`: the id of the user with this name.
    pub fn user_name(account: AccountId, name: &str) -> Self {
        Self::from_parts(&["user-name", account.as_str(), &lower(name)])
    }

    /// `role/{account}/{id}`: a [`Role`](crate::identity::entity::Role).
    pub fn role(account: AccountId, id: &UniqueId) -> Self {
        Self::from_parts(&["role", account.as_str(), id.as_str()])
    }

    /// `role-name/{account}/{name}`: the id of the role with this name.
    pub fn role_name(account: AccountId, name: &str) -> Self {
        Self::from_parts(&["role-name", account.as_str(), &lower(name)])
    }

    /// `instance-profile/{account}/{id}`: an [`InstanceProfile`](crate::identity::entity::InstanceProfile).
    pub fn instance_profile(account: AccountId, id: &UniqueId) -> Self {
        Self::from_parts(&["instance-profile", account.as_str(), id.as_str()])
    }

    /// `instance-profile-name/{account}/{name}`: the id of the instance profile with this name.
    pub fn instance_profile_name(account: AccountId, name: &str) -> Self {
        Self::from_parts(&["instance-profile-name", account.as_str(), &lower(name)])
    }

    /// `policy/{account}/{id}`: a [`ManagedPolicy`](crate::identity::entity::ManagedPolicy).
    pub fn policy(account: AccountId, id: &UniqueId) -> Self {
        Self::from_parts(&["policy", account.as_str(), id.as_str()])
    }

    /// `policy-name/{account}/{name}`: the id of the managed policy with this name.
    pub fn policy_name(account: AccountId, name: &str) -> Self {
        Self::from_parts(&["policy-name", account.as_str(), &lower(name)])
    }

    /// `provider/{account}/{id}`: an [`OidcProvider`](crate::identity::entity::OidcProvider).
    pub fn provider(account: AccountId, id: &UniqueId) -> Self {
        Self::from_parts(&["provider", account.as_str(), id.as_str()])
    }

    /// `provider-url/{account}/{url without scheme}`: the id of the provider with this address.
    pub fn provider_url(account: AccountId, url: &str) -> Self {
        Self::from_parts(&["provider-url", account.as_str(), &lower(url)])
    }

    /// `bucket/{name}`: a [`Bucket`](crate::identity::entity::Bucket). Bucket names are unique on the server.
    pub fn bucket(name: &str) -> Self {
        Self::from_parts(&["bucket", name])
    }

    /// `service-attachment/{account}/{resource ARN}`: a [`ServiceAttachment`](crate::identity::entity::ServiceAttachment). ARNs compare with
    /// case, and may have slashes.
    pub fn service_attachment(account: AccountId, resource: &str) -> Self {
        Self::from_parts(&["service-attachment", account.as_str(), resource])
    }

    /// `table/{account}/{region}/{name}`: a [`Table`](crate::identity::entity::Table). The names of tables differ by case too.
    pub fn table(account: AccountId, region: &str, name: &str) -> Self {
        Self::from_parts(&["table", account.as_str(), region, name])
    }

    /// `feature-level`: the [`FeatureLevel`](crate::identity::entity::FeatureLevel) of the store.
    pub fn feature_level() -> Self {
        Self::from_parts(&["feature-level"])
    }

    /// `keyring`: the sealed keyring.
    pub fn keyring() -> Self {
        Self::from_parts(&["keyring"])
    }

    /// A key as a store kept it.
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The rendered path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first segment, which says what kind of record it names.
    pub fn kind(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// The last segment, which says which record of its kind and account it names. A look-up's name may have slashes.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Account and name in `{kind}/{account}/{name}`, where the name may have slashes.
    pub fn in_account(&self) -> Option<(AccountId, &str)> {
        let (_, rest) = self.0.split_once('/')?;
        let (account, name) = rest.split_once('/')?;
        Some((account.parse().ok()?, name))
    }

    fn from_parts(parts: &[&str]) -> Self {
        Self(parts.join("/").into_boxed_str())
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn lower(name: &str) -> String {
    name.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_case_are_one_key() {
        let account: AccountId = "111122223333".parse().unwrap();
        insta::assert_snapshot!(RecordKey::role_name(account, "Bot-Builder"), @"role-name/111122223333/bot-builder");
    }
}
