//! Checks a transaction against the quotas of accounts: how many entities they have, and how large
//! their documents are together.
//!
//! The index counts entities and bytes of each account as it changes, so a check counts nothing.
//! The check is exact: an admitted transaction puts the account's [`AccountQuotas`] again and
//! requires the revision that the count is from. If another transaction was admitted meanwhile, it
//! conflicts. Deletions do not conflict, since they only make room.

use bowline_iam::account::AccountId;

use super::{Index, Indexed};
use crate::identity::{
    entity::{
        AccountQuotas, Counted, Entity as _, FeatureLevel, ManagedPolicy, OidcProvider, Quota,
        Role, Table, User,
    },
    store::{RecordKey, Transaction},
};

const MEBIBYTE: usize = 1024 * 1024;

/// An account has as many entities of a kind as it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("account {account} has used up its quota {}: {max}", .quota.name())]
pub struct QuotaExceeded {
    /// The account.
    pub account: AccountId,
    /// The quota.
    pub quota: Quota,
    /// How many the account may have.
    pub max: u32,
}

impl Index {
    /// The quotas of an account that the operator changed. None before the first counted entity.
    pub fn account_quotas(&self, account: AccountId) -> Option<&Indexed<AccountQuotas>> {
        self.account_quotas.get(&account).map(|quotas| &**quotas)
    }

    /// How many an account may have.
    pub fn quota(&self, account: AccountId, quota: Quota) -> u32 {
        self.account_quotas(account)
            .map_or(quota.default_value(), |quotas| quotas.record.value(quota))
    }

    /// How many an account has. For tables: in the region that has the most. None for quotas of
    /// single roles and users.
    pub fn quota_used(&self, account: AccountId, quota: Quota) -> Option<usize> {
        Some(match quota {
            Quota::Roles => self.roles.count(account),
            Quota::Users => self.users.count(account),
            Quota::Policies => self.policies.count(account),
            Quota::InstanceProfiles => self.instance_profiles.count(account),
            Quota::OidcProviders => self.providers.count(account),
            Quota::Buckets => self.buckets.count(account),
            Quota::Tables => self.table_regions(account).max().unwrap_or_default(),
            Quota::Documents => self.document_bytes(account).div_ceil(MEBIBYTE),
            Quota::ServiceAttachments => self.attachment_counts.get(&account),
            Quota::AttachedToRole | Quota::AttachedToUser => return None,
        })
    }

    /// How many tables an account has in a region.
    pub fn table_count(&self, account: AccountId, region: &str) -> usize {
        self.table_counts.get(&(account, region.into()))
    }

    /// In how many regions an account has tables.
    pub fn table_region_count(&self, account: AccountId) -> usize {
        self.table_regions(account).count()
    }

    fn table_regions(&self, account: AccountId) -> impl Iterator<Item = usize> {
        let regions = self.table_counts.from((account, Box::default()));
        regions
            .take_while(move |((of, _), _)| *of == account)
            .map(|(_, count)| count)
    }

    /// How many accounts use at least nine tenths of one of their quotas.
    pub fn accounts_near_quota(&self) -> usize {
        let is_near = |account: AccountId, quota: Quota| {
            let max = u64::from(self.quota(account, quota));
            let (used, max) = if quota == Quota::Documents {
                (self.document_bytes(account), max * MEBIBYTE as u64)
            } else {
                let used = self.quota_used(account, quota);
                (used.unwrap_or_default(), max)
            };
            used > 0 && 10 * used as u64 >= 9 * max
        };
        let is_any_near = |account| Quota::ALL.iter().any(|quota| is_near(account, *quota));
        let accounts = self.accounts.keys();
        accounts.filter(|account| is_any_near(**account)).count()
    }

    /// The bytes of an account's documents.
    pub(super) fn document_bytes(&self, account: AccountId) -> usize {
        self.users.account_document_bytes(account)
            + self.roles.account_document_bytes(account)
            + self.policies.account_document_bytes(account)
            + self.providers.account_document_bytes(account)
            + self.table_documents.get(&account)
    }

