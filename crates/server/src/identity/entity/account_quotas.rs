//! The quotas of accounts: how many entities of each kind an account may have.
//!
//! The defaults are AWS's. An account's record has the quotas that the operator changed. Every
//! transaction that creates a counted entity also puts this record again, so of two that count up
//! to the last one, the second conflicts and decides again.

use std::collections::BTreeMap;

use bowline_iam::account::AccountId;
use serde::{Deserialize, Serialize};

use super::{
    Bucket, Counted, Entity, FeatureLevel, InstanceProfile, InvalidEntity, ManagedPolicy,
    OidcProvider, Role, ServiceAttachment, Table, User, ensure,
};
use crate::identity::store::RecordKey;

/// Most that the operator can allow of entities that an account has as a whole.
pub const MAX_QUOTA: u32 = 1_000_000;

/// Most managed policies of one role or user: AWS's quota can be raised to 20 ("IAM and AWS STS
/// quotas", IAM User Guide).
pub const MAX_ATTACHED_POLICIES: u32 = 20;

macro_rules! quotas {
    ($($(#[doc = $doc:literal])+ $variant:ident $name:literal $default:literal $max:ident;)*) => {
        /// What an account may have a limited number of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Quota {
            $($(#[doc = $doc])+ $variant,)*
        }

        impl Quota {
            /// All quotas.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name, as errors have it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// How many an account may have unless the operator says otherwise.
            pub fn default_value(self) -> u32 {
                match self { $(Self::$variant => $default,)* }
            }

            /// The most that the operator can allow.
            pub fn maximum(self) -> u32 {
                match self { $(Self::$variant => $max,)* }
            }
        }
    };
}

// "IAM and AWS STS quotas", IAM User Guide; "Amazon S3 endpoints and quotas", AWS General
// Reference; "Quotas in Amazon DynamoDB", Amazon DynamoDB Developer Guide. The names of IAM's
// quotas are those in its errors. The others are ours.
quotas! {
    /// Roles.
    Roles "RolesPerAccount" 1_000 MAX_QUOTA;
    /// Users.
    Users "UsersPerAccount" 5_000 MAX_QUOTA;
    /// Customer managed policies.
    Policies "PoliciesPerAccount" 1_500 MAX_QUOTA;
    /// Instance profiles.
    InstanceProfiles "InstanceProfilesPerAccount" 1_000 MAX_QUOTA;
    /// OIDC providers.
    OidcProviders "OpenIdConnectProvidersPerAccount" 100 MAX_QUOTA;
    /// Managed policies that are attached to one role.
    AttachedToRole "PoliciesPerRole" 10 MAX_ATTACHED_POLICIES;
    /// Managed policies that are attached to one user.
    AttachedToUser "PoliciesPerUser" 10 MAX_ATTACHED_POLICIES;
    /// Buckets.
    Buckets "BucketsPerAccount" 10_000 MAX_QUOTA;
    /// Tables of one region.
    Tables "TablesPerRegion" 2_500 MAX_QUOTA;
    /// Policies, keys, certificates, descriptions and tags together, in MiB, as they are stored.
    /// AWS has no such quota. What its other quotas allow without white space and tags fits.
    Documents "DocumentMebibytesPerAccount" 64 MAX_QUOTA;
    /// Resources of services that have a role attached. AWS has no such quota.
    ServiceAttachments "ServiceAttachmentsPerAccount" 5_000 MAX_QUOTA;
}

impl Quota {
    /// The quota with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|quota| quota.name() == name)
    }

    /// The quota that a new record of this kind counts against.
    pub fn of_kind(kind: &str) -> Option<Self> {
        Some(match kind {
            Role::KIND => Self::Roles,
            User::KIND => Self::Users,
            ManagedPolicy::KIND => Self::Policies,
            InstanceProfile::KIND => Self::InstanceProfiles,
            OidcProvider::KIND => Self::OidcProviders,
            Bucket::KIND => Self::Buckets,
            Table::KIND => Self::Tables,
            ServiceAttachment::KIND => Self::ServiceAttachments,
            _ => return None,
        })
    }
}

/// The quotas of one account that differ from the defaults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountQuotas {
    /// The account.
    #[serde(with = "crate::serde_text")]
    pub account: AccountId,
    /// The quotas, by their names. Those of later builds stay as they are.
    #[serde(default)]
    pub quotas: BTreeMap<String, u32>,
}

impl AccountQuotas {
    /// The defaults.
    pub fn new(account: AccountId) -> Self {
        Self {
            account,
            quotas: BTreeMap::new(),
        }
    }

    /// How many the account may have.
    pub fn value(&self, quota: Quota) -> u32 {
        let changed = self.quotas.get(quota.name()).copied();
        changed
            .unwrap_or(quota.default_value())
            .min(quota.maximum())
    }

    /// Allows so many, or the default.
    pub fn set(&mut self, quota: Quota, value: Option<u32>) {
        match value {
            Some(value) => {
                self.quotas.insert(quota.name().to_owned(), value);
            }
            None => {
                self.quotas.remove(quota.name());
            }
        }
    }
}

impl Entity for AccountQuotas {
    const KIND: &'static str = "account-quotas";
    /// A build that skipped the record would allow more than the operator did.
    const LEVEL: u32 = FeatureLevel::ACCOUNT_QUOTAS.number();

    fn key(&self) -> RecordKey {
        RecordKey::account_quotas(self.account)
    }

    /// Each account has one.
    fn counted(&self) -> Option<Counted> {
        None
    }

    fn validate(&self) -> Result<(), InvalidEntity> {
        ensure(self.quotas.len() <= 100, "quotas", "are too many")?;
        ensure(
            self.quotas.keys().all(|name| name.len() <= 64),
            "quota",
            "has a name that is too long",
        )?;
        ensure(
            self.quotas.values().all(|value| *value <= MAX_QUOTA),
            "quota",
            "is too high",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::store::record;

    #[test]
    fn a_quota_of_a_later_build_stays_and_counts_for_nothing() {
        let stored = r#"{"format":2,"kind":"account-quotas","record":{"account":"432797229265","quotas":{"MoonsPerAccount":3,"RolesPerAccount":2000}}}"#;
        let key = RecordKey::from_stored("account-quotas/432797229265");
        let mut quotas: AccountQuotas = record::decode(&key, stored.as_bytes()).unwrap();
        assert_eq!(quotas.value(Quota::Roles), 2_000);
        assert_eq!(quotas.value(Quota::Users), 5_000);
        quotas.set(Quota::Roles, None);
        assert_eq!(quotas.value(Quota::Roles), 1_000);
        let written = record::encode(&quotas).unwrap();
        insta::assert_snapshot!(str::from_utf8(&written).unwrap(), @r#"{"format":2,"kind":"account-quotas","record":{"account":"432797229265","quotas":{"MoonsPerAccount":3}}}"#);
    }

    #[test]
    fn every_name_leads_to_its_quota() {
        for quota in Quota::ALL {
            assert_eq!(Quota::from_name(quota.name()), Some(*quota));
            assert!(quota.default_value() <= quota.maximum());
        }
        assert_eq!(Quota::from_name("MoonsPerAccount"), None);
    }
}
