//! Entities of one kind, by id and by account and name. The maps are persistent: a copy is free, a
//! change copies a path.

use std::{ops::Bound, sync::Arc};

use bowline_iam::account::AccountId;
use rpds::{HashTrieMapSync, RedBlackTreeMapSync};

use super::{
    counts::Counts,
    name::{NameKey, NameRef},
};

/// Entities of one kind. Ids are unique on the server, names in their account ignoring case.
#[derive(Debug)]
pub(super) struct Directory<T> {
    by_id: HashTrieMapSync<Box<str>, Arc<T>>,
    by_name: RedBlackTreeMapSync<NameKey, Arc<T>>,
    counts: Counts<AccountId>,
    /// The bytes of their documents.
    bytes: Counts<AccountId>,
}

/// An entry whose documents count against a quota.
pub(super) trait HasDocuments {
    fn document_bytes(&self) -> usize;
}

impl<T: HasDocuments> Directory<T> {
    pub(super) fn get(&self, id: &str) -> Option<&Arc<T>> {
        self.by_id.get(id)
    }

    pub(super) fn find(&self, account: AccountId, name: &str) -> Option<&Arc<T>> {
        self.by_name.get(&(account, name) as &dyn NameRef)
    }

    /// The entities of an account by name, after `marker` if there is one.
    pub(super) fn list(
        &self,
        account: AccountId,
        marker: Option<&str>,
    ) -> impl Iterator<Item = &Arc<T>> + use<'_, T> {
        let start = match marker {
            Some(name) => Bound::Excluded(NameKey::new(account, name)),
            None => Bound::Included(NameKey::new(account, "")),
        };
        self.by_name
            .range((start, Bound::Unbounded))
            .take_while(move |(key, _)| key.account() == account)
            .map(|(_, entity)| entity)
    }

    pub(super) fn insert(&mut self, id: &str, account: AccountId, name: &str, entity: Arc<T>) {
        // An entity stays in its account.
        match self.by_id.get(id) {
            Some(before) => self.bytes.subtract(account, before.document_bytes()),
            None => self.counts.add(account, 1),
        }
        self.bytes.add(account, entity.document_bytes());
        self.by_id.insert_mut(id.into(), Arc::clone(&entity));
        self.by_name.insert_mut(NameKey::new(account, name), entity);
    }

    pub(super) fn remove(&mut self, id: &str, account: AccountId, name: &str) {
        if let Some(before) = self.by_id.get(id) {
            self.bytes.subtract(account, before.document_bytes());
            self.counts.subtract(account, 1);
            self.by_id.remove_mut(id);
        }
        self.by_name.remove_mut(&(account, name) as &dyn NameRef);
    }

    /// The bytes of an account's documents.
    pub(super) fn account_document_bytes(&self, account: AccountId) -> usize {
        self.bytes.get(&account)
    }

    /// The bytes of an entity's documents.
    pub(super) fn document_bytes(&self, id: &str) -> usize {
        self.get(id).map_or(0, |entity| entity.document_bytes())
    }

    /// How many an account has.
    pub(super) fn count(&self, account: AccountId) -> usize {
        self.counts.get(&account)
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.size()
    }
}

impl<T> Clone for Directory<T> {
    fn clone(&self) -> Self {
        Self {
            by_id: self.by_id.clone(),
            by_name: self.by_name.clone(),
            counts: self.counts.clone(),
            bytes: self.bytes.clone(),
        }
    }
}

impl<T> Default for Directory<T> {
    fn default() -> Self {
        Self {
            by_id: HashTrieMapSync::default(),
            by_name: RedBlackTreeMapSync::default(),
            counts: Counts::default(),
            bytes: Counts::default(),
        }
    }
}
