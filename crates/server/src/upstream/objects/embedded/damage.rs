//! Damaged objects: counted and logged when a request meets one.

use std::sync::atomic::{AtomicU64, Ordering};

/// How often a damaged object was met.
#[derive(Debug, Default)]
pub(super) struct Damage(AtomicU64);

impl Damage {
    /// A request met this object.
    pub(super) fn report(&self, bucket: &str, key: &str) {
        self.0.fetch_add(1, Ordering::Relaxed);
        let key = key.escape_debug();
        tracing::error!(
            bucket,
            object.key = %key,
            "The object `{key}` in the bucket `{bucket}` is damaged: restore it, or delete it"
        );
    }

    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
