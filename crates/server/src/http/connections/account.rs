//! How many requests of each account are under way, counted without a lock.
//!
//! An account has one of a fixed number of counters, by a hash that clients cannot know. Accounts
//! that share a counter share a part.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher as _,
    sync::atomic::{AtomicUsize, Ordering},
};

use bowline_iam::account::AccountId;

/// Counters. More than there are accounts with many requests at a time.
const COUNTERS: usize = 4_096;

/// Requests under way, by account.
#[derive(Debug)]
pub(super) struct RequestsByAccount {
    max: usize,
    hash: RandomState,
    counters: Box<[AtomicUsize]>,
}

impl RequestsByAccount {
    /// No requests yet, and at most `max` for each account.
    pub(super) fn new(max: usize) -> Self {
        Self {
            max,
            hash: RandomState::new(),
            counters: (0..COUNTERS).map(|_| AtomicUsize::new(0)).collect(),
        }
    }

    /// Counts a request. Returns its counter, or `None` if the account has its part.
    pub(super) fn begin(&self, account: AccountId) -> Option<usize> {
        let index = usize::try_from(self.hash.hash_one(account)).unwrap_or_default() % COUNTERS;
        let counter = self.counters.get(index)?;
        if counter.fetch_add(1, Ordering::Relaxed) >= self.max {
            counter.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(index)
    }

    /// A request has ended.
    pub(super) fn end(&self, index: usize) {
        if let Some(counter) = self.counters.get(index) {
            counter.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_at_most_its_part() {
        let requests = RequestsByAccount::new(2);
        let account = "111122223333".parse().unwrap();
        let [first, second] = [(), ()].map(|()| requests.begin(account).unwrap());
        assert_eq!(first, second);
        assert_eq!(requests.begin(account), None);
        requests.end(first);
        assert_eq!(requests.begin(account), Some(first));
    }
}
