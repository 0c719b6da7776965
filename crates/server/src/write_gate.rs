//! Pauses the writes of the embedded stores for the moment in which a backup looks at them.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A gate that every write passes. Clones are one gate.
#[derive(Clone, Debug, Default)]
pub(crate) struct WriteGate(Arc<RwLock<()>>);

impl WriteGate {
    /// Passes the gate: no pause begins while the result lives.
    pub(crate) fn pass(&self) -> RwLockReadGuard<'_, ()> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the writes that have begun are complete, and keeps others waiting.
    pub(crate) fn pause(&self) -> RwLockWriteGuard<'_, ()> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
