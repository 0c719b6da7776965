//! A store in memory: for tests, and for `--store memory`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    Batch, Change, CommitError, EncodedRecord, RecordKey, Revision, Snapshot, Store, StoreError,
    StoreFuture, StoredRecord, Transaction, Watch, change_log::ChangeLog,
};

/// Records in memory.
#[derive(Debug)]
pub struct MemoryStore {
    state: Mutex<MemoryState>,
    log: Arc<ChangeLog>,
}

#[derive(Debug, Default)]
struct MemoryState {
    revision: Revision,
    records: BTreeMap<RecordKey, (EncodedRecord, Revision)>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self {
            state: Mutex::default(),
            log: ChangeLog::new(Revision::EMPTY),
        }
    }

    fn apply(&self, transaction: Transaction) -> Result<Revision, CommitError> {
        let (preconditions, changes) = transaction.validate()?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for precondition in &preconditions {
            let current = state.records.get(precondition.key());
            if !precondition.is_met(current.map(|(_, revision)| *revision)) {
                return Err(CommitError::Conflict(precondition.key().clone()));
            }
        }
        if changes.is_empty() {
            return Ok(state.revision);
        }
        let revision = Revision::from_number(state.revision.number() + 1);
        state.revision = revision;
        for change in &changes {
            match change {
                Change::Put(key, value) => {
                    state
                        .records
                        .insert(key.clone(), (Arc::clone(value), revision));
                }
                Change::Delete(key) => {
                    state.records.remove(key);
                }
            }
        }
        // Under the lock, so that the log has the order of the commits.
        self.log.push(Batch {
            revision,
            changes: changes.into(),
        });
        Ok(revision)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Store for MemoryStore {
    fn snapshot(&self) -> StoreFuture<'_, Result<Snapshot, StoreError>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = Snapshot {
            revision: state.revision,
            records: state
                .records
                .iter()
                .map(|(key, (value, revision))| StoredRecord {
                    key: key.clone(),
                    value: Arc::clone(value),
                    revision: *revision,
                })
                .collect(),
        };
        Box::pin(std::future::ready(Ok(snapshot)))
    }

    fn commit(&self, transaction: Transaction) -> StoreFuture<'_, Result<Revision, CommitError>> {
        Box::pin(std::future::ready(self.apply(transaction)))
    }

    fn watch(&self, from: Revision) -> StoreFuture<'_, Result<Box<dyn Watch>, StoreError>> {
        Box::pin(std::future::ready(Ok(self.log.watch(from))))
    }

    fn latest(&self) -> StoreFuture<'_, Result<Revision, StoreError>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Box::pin(std::future::ready(Ok(state.revision)))
    }
}
