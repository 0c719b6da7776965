//! The latest commits of a store in this process, and the watches that read them.
//!
//! The log keeps the last [`MAX_BATCHES`] commits in memory, or fewer if they are large. Each watch
//! reads it at its own pace, so a slow one delays no other and buffers nothing. A watch that has
//! fallen behind the log fails with [`WatchError::Compacted`], and its reader starts over from a
//! snapshot.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::watch;

use super::{Batch, Change, Revision, StoreFuture, Watch, WatchError};

/// Commits that a log keeps.
const MAX_BATCHES: usize = 1024;
/// Bytes of the records of these commits, apart from the last commit.
const MAX_BYTES: usize = 16 * 1024 * 1024;

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
    /// The bytes of their records.
    bytes: usize,
    /// The revision after which `batches` is complete.
    complete_after: Revision,
}

impl ChangeLog {
    /// A log that begins after `revision`.
    pub(super) fn new(revision: Revision) -> Arc<Self> {
        Arc::new(Self {
            recent: Mutex::new(RecentBatches {
                batches: VecDeque::new(),
                bytes: 0,
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
            recent.bytes = recent.bytes.saturating_add(bytes(&batch));
            recent.batches.push_back(batch);
            while recent.is_over()
                && let Some(evicted) = recent.batches.pop_front()
            {
                recent.bytes = recent.bytes.saturating_sub(bytes(&evicted));
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

impl RecentBatches {
    fn is_over(&self) -> bool {
        let count = self.batches.len();
        count > MAX_BATCHES || (self.bytes > MAX_BYTES && count > 1)
    }
}

/// The bytes of the records of a commit.
fn bytes(batch: &Batch) -> usize {
    let puts = batch.changes.iter().map(|change| match change {
        Change::Put(key, value) => key.as_str().len() + value.len(),
        Change::Delete(key) => key.as_str().len(),
    });
    puts.sum()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::store::RecordKey;

    #[tokio::test]
    async fn large_commits_are_evicted_earlier_and_the_last_one_never() {
        let log = ChangeLog::new(Revision::EMPTY);
        let large = vec![0; MAX_BYTES / 2];
        let push = |number: u64| {
            log.push(Batch {
                revision: Revision::from_number(number),
                changes: [Change::Put(RecordKey::bucket("a"), large.as_slice().into())].into(),
            });
        };
        let mut watch = log.watch(Revision::EMPTY);
        push(1);
        assert_eq!(watch.next().await.unwrap().revision.number(), 1);
        push(2);
        assert_eq!(watch.next().await.unwrap().revision.number(), 2);
        let mut slow = log.watch(Revision::EMPTY);
        assert!(matches!(
            slow.next().await,
            Err(WatchError::Compacted(Revision::EMPTY))
        ));
        assert_eq!(log.recent.lock().unwrap().batches.len(), 1);
    }
}
