//! The index of objects: a row for each, in key order, in one SQLite database beside the buckets.
//!
//! Listings read only the index, so a page costs its entries and not the bucket. Reads of objects
//! compare the file with its row: a file that is missing, or older than its row, is damage and
//! never `NoSuchKey` or the older content.
//!
//! The file has the content and the metadata; the row says which file must be there. Generations
//! rise with each object that is stored, over the whole store. These orders make a difference
//! unambiguous, whenever the process is killed or the machine loses power:
//! - A put makes the file durable, then commits the row. A row that is missing or has a lower
//!   generation is one that a crash overtook, so it is written anew (`reconcile.rs`, and reads).
//! - A delete makes the removal of the row durable, then removes the file. A file that a crash left
//!   is an object again: the delete was not acknowledged.
//!
//! So a row without a file, or with a file of a lower generation, is damage. Writers of one key
//! wait for each other (`key_locks.rs`) from the assignment of the generation to the commit of the
//! row.
//!
//! Rows of puts are not synced by themselves: a power cut may lose the last of them, and the next
//! start finds the files. Commits that happen at the same time are one transaction. The database
//! has the guard that databases of tables have, and each row has a checksum. An index that is
//! damaged or missing is never rebuilt silently: it alone knows which files are lost.

use std::{
    mem,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use rusqlite::{Connection, ErrorCode, params};

use self::{row::Row, state::StoreState};
use crate::upstream::{
    objects::ObjectError,
    tables::embedded::guard::{Guard, Guards},
};

mod read;
pub(super) mod row;
mod state;

pub(super) use read::{Next, Rows};

/// The name of the database, in the store's folder.
const FILE: &str = "index.db";

/// Why the index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Its files are not what was written.
    #[error(transparent)]
    Guard(Box<dyn std::error::Error + Send + Sync>),
    /// There is none, and there are objects that were in one.
    #[error(
        "the index of objects `{0}` is missing: put its files back, or rebuild it with `bowline store check --repair-index`"
    )]
    Missing(String),
    /// What it says about the store cannot be read.
    #[error(
        "the index of objects is damaged, or a newer version wrote it: put its files back, or rebuild it with `bowline store check --repair-index`"
    )]
    State,
    /// SQLite failed.
    #[error("reading the index of objects")]
    Database(#[from] rusqlite::Error),
}

/// The index of a store.
#[derive(Debug)]
pub(super) struct ObjectIndex {
    rows: Rows,
    writer: Mutex<Option<Writer>>,
    queue: Mutex<Batch>,
    /// The next generation.
    next: AtomicU64,
    guard: Arc<Guard>,
    /// Dropped last: it ends the thread that follows the guard.
    _guards: Guards,
}

#[derive(Debug)]
struct Writer {
    connection: Connection,
    /// Whether a commit is on the disk when it returns.
    is_durable: bool,
}

/// Changes that are committed together.
#[derive(Debug, Default)]
struct Batch {
    changes: Vec<Change>,
    outcome: Arc<OnceLock<Result<(), Arc<rusqlite::Error>>>>,
}

/// A change of a row.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) bucket: String,
    pub(super) key: String,
    /// `None` removes the row, durably.
    pub(super) row: Option<Row>,
}

/// An index, and what its files did not say.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) index: ObjectIndex,
    /// Whether it was never complete.
    pub(super) is_new: bool,
    /// Whether its last use did not end in order, so the files may say more.
    pub(super) is_behind: bool,
}

impl ObjectIndex {
    /// Opens the index of the store in `root`. A new one has no rows.
    ///
    /// # Errors
    /// [`IndexError`]; the files are as they were then.
    pub(super) fn open(root: &Path) -> Result<Opened, IndexError> {
        let path = root.join(FILE);
        let guards = Guards::of_object_index();
        let guard = guards.open(&path).map_err(IndexError::Guard)?;
        let connection = Connection::open(&path)?;
        connection.execute_batch(include_str!("index/schema.sql"))?;
        let before = StoreState::read(&connection)?;
        let state = match before {
            Some(state) => state.opened().ok_or(IndexError::State)?,
            None => StoreState::first(),
        };
        state.write(&connection)?;
        let index = Self {
            rows: Rows::new(path),
            writer: Mutex::new(Some(Writer {
                connection,
                is_durable: true,
            })),
            queue: Mutex::default(),
            next: AtomicU64::new(state.first_generation()),
            guard,
            _guards: guards,
        };
        index.guard.touch();
        Ok(Opened {
            index,
            is_new: !state.is_complete,
            is_behind: before.is_none_or(|before| before.is_open || !before.is_complete),
        })
    }

    /// The rows.
    pub(super) fn rows(&self) -> &Rows {
        &self.rows
    }

