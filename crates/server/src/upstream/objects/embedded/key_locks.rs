//! Locks of keys: those that write one key wait for each other, and hold no thread meanwhile.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OwnedMutexGuard;

/// The locks that are in use.
#[derive(Debug, Default)]
pub(super) struct KeyLocks(Arc<Mutex<Locks>>);

type Locks = HashMap<(String, String), Arc<tokio::sync::Mutex<()>>>;

/// The lock of a key.
#[derive(Debug)]
pub(super) struct KeyLock {
    locks: Arc<Mutex<Locks>>,
    name: (String, String),
    lock: Option<Arc<tokio::sync::Mutex<()>>>,
    guard: Option<OwnedMutexGuard<()>>,
}

impl KeyLocks {
    /// Waits for the others that have this key.
    pub(super) async fn lock(&self, bucket: &str, key: &str) -> KeyLock {
        let name = (bucket.to_owned(), key.to_owned());
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(locks.entry(name.clone()).or_default())
        };
        // Made before it waits: one that is dropped while it waits leaves nothing behind.
        let mut waiting = KeyLock {
            locks: Arc::clone(&self.0),
            name,
            lock: Some(Arc::clone(&lock)),
            guard: None,
        };
        waiting.guard = Some(lock.lock_owned().await);
        waiting
    }
}

impl Drop for KeyLock {
    fn drop(&mut self) {
        self.guard.take();
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        self.lock.take();
        // Clones are made under the same mutex, so the last one here is the map's.
        if locks
            .get(&self.name)
            .is_some_and(|lock| Arc::strong_count(lock) == 1)
        {
            locks.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_at_a_time_has_a_key_and_no_lock_stays() {
        let locks = KeyLocks::default();
        let first = locks.lock("b", "k").await;
        let other = locks.lock("b", "other").await;
        {
            let waiting = locks.lock("b", "k");
            tokio::pin!(waiting);
            assert!(futures_util::poll!(&mut waiting).is_pending());
        }
        let next = locks.lock("b", "k");
        tokio::pin!(next);
        assert!(futures_util::poll!(&mut next).is_pending());
        drop(first);
        drop((next.await, other));
        assert!(locks.0.lock().unwrap().is_empty());
    }
}
