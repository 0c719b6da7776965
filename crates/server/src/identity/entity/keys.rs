//! The keys of every kind of record and of its look-ups.
//!
//! Names are unique ignoring ASCII case unless stated otherwise, so their keys are lower case.

use bowline_iam::account::AccountId;

use super::UniqueId;
use crate::identity::store::RecordKey;

impl RecordKey {
    /// `account/{account}`: an [`Account`](super::Account).
    pub fn account(account: AccountId) -> Self {
        Self::from_parts(&["account", account.as_str()])
    }

    /// `account-quotas/{account}`: an [`AccountQuotas`](super::AccountQuotas).
    pub fn account_quotas(account: AccountId) -> Self {
        Self::from_parts(&["account-quotas", account.as_str()])
    }

    /// `access-key/{access key id}`: an [`AccessKey`](super::AccessKey).
    pub fn access_key(access_key_id: &str) -> Self {
        Self::from_parts(&["access-key", access_key_id])
    }

    /// `user/{account}/{id}`: a [`User`](super::User).
    pub fn user(account: AccountId, id: &UniqueId) -> Self {
        Self::from_parts(&["user", account.as_str(), id.as_str()])
    }

    /// `user-name/{account}/{name}`: the id of the user with this name.
    pub fn user_name(account: AccountId, name: &str) -> Self {
        Self::from_parts(&["user-name", account.as_str(), &lower(name)])
    }

    /// `role/{account}/{id}`: a [`Role`](super::Role).
    pub fn role(account: AccountId, id: &UniqueId) -> Self {
        Self::from_parts(&["role", account.as_str(), id.as_str()])
    }

    /// `role-name/{account}/{name}`: the id of the role with this name.
    pub fn role_name(account: AccountId, name: &str) -> Self {
        Self::from_parts(&["role-name", account.as_str(), &lower(name)])
    }

    /// `instance-profile/{account}/{id}`: an [`InstanceProfile`](super::InstanceProfile).
    pub fn instance_profile(account: AccountId, id: &UniqueId) -> Self {
        Self::from_parts(&["instance-profile", account.as_str(), id.as_str()])
    }

    /// `instance-profile-name/{account}/{name}`: the id of the instance profile with this name.
    pub fn instance_profile_name(account: AccountId, name: &str) -> Self {
        Self::from_parts(&["instance-profile-name", account.as_str(), &lower(name)])
    }

    /// `policy/{account}/{id}`: a [`ManagedPolicy`](super::ManagedPolicy).
    pub fn policy(account: AccountId, id: &UniqueId) -> Self {
        Self::from_parts(&["policy", account.as_str(), id.as_str()])
    }

    /// `policy-name/{account}/{name}`: the id of the managed policy with this name.
    pub fn policy_name(account: AccountId, name: &str) -> Self {
        Self::from_parts(&["policy-name", account.as_str(), &lower(name)])
    }

    /// `keyring`: the [`KeyringRecord`](crate::crypto::keyring::KeyringRecord).
    pub fn keyring() -> Self {
        Self::from_parts(&["keyring"])
    }

    /// `provider/{account}/{id}`: an [`OidcProvider`](super::OidcProvider).
    pub fn provider(account: AccountId, id: &UniqueId) -> Self {
        Self::from_parts(&["provider", account.as_str(), id.as_str()])
    }

    /// `provider-url/{account}/{url without scheme}`: the id of the provider with this address.
    pub fn provider_url(account: AccountId, url: &str) -> Self {
        Self::from_parts(&["provider-url", account.as_str(), &lower(url)])
    }

    /// `bucket/{name}`: a [`Bucket`](super::Bucket). Bucket names are unique on the server.
    pub fn bucket(name: &str) -> Self {
        Self::from_parts(&["bucket", name])
    }

    /// `service-attachment/{account}/{resource ARN}`: a
    /// [`ServiceAttachment`](super::ServiceAttachment). ARNs compare with case, and may have
    /// slashes.
    pub fn service_attachment(account: AccountId, resource: &str) -> Self {
        Self::from_parts(&["service-attachment", account.as_str(), resource])
    }

    /// `table/{account}/{region}/{name}`: a [`Table`](super::Table). The names of tables differ by
    /// case too.
    pub fn table(account: AccountId, region: &str, name: &str) -> Self {
        Self::from_parts(&["table", account.as_str(), region, name])
    }

    /// `feature-level`: the [`FeatureLevel`](super::FeatureLevel) of the store.
    pub fn feature_level() -> Self {
        Self::from_parts(&["feature-level"])
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