    /// Every file has its row now.
    pub(super) fn complete(&self) -> Result<(), IndexError> {
        self.write_state(true)
    }

    fn write_state(&self, is_open: bool) -> Result<(), IndexError> {
        let state = StoreState::at(self.next.load(Ordering::SeqCst), is_open);
        if let Some(writer) = &mut *lock(&self.writer) {
            writer.set_durable(true)?;
            state.write(&writer.connection)?;
            self.guard.touch();
        }
        Ok(())
    }

    /// Removes the files of an index, for one that is made anew.
    pub(super) fn remove(root: &Path) -> std::io::Result<()> {
        for name in ["index.db", "index.db-wal", "index.db-shm", "index.state"] {
            match std::fs::remove_file(root.join(name)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// The path of the database of the store in `root`.
    pub(super) fn path(root: &Path) -> PathBuf {
        root.join(FILE)
    }

    /// A generation above all that were given out and seen.
    pub(super) fn next_generation(&self) -> u64 {
        self.next.fetch_add(1, Ordering::SeqCst)
    }

    /// The highest generation that was given out.
    pub(super) fn last_generation(&self) -> u64 {
        self.next.load(Ordering::SeqCst).saturating_sub(1)
    }

    /// Commits the row of an object whose file is durable.
    pub(super) fn put(&self, bucket: &str, key: &str, row: Row) -> Result<(), ObjectError> {
        self.next.fetch_max(row.generation + 1, Ordering::SeqCst);
        self.commit(Change {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            row: Some(row),
        })
    }

    /// Removes the row of an object whose file is removed next. It is durable.
    pub(super) fn delete(&self, bucket: &str, key: &str) -> Result<(), ObjectError> {
        self.commit(Change {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            row: None,
        })
    }

    /// Commits a change, with all others that wait at this moment.
    fn commit(&self, change: Change) -> Result<(), ObjectError> {
        let batch = {
            let mut queue = lock(&self.queue);
            queue.changes.push(change);
            Arc::clone(&queue.outcome)
        };
        let mut writer = lock(&self.writer);
        // The thread that had the writer before may have committed it.
        let outcome = batch.get_or_init(|| {
            let mut queue = lock(&self.queue);
            // A thread that panicked took the batch: what it committed is not known.
            if !Arc::ptr_eq(&queue.outcome, &batch) {
                return Err(Arc::new(rusqlite::Error::InvalidQuery));
            }
            let waiting = mem::take(&mut *queue);
            drop(queue);
            self.apply(&mut writer, &waiting.changes).map_err(Arc::new)
        });
        outcome.clone().map_err(|error| database_error(&error))
    }

    /// Commits many changes at once.
    pub(super) fn commit_all(&self, changes: &[Change]) -> Result<(), ObjectError> {
        for row in changes.iter().filter_map(|change| change.row.as_ref()) {
            self.next.fetch_max(row.generation + 1, Ordering::SeqCst);
        }
        self.apply(&mut lock(&self.writer), changes)
            .map_err(|error| database_error(&error))
    }

    fn apply(&self, writer: &mut Option<Writer>, changes: &[Change]) -> rusqlite::Result<()> {
        let Some(writer) = writer else {
            return Err(rusqlite::Error::InvalidQuery);
        };
        writer.set_durable(changes.iter().any(|change| change.row.is_none()))?;
        let transaction = writer.connection.transaction()?;
        for Change { bucket, key, row } in changes {
            match row {
                Some(row) => transaction
                    .prepare_cached("INSERT OR REPLACE INTO object VALUES (?1, ?2, ?3)")?
                    .execute(params![bucket, key.as_bytes(), row.encode(bucket, key)])?,
                None => transaction
                    .prepare_cached("DELETE FROM object WHERE bucket = ?1 AND key = ?2")?
                    .execute(params![bucket, key.as_bytes()])?,
            };
        }
        transaction.commit()?;
        self.guard.touch();
        Ok(())
    }
}

impl Writer {
    fn set_durable(&mut self, durable: bool) -> rusqlite::Result<()> {
        if self.is_durable != durable {
            let level = if durable { "FULL" } else { "NORMAL" };
            self.connection.pragma_update(None, "synchronous", level)?;
            self.is_durable = durable;
        }
        Ok(())
    }
}

impl Drop for ObjectIndex {
    fn drop(&mut self) {
        // If it fails, the next start compares the files once more than needed.
        let _ = self.write_state(false);
        self.guard.closing();
        self.rows.close();
        lock(&self.writer).take();
        self.guard.closed();
    }
}

fn database_error(error: &rusqlite::Error) -> ObjectError {
    let text = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => ObjectError::Full(text.into()),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => ObjectError::Damaged,
        _ => ObjectError::Failed(text.into()),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
