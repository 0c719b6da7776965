//! Builds the index of a snapshot, and the next index after a commit.
//!
//! A damaged record of a known kind stops the index, and so does one in a newer format: it may hold
//! a rule, and a record that exists must not be taken for one that does not. A record of an unknown
//! kind is skipped and counted. That is safe because a kind that could deny something raises the
//! store's [feature level](entity::feature_level), and a level that this build does not know stops
//! the index.

mod principals;
mod services;

use std::sync::Arc;

use bowline_iam::account::AccountId;

use super::{
    AccountEntry, BucketEntry, Index, Indexed, PolicyEntry, ProviderEntry, TableEntry,
    compiled::Compiled,
    name::{NameKey, NameRef},
};
use crate::{
    crypto::{
        keyring::{Keyring, KeyringError, KeyringRecord},
        master_key::MasterKey,
    },
    identity::{
        entity::{self, Entity, FeatureLevel},
        store::{
            Batch, Change, RecordKey, Revision, Snapshot,
            record::{self, RecordError},
        },
    },
};

/// Why records cannot be indexed.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// A record of a known kind has a newer format.
    #[error(transparent)]
    NewerFormat(RecordError),
    /// A record of a known kind is damaged.
    #[error("a record is damaged")]
    Damaged(#[source] RecordError),
    /// The store has a feature level that this build does not know.
    #[error("the store has feature level {found}, this version of bowline reads up to {}", FeatureLevel::NEWEST.number())]
    NewerFeatureLevel {
        /// The store's level.
        found: u32,
    },
    /// The store's feature level cannot be read.
    #[error("reading the feature level")]
    FeatureLevelRecord(#[source] RecordError),
    /// The keyring does not open, most likely because the master key is another one.
    #[error("opening the keyring")]
    Keyring(#[from] KeyringError),
    /// The keyring cannot be read.
    #[error("reading the keyring")]
    KeyringRecord(#[source] RecordError),
}

impl Index {
    /// The index of a whole store.
    ///
    /// # Errors
    /// [`IndexError`] if this build must not read the store.
    pub fn build(snapshot: &Snapshot, master_key: &MasterKey) -> Result<Self, IndexError> {
        let mut index = Self::default();
        for entry in &snapshot.records {
            index.put(&entry.key, &entry.value, entry.revision, master_key)?;
        }
        index.revision = snapshot.revision;
        Ok(index)
    }

    /// The index after one more commit. It shares all but a path with this one.
    ///
    /// # Errors
    /// [`IndexError`] if this build must not read the commit.
    pub fn after(&self, batch: &Batch, master_key: &MasterKey) -> Result<Self, IndexError> {
        let mut index = self.clone();
        for change in batch.changes.iter() {
            match change {
                Change::Put(key, value) => index.put(key, value, batch.revision, master_key)?,
                Change::Delete(key) => index.delete(key),
            }
        }
        index.revision = batch.revision;
        Ok(index)
    }

    fn put(
        &mut self,
        key: &RecordKey,
        value: &[u8],
        revision: Revision,
        master_key: &MasterKey,
    ) -> Result<(), IndexError> {
        match key.kind() {
            "access-key" => self.put_access_key(key, value, revision, master_key),
            "account" => self.put_account(key, value, revision),
            "account-quotas" => self.put_account_quotas(key, value, revision),
            "bucket" => self.put_bucket(key, value, revision),
            "feature-level" => self.put_feature_level(key, value, revision),
            "instance-profile" => self.put_instance_profile(key, value, revision),
            "keyring" => self.put_keyring(key, value, revision, master_key),
            "policy" => self.put_policy(key, value, revision),
            "provider" => self.put_provider(key, value, revision),
            "role" => self.put_role(key, value, revision),
            "service-attachment" => self.put_service_attachment(key, value, revision),
            "table" => self.put_table(key, value, revision),
            "user" => self.put_user(key, value, revision),
            // Look-ups keep names unique in the store. The index has maps of its own.
            "instance-profile-name"
            | "policy-name"
            | "provider-url"
            | "role-name"
            | "user-name" => Ok(()),
            kind => {
                let count = self.skipped.get(kind).copied().unwrap_or_default();
                self.skipped
                    .insert_mut(kind.into(), count.saturating_add(1));
                Ok(())
            }
        }
    }

    fn delete(&mut self, key: &RecordKey) {
        let id = key.name();
        match key.kind() {
            "access-key" => self.remove_access_key(id),
            "account" => {
                if let Ok(id) = id.parse::<AccountId>() {
                    self.accounts.remove_mut(&id);
                }
            }
            "account-quotas" => {
                if let Ok(id) = id.parse::<AccountId>() {
                    self.account_quotas.remove_mut(&id);
                }
            }
            "bucket" => self.remove_bucket(id),
            "feature-level" => self.feature_level = None,
            "instance-profile" => self.remove_instance_profile(id),
            "keyring" => {
                self.keyring = Arc::default();
                self.keyring_record = None;
            }
            "policy" => self.remove_policy(id),
            "provider" => self.remove_provider(id),
            "role" => self.remove_role(id),
            "service-attachment" => self.remove_service_attachment(key),
            "table" => self.remove_table(key),
            "user" => self.remove_user(id),
            _ => {}
        }
    }

    fn put_account(
        &mut self,
        key: &RecordKey,
        value: &[u8],
        revision: Revision,
    ) -> Result<(), IndexError> {
        let record = read::<entity::Account>(key, value)?;
        let id = record.id;
        let account = AccountEntry {
            record: Arc::new(record),
            revision,
        };
        self.accounts.insert_mut(id, Arc::new(account));
        Ok(())
    }

    fn put_account_quotas(
        &mut self,
        key: &RecordKey,
        value: &[u8],
        revision: Revision,
    ) -> Result<(), IndexError> {
        let record = read::<entity::AccountQuotas>(key, value)?;
        let quotas = Indexed {
            record: Arc::new(record),
            revision,
        };
        self.account_quotas
            .insert_mut(quotas.record.account, Arc::new(quotas));
        Ok(())
    }

    fn put_policy(
        &mut self,
        key: &RecordKey,
        value: &[u8],
        revision: Revision,
    ) -> Result<(), IndexError> {
        let before = self.policies.get(key.name()).cloned();
        self.remove_policy(key.name());
        let record = read::<entity::ManagedPolicy>(key, value)?;
        let document = record.default().map(|version| version.document.as_str());
        let known = before.as_ref().filter(|policy| {
            policy
                .record
                .default()
                .map(|version| version.document.as_str())
                == document
        });
        let compiled = match known {
            Some(policy) => policy.compiled.clone(),
            None => Compiled::managed(key, document.unwrap_or_default()),
        };
        let policy = Arc::new(PolicyEntry {
            compiled,
            arn: record.arn().into(),
            record: Arc::new(record),
            revision,
        });
        let (id, account) = (policy.record.id.clone(), policy.record.account);
        let name = policy.record.name.clone();
        self.policies.insert(id.as_str(), account, &name, policy);
        Ok(())
    }

    fn remove_policy(&mut self, id: &str) {
        if let Some(policy) = self.policies.get(id).cloned() {
            let record = &policy.record;
            self.policies.remove(id, record.account, &record.name);
        }
    }

    fn put_provider(
        &mut self,
        key: &RecordKey,
        value: &[u8],
        revision: Revision,
    ) -> Result<(), IndexError> {
        self.remove_provider(key.name());
        let record = read::<entity::OidcProvider>(key, value)?;
        let provider = Arc::new(ProviderEntry {
            arn: record.arn().into(),
            record: Arc::new(record),
            revision,
        });
        let (id, account) = (provider.record.id.clone(), provider.record.account);
        let address = provider.record.address().to_owned();
        self.change_issuer(&provider, |list| list.push(Arc::clone(&provider)));
        self.providers
            .insert(id.as_str(), account, &address, provider);
        Ok(())
    }

    fn remove_provider(&mut self, id: &str) {
        if let Some(provider) = self.providers.get(id).cloned() {
            let record = &provider.record;
            self.change_issuer(&provider, |list| {
                list.retain(|other| other.record.id != record.id);
            });
            self.providers.remove(id, record.account, record.address());
        }
    }

    /// Changes the list of providers that share one's issuer.
    fn change_issuer(
        &mut self,
        provider: &ProviderEntry,
        change: impl FnOnce(&mut Vec<Arc<ProviderEntry>>),
    ) {
        let (account, issuer) = (provider.record.account, provider.record.issuer());
        let shared = self
            .providers_by_issuer
            .get(&(account, issuer) as &dyn NameRef);
        let mut list = shared.map_or_else(Vec::new, |list| list.to_vec());
        change(&mut list);
        if list.is_empty() {
            self.providers_by_issuer
                .remove_mut(&(account, issuer) as &dyn NameRef);
        } else {
            self.providers_by_issuer
                .insert_mut(NameKey::new(account, issuer), list.into());
        }
    }

    fn put_bucket(
        &mut self,
        key: &RecordKey,
        value: &[u8],
        revision: Revision,
    ) -> Result<(), IndexError> {
        self.remove_bucket(key.name());
        let record = read::<entity::Bucket>(key, value)?;
        let owner = record.owner;
        let bucket = BucketEntry {
            record: Arc::new(record),
            revision,
        };
        self.buckets
            .insert(key.name(), owner, key.name(), Arc::new(bucket));
        Ok(())
    }

    fn remove_bucket(&mut self, name: &str) {
        if let Some(bucket) = self.buckets.get(name).cloned() {
            self.buckets.remove(name, bucket.record.owner, name);
        }
    }

    fn put_table(
        &mut self,
        key: &RecordKey,
        value: &[u8],
        revision: Revision,
    ) -> Result<(), IndexError> {
        self.remove_table(key);
        let record = read::<entity::Table>(key, value)?;
        self.table_counts
            .add((record.account, record.region.as_str().into()), 1);
        self.table_documents
            .add(record.account, record.document_bytes());
        let table = TableEntry {
            record: Arc::new(record),
            revision,
        };
        self.tables.insert_mut(key.clone(), Arc::new(table));
        Ok(())
    }

    fn remove_table(&mut self, key: &RecordKey) {
        if let Some(table) = self.tables.get(key) {
            let record = &table.record;
            self.table_counts
                .subtract((record.account, record.region.as_str().into()), 1);
            self.table_documents
                .subtract(record.account, record.document_bytes());
            self.tables.remove_mut(key);
        }
    }

    /// A keyring that cannot be read stops the index: without it no session opens.
    fn put_keyring(
        &mut self,
        key: &RecordKey,
        value: &[u8],
        revision: Revision,
        master_key: &MasterKey,
    ) -> Result<(), IndexError> {
        let record: KeyringRecord =
            record::decode(key, value).map_err(IndexError::KeyringRecord)?;
        let keyring: Keyring = record.open(master_key)?;
        self.keyring = Arc::new(keyring);
        self.keyring_record = Some(Arc::new(Indexed {
            record: Arc::new(record),
            revision,
        }));
        Ok(())
    }

    /// A level that cannot be read stops the server: what it may skip and write depends on it.
    fn put_feature_level(
        &mut self,
        key: &RecordKey,
        value: &[u8],
        revision: Revision,
    ) -> Result<(), IndexError> {
        let record: FeatureLevel =
            record::decode(key, value).map_err(IndexError::FeatureLevelRecord)?;
        if record > FeatureLevel::NEWEST {
            let found = record.number();
            return Err(IndexError::NewerFeatureLevel { found });
        }
        self.feature_level = Some(Indexed {
            record: Arc::new(record),
            revision,
        });
        Ok(())
    }
}

/// Decodes a record.
fn read<E: Entity>(key: &RecordKey, value: &[u8]) -> Result<E, IndexError> {
    match record::decode(key, value) {
        Ok(record) => Ok(record),
        Err(error @ RecordError::NewerFormat { .. }) => Err(IndexError::NewerFormat(error)),
        Err(
            error @ (RecordError::WrongKind { .. }
            | RecordError::Syntax { .. }
            | RecordError::Invalid { .. }
            | RecordError::Misplaced { .. }),
        ) => Err(IndexError::Damaged(error)),
    }
}
