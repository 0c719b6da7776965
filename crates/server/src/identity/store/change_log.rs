//! The latest commits of a store in this process, and the watches that read them.
//!
//! The log keeps the last [`MAX_BATCHES`] commits in memory. Each watch reads it at its own pace,
//! so a slow one delays no other and buffers nothing. A watch that has fallen behind the log fails
//! with [`WatchError::Compacted`], and its reader starts over from a snapshot.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::watch;

use super::{Batch, Revision, StoreFuture, Watch, WatchError};

/// Commits that a log keeps.
const MAX_BATCHES: usize = 1024;

/// The latest commits of a store.
#[derive(Debug)]
pub(super) struct ChangeLog {
    recent: Mutex<RecentBatches>,
    latest: watch::Sender<Revision>,
}

#[derive(Debug)]
struct RecentBatches {
    /// In the order of their revisions.
    batches: VecDeque<Batch>,
    /// The revision after which `batches` is complete.
    complete_after: Revision,
}

impl ChangeLog {
    /// A log that begins after `revision`.
    pub(super) fn new(revision: Revision) -> Arc<Self> {
        Arc::new(Self {
            recent: Mutex::new(RecentBatches {
                batches: VecDeque::new(),
                complete_after: revision,
            }),
            latest: watch::Sender::new(revision),
        })
    }

    /// Adds the next commit and wakes the watches.
    pub(super) fn push(&self, batch: Batch) {
        let revision = batch.revision;
        {
            let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
            recent.batches.push_back(batch);
            if recent.batches.len() > MAX_BATCHES
                && let Some(evicted) = recent.batches.pop_front()
            {
                recent.complete_after = evicted.revision;
            }
        }
        self.latest.send_replace(revision);
    }

    /// Every commit after `from`.
    pub(super) fn watch(self: &Arc<Self>, from: Revision) -> Box<dyn Watch> {
        Box::new(LogWatch {
            log: Arc::downgrade(self),
            latest: self.latest.subscribe(),
            seen: from,
        })
    }

    /// The first commit after `seen`.
    fn after(&self, seen: Revision) -> Result<Option<Batch>, WatchError> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if seen < recent.complete_after {
            return Err(WatchError::Compacted(seen));
        }
        let next = recent
            .batches
            .partition_point(|batch| batch.revision <= seen);
        Ok(recent.batches.get(next).cloned())
    }
}

/// A reader of a [`ChangeLog`].
#[derive(Debug)]
struct LogWatch {
    log: Weak<ChangeLog>,
    latest: watch::Receiver<Revision>,
    seen: Revision,
}

impl LogWatch {
    async fn next_batch(&mut self) -> Result<Batch, WatchError> {
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

impl Watch for LogWatch {
    fn next(&mut self) -> StoreFuture<'_, Result<Batch, WatchError>> {
        Box::pin(self.next_batch())
    }
}
