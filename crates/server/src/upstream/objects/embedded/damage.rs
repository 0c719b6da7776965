//! Damaged objects: counted and logged when a request meets one.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

/// How often a damaged object was met.
#[derive(Debug, Default)]
pub(super) struct Damage(AtomicU64);

/// What is wrong with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Its file is not what was written.
    Content,
    /// Its file is missing.
    Missing,
    /// Its file is older than the object.
    Older,
    /// Its row in the index is not what was written.
    Row,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Content => "is damaged",
            Self::Missing => "has lost its file",
            Self::Older => "has an older file than was stored last",
            Self::Row => "has a damaged row in the index",
        })
    }
}

impl Damage {
    /// A request met this object.
    pub(super) fn report(&self, bucket: &str, key: &str, fault: Fault) {
        self.0.fetch_add(1, Ordering::Relaxed);
        let key = key.escape_debug();
        tracing::error!(
            bucket,
            object.key = %key,
            "The object `{key}` in the bucket `{bucket}` {fault}: put its file back, or store or \
             delete the object again; `bowline store check` finds all"
        );
    }

    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
