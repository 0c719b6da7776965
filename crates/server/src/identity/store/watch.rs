//! The recent changes of a store, and those who wait for them.
//!
//! A change log keeps the last commits in memory. A [`Watch`] reads it at its own pace: a slow reader holds nothing up,
//! costs no memory of its own, and when it has fallen behind the log it is told so ([`WatchError::Compacted`]) and starts
//! over from a snapshot.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::watch;

use super::{Change, Revision};

/// Commits that a log remembers.
const REMEMBERED: usize = 1024;

/// All changes of one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The revision that the commit made.
    pub revision: Revision,
    /// What it changed, in the order of the transaction.
    pub changes: Arc<[Change]>,
}

/// Why a watch cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WatchError {
    /// The changes after this revision are forgotten: take a snapshot and watch from there.
    #[error("the changes after revision {0} are no longer remembered")]
    Compacted(Revision),
    /// The store is closed, so nothing will change any more.
    #[error("the store is closed")]
    Closed,
}

/// The last commits of a store.
#[derive(Debug)]
pub(super) struct ChangeLog {
    recent: Mutex<VecDeque<Batch>>,
    latest: watch::Sender<Revision>,
}

impl ChangeLog {
    /// A log that begins after `revision`.
    pub(super) fn new(revision: Revision) -> Arc<Self> {
        Arc::new(Self {
            recent: Mutex::new(VecDeque::new()),
            latest: watch::Sender::new(revision),
        })
    }

    /// Adds one commit and wakes the watchers.
    pub(super) fn push(&self, batch: Batch) {
        let revision = batch.revision;
        {
            let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
            recent.push_back(batch);
            if recent.len() > REMEMBERED {
                recent.pop_front();
            }
        }
        self.latest.send_replace(revision);
    }

    /// The first commit after `seen`.
    fn after(&self, seen: Revision) -> Result<Option<Batch>, WatchError> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let latest = recent
            .back()
            .map_or_else(|| *self.latest.borrow(), |batch| batch.revision);
        if seen >= latest {
            return Ok(None);
        }
        // Revisions have no gaps, so the position follows from the number.
        let first = recent.front().map_or(latest.next(), |batch| batch.revision);
        let skip = seen
            .next()
            .distance_from(first)
            .ok_or(WatchError::Compacted(seen))?;
        match recent.get(skip) {
            Some(batch) => Ok(Some(batch.clone())),
            None => Err(WatchError::Compacted(seen)),
        }
    }
}

/// A reader of changes, in order and without gaps.
#[derive(Debug)]
pub struct Watch {
    log: std::sync::Weak<ChangeLog>,
    latest: watch::Receiver<Revision>,
    seen: Revision,
}

impl Watch {
    pub(super) fn new(log: &Arc<ChangeLog>, from: Revision) -> Self {
        Self {
            log: Arc::downgrade(log),
            latest: log.latest.subscribe(),
            seen: from,
        }
    }

    /// The next commit, as soon as there is one. Cancelling loses nothing.
    ///
    /// # Errors
    /// [`WatchError::Compacted`] when this reader is too far behind, [`WatchError::Closed`] when the store is gone.
    pub async fn next(&mut self) -> Result<Batch, WatchError> {
        loop {
            let found = {
                let log = self.log.upgrade().ok_or(WatchError::Closed)?;
                self.latest.mark_unchanged();
                log.after(self.seen)?
            };
            if let Some(batch) = found {
                self.seen = batch.revision;
                return Ok(batch);
            }
            let seen = self.seen;
            self.latest
                .wait_for(|latest| *latest > seen)
                .await
                .map_err(|_| WatchError::Closed)?;
        }
    }
}
