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
}

impl<T> Directory<T> {
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
        if !self.by_id.contains_key(id) {
            self.counts.add(account);
        }
        self.by_id.insert_mut(id.into(), Arc::clone(&entity));
        self.by_name.insert_mut(NameKey::new(account, name), entity);
    }

    pub(super) fn remove(&mut self, id: &str, account: AccountId, name: &str) {
        if self.by_id.remove_mut(id) {
            self.counts.subtract(account);
        }
        self.by_name.remove_mut(&(account, name) as &dyn NameRef);
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
        }
    }
}

impl<T> Default for Directory<T> {
    fn default() -> Self {
        Self {
            by_id: HashTrieMapSync::default(),
            by_name: RedBlackTreeMapSync::default(),
            counts: Counts::default(),
        }
    }
}
