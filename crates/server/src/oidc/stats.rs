//! Counts what verification costs, for metrics and for tests.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the start.
#[derive(Debug, Default)]
pub struct Stats {
    pub(super) fetches: Count,
    pub(super) failed_fetches: Count,
    pub(super) limited_fetches: Count,
    pub(super) refetches: Count,
    pub(super) negative_hits: Count,
    pub(super) stale_uses: Count,
    pub(super) verifications: Count,
    pub(super) memory_hits: Count,
}

#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Stats {
    /// Discoveries that were started: at most two requests each.
    pub fn fetches(&self) -> u64 {
        self.fetches.get()
    }

    /// Discoveries that failed.
    pub fn failed_fetches(&self) -> u64 {
        self.failed_fetches.get()
    }

    /// Fetches of documents that were refused because of the limits.
    pub fn limited_fetches(&self) -> u64 {
        self.limited_fetches.get()
    }

    /// Discoveries for an unknown key, or for a signature that no cached key verifies.
    pub fn refetches(&self) -> u64 {
        self.refetches.get()
    }

    /// Tokens rejected for an unknown key without another discovery.
    pub fn negative_hits(&self) -> u64 {
        self.negative_hits.get()
    }

    /// Uses of expired keys, because newer ones could not be fetched.
    pub fn stale_uses(&self) -> u64 {
        self.stale_uses.get()
    }

    /// Signatures that were checked, valid or not.
    pub fn verifications(&self) -> u64 {
        self.verifications.get()
    }

    /// Signatures that were found in the cache.
    pub fn memory_hits(&self) -> u64 {
        self.memory_hits.get()
    }
}
