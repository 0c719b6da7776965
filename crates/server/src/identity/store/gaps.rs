//! A store for tests whose revisions have gaps, as those of a store that other programs write to.
//!
//! Commit `n` of the store inside has revision `10 n + 7`. [`Store::latest`] and the snapshot are
//! beyond it, at `10 n + 9`, where no commit is; the watch reports progress to it.

use std::sync::Arc;

use super::{
    Batch, Change, CommitError, MemoryStore, Precondition, Revision, Snapshot, Store, StoreError,
    StoreFuture, Transaction, Watch, WatchError,
};

/// A memory store with gaps between its revisions.
#[derive(Debug, Default)]
pub(crate) struct GapStore {
    inner: MemoryStore,
}

impl GapStore {
    /// An empty store.
    pub(crate) fn new() -> Self {
        Self::default()
    }
}

fn of_commit(inner: Revision) -> Revision {
    Revision::from_number(inner.number() * 10 + 7)
}

fn beyond_commit(inner: Revision) -> Revision {
    Revision::from_number(inner.number() * 10 + 9)
}

/// The last commit of the store inside at or before `revision`.
fn inner_at(revision: Revision) -> Revision {
    Revision::from_number(revision.number().saturating_sub(7) / 10)
}

fn inner_precondition(precondition: &Precondition) -> Precondition {
    match precondition {
        Precondition::At(key, revision) => {
            let inner = inner_at(*revision);
            let exact = of_commit(inner) == *revision;
            let inner = if exact {
                inner
            } else {
                Revision::from_number(u64::MAX)
            };
            Precondition::At(key.clone(), inner)
        }
        Precondition::Absent(_) | Precondition::Present(_) => precondition.clone(),
    }
}

impl Store for GapStore {
    fn snapshot(&self) -> StoreFuture<'_, Result<Snapshot, StoreError>> {
        Box::pin(async {
            let mut snapshot = self.inner.snapshot().await?;
            snapshot.revision = beyond_commit(snapshot.revision);
            for record in &mut snapshot.records {
                record.revision = of_commit(record.revision);
            }
            Ok(snapshot)
        })
    }

    fn commit(&self, transaction: Transaction) -> StoreFuture<'_, Result<Revision, CommitError>> {
        Box::pin(async move {
            let (preconditions, changes) = transaction.validate()?;
            let inner = preconditions.iter().map(inner_precondition);
            let inner = inner.fold(Transaction::new(), Transaction::require);
            let inner = changes
                .into_iter()
                .fold(inner, |inner, change| match change {
                    Change::Put(key, record) => inner.put(key, record),
                    Change::Delete(key) => inner.remove(key),
                });
            self.inner.commit(inner).await.map(of_commit)
        })
    }

    fn watch(&self, from: Revision) -> StoreFuture<'_, Result<Box<dyn Watch>, StoreError>> {
        Box::pin(async move {
            let inner = self.inner.watch(inner_at(from)).await?;
            let watch: Box<dyn Watch> = Box::new(GapWatch { inner, seen: from });
            Ok(watch)
        })
    }

    fn latest(&self) -> StoreFuture<'_, Result<Revision, StoreError>> {
        Box::pin(async { self.inner.latest().await.map(beyond_commit) })
    }
}

#[derive(Debug)]
struct GapWatch {
    inner: Box<dyn Watch>,
    seen: Revision,
}

impl Watch for GapWatch {
    fn next(&mut self) -> StoreFuture<'_, Result<Batch, WatchError>> {
        Box::pin(async {
            let progress = beyond_commit(inner_at(self.seen));
            if self.seen < progress {
                self.seen = progress;
                return Ok(Batch {
                    revision: progress,
                    changes: Arc::default(),
                });
            }
            match self.inner.next().await {
                Ok(batch) => {
                    self.seen = of_commit(batch.revision);
                    Ok(Batch {
                        revision: self.seen,
                        ..batch
                    })
                }
                Err(WatchError::Compacted(_)) => Err(WatchError::Compacted(self.seen)),
                Err(WatchError::Closed) => Err(WatchError::Closed),
            }
        })
    }
}