    /// The bytes of the documents of a record as it is now.
    fn document_bytes_of(&self, key: &RecordKey) -> usize {
        match key.kind() {
            User::KIND => self.users.document_bytes(key.name()),
            Role::KIND => self.roles.document_bytes(key.name()),
            ManagedPolicy::KIND => self.policies.document_bytes(key.name()),
            OidcProvider::KIND => self.providers.document_bytes(key.name()),
            Table::KIND => {
                let table = self.tables.get(key);
                table.map_or(0, |table| table.record.document_bytes())
            }
            _ => 0,
        }
    }

    /// How much the documents of an account grow with a transaction.
    fn growth(&self, account: AccountId, transaction: &Transaction) -> usize {
        let put = transaction.documents().iter();
        let (mut before, mut after) = (0, 0);
        for documents in put.filter(|put| put.account == account) {
            before += self.document_bytes_of(&documents.key);
            after += documents.bytes;
        }
        after.saturating_sub(before)
    }

    /// The account that a transaction takes more of a quota of.
    pub(super) fn charged(&self, transaction: &Transaction) -> Option<AccountId> {
        let counted = transaction.counted().iter().map(|counted| counted.account);
        let documents = transaction.documents().iter().map(|put| put.account);
        let mut growing = documents.filter(|account| self.growth(*account, transaction) > 0);
        counted.into_iter().next().or_else(|| growing.next())
    }

    /// Admits the new records and the larger documents of a transaction that is decided on this
    /// index.
    ///
    /// # Errors
    /// The first quota that they would exceed.
    pub(super) fn admit(&self, mut transaction: Transaction) -> Result<Transaction, QuotaExceeded> {
        let mut admitted: Vec<(Counted, Quota)> = Vec::new();
        for counted in transaction.counted() {
            let Some(quota) = Quota::of_kind(counted.kind) else {
                continue;
            };
            let same = admitted.iter().filter(|(other, _)| other == counted);
            let used = same.count() + self.used(counted, quota);
            let max = self.quota(counted.account, quota);
            if used >= usize::try_from(max).unwrap_or(usize::MAX) {
                let account = counted.account;
                return Err(QuotaExceeded {
                    account,
                    quota,
                    max,
                });
            }
            admitted.push((counted.clone(), quota));
        }
        let mut accounts: Vec<_> = admitted
            .iter()
            .map(|(counted, _)| counted.account)
            .collect();
        for put in transaction.documents() {
            let (account, growth) = (put.account, self.growth(put.account, &transaction));
            let max = self.quota(account, Quota::Documents);
            let max_bytes = usize::try_from(max).unwrap_or(usize::MAX);
            let max_bytes = max_bytes.saturating_mul(MEBIBYTE);
            if growth > 0 && self.document_bytes(account) + growth > max_bytes {
                let quota = Quota::Documents;
                return Err(QuotaExceeded {
                    account,
                    quota,
                    max,
                });
            }
            if growth > 0 {
                accounts.push(account);
            }
        }
        // Servers of earlier builds share the store until the level is raised, and count nothing.
        if self.feature_level() < FeatureLevel::ACCOUNT_QUOTAS {
            return Ok(transaction);
        }
        accounts.sort_unstable();
        accounts.dedup();
        for account in accounts {
            transaction = match self.account_quotas(account) {
                Some(quotas) => transaction.touch(&*quotas.record, quotas.revision),
                None => transaction.create(&AccountQuotas::new(account)),
            };
        }
        Ok(transaction)
    }

    fn used(&self, counted: &Counted, quota: Quota) -> usize {
        match &counted.region {
            Some(region) => self.table_count(counted.account, region),
            None => self.quota_used(counted.account, quota).unwrap_or_default(),
        }
    }
}
