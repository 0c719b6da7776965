//! Counts by key, in a persistent map: a copy is free, a change copies a path.

use std::ops::Bound;

use rpds::RedBlackTreeMapSync;

/// How many there are of each. A key that has none is absent.
#[derive(Clone, Debug)]
pub(super) struct Counts<K: Ord>(RedBlackTreeMapSync<K, usize>);

impl<K: Ord + Clone> Counts<K> {
    pub(super) fn get(&self, key: &K) -> usize {
        self.0.get(key).copied().unwrap_or_default()
    }

    /// The counts of this key and all greater ones.
    pub(super) fn from(&self, key: K) -> impl Iterator<Item = (&K, usize)> {
        self.0
            .range((Bound::Included(key), Bound::Unbounded))
            .map(|(key, count)| (key, *count))
    }

    pub(super) fn add(&mut self, key: K, more: usize) {
        if more > 0 {
            let count = self.get(&key);
            self.0.insert_mut(key, count.saturating_add(more));
        }
    }

    pub(super) fn subtract(&mut self, key: K, fewer: usize) {
        match self.get(&key).saturating_sub(fewer) {
            0 => {
                self.0.remove_mut(&key);
            }
            count => {
                self.0.insert_mut(key, count);
            }
        }
    }
}

impl<K: Ord> Default for Counts<K> {
    fn default() -> Self {
        Self(RedBlackTreeMapSync::default())
    }
}
