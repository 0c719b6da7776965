//! The embedded store: one SQLite file, one writer.
//!
//! One thread owns the connection and serves one command after another. A commit that returned is
//! on the disk (write-ahead log, `synchronous = FULL`). The data folder is locked while the store
//! is open, so no second process writes it, and a newer schema is refused by name. A damaged or
//! older database is refused (`sqlite/open.rs`). After a commit with an unknown outcome, or once a
//! row does not match its checksum, the store closes, and its watches end.

mod open;

use std::{
    fs::File,
    io,
    path::Path,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use tokio::sync::{mpsc, oneshot};

use super::{
    Batch, Change, CommitError, Precondition, RecordKey, Revision, Snapshot, Store, StoreError,
    StoreFuture, StoredRecord, Transaction, Watch,
    change_log::ChangeLog,
    kept_revision::{KeptRevision, RevisionKeeper},
};
use crate::private_files::{lock, private_folder, sync_folder};
use open::{StoreRow, record_checksum, signed, unsigned};

/// Most commands that wait for the writer thread; callers of more wait for a place in the queue.
const QUEUE_LENGTH: usize = 64;

/// Records in a SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    commands: Option<mpsc::Sender<StoreCommand>>,
    writer: Option<JoinHandle<()>>,
    /// Owned by the writer, so that watches end with it.
    log: Weak<ChangeLog>,
    /// Whether the file of the last revision cannot be written.
    revision_fails: Arc<AtomicBool>,
}

enum StoreCommand {
    Snapshot(oneshot::Sender<Result<Snapshot, StoreError>>),
    Commit(
        Vec<Precondition>,
        Vec<Change>,
        oneshot::Sender<Result<Revision, CommitError>>,
    ),
    Latest(oneshot::Sender<Result<Revision, StoreError>>),
}

impl SqliteStore {
    /// Creates a store in `folder`, which is created if it does not exist. `revision` is the file
    /// of the last acknowledged revision. Blocks: call it before serving.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if another process uses it, or an error of the file system or the
    /// database, also if there is a store.
    pub fn create(folder: &Path, revision: &Path) -> Result<Self, StoreError> {
        private_folder(folder).map_err(|source| file_error(folder, source))?;
        Self::start(folder, revision, open::create)
    }

    /// Creates a store that has these records at this revision, such as those of a backup.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub(crate) fn restore(
        folder: &Path,
        revision: &Path,
        snapshot: &Snapshot,
    ) -> Result<Self, StoreError> {
        private_folder(folder).map_err(|source| file_error(folder, source))?;
        Self::start(folder, revision, |path| {
            let (mut connection, mut row) = open::create(path)?;
            let transaction = connection.transaction().map_err(database)?;
            for record in &snapshot.records {
                row.revision = record.revision;
                let put = Change::Put(record.key.clone(), Arc::clone(&record.value));
                apply(&transaction, &[put], &mut row).map_err(database)?;
            }
            row.revision = snapshot.revision;
            row.write(&transaction).map_err(database)?;
            transaction.commit().map_err(database)?;
            Ok((connection, row))
        })
    }

    /// Opens the store in `folder`, and checks that it is whole and has every commit up to the
    /// revision in the file `revision`. A store without that file is of an earlier build. Blocks:
    /// call it before serving.
    ///
    /// # Errors
    /// [`StoreError`]: it is damaged, or older than the revision, or of a newer build, or another
    /// process uses it.
    pub fn open(folder: &Path, revision: &Path) -> Result<Self, StoreError> {
        Self::start(folder, revision, |path| {
            open::open(path, KeptRevision::read(revision)?.as_ref())
        })
    }

    fn start(
        folder: &Path,
        revision: &Path,
        open: impl FnOnce(&Path) -> Result<(Connection, StoreRow), StoreError>,
    ) -> Result<Self, StoreError> {
        let lock = lock(folder)
            .map_err(|source| file_error(&folder.join("lock"), source))?
            .ok_or_else(|| StoreError::Locked(folder.display().to_string()))?;
        let path = folder.join("bowline.db");
        let (connection, row) = open(&path)?;
        sync_folder(folder).map_err(|source| file_error(folder, source))?;
        let kept = KeptRevision {
            store_id: row.store_id.clone(),
            revision: row.revision,
        };
        let keeper =
            RevisionKeeper::start(revision, kept).map_err(|source| file_error(revision, source))?;

        let log = ChangeLog::new(row.revision);
        let (commands, queue) = mpsc::channel(QUEUE_LENGTH);
        let watched = Arc::downgrade(&log);
        let revision_fails = keeper.failing();
        let writer = StoreWriter {
            connection,
            row,
            log,
            keeper,
            _lock: lock,
        };
        let writer = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || writer.run(queue))
            .map_err(|source| file_error(&path, source))?;
        Ok(Self {
            commands: Some(commands),
            writer: Some(writer),
            log: watched,
            revision_fails,
        })
    }

    async fn send<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> StoreCommand,
    ) -> Result<T, StoreError> {
        let (reply, received) = oneshot::channel();
        let commands = self.commands.as_ref().ok_or(StoreError::Closed)?;
        commands
            .send(command(reply))
            .await
            .map_err(|_| StoreError::Closed)?;
        received.await.map_err(|_| StoreError::Closed)
    }
}

impl Store for SqliteStore {
    fn snapshot(&self) -> StoreFuture<'_, Result<Snapshot, StoreError>> {
        Box::pin(async { self.send(StoreCommand::Snapshot).await? })
    }

    fn commit(&self, transaction: Transaction) -> StoreFuture<'_, Result<Revision, CommitError>> {
        Box::pin(async {
            let (preconditions, changes) = transaction.validate()?;
            self.send(|reply| StoreCommand::Commit(preconditions, changes, reply))
                .await?
        })
    }

    fn watch(&self, from: Revision) -> StoreFuture<'_, Result<Box<dyn Watch>, StoreError>> {
        let log = self.log.upgrade().ok_or(StoreError::Closed);
        Box::pin(std::future::ready(log.map(|log| log.watch(from))))
    }

    fn latest(&self) -> StoreFuture<'_, Result<Revision, StoreError>> {
        Box::pin(async { self.send(StoreCommand::Latest).await? })
    }

    fn problem(&self) -> Option<&'static str> {
        let fails = self.revision_fails.load(Ordering::Relaxed);
        fails.then_some("the last revision of the store cannot be written")
    }
}

impl Drop for SqliteStore {
    /// Waits until the writer has closed the file, so that it can be opened again at once.
    fn drop(&mut self) {
        self.commands = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has closed its file as well.
            let _ = writer.join();
        }
    }
}

/// Why a commit failed, for the writer.
enum CommitFailure {
    Conflict(RecordKey),
    /// Nothing was written.
    Store(StoreError),
    /// The outcome is unknown.
    Unknown(StoreError),
}

impl From<StoreError> for CommitFailure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<CommitFailure> for CommitError {
    fn from(failed: CommitFailure) -> Self {
        match failed {
            CommitFailure::Conflict(key) => Self::Conflict(key),
            CommitFailure::Store(error) | CommitFailure::Unknown(error) => error.into(),
        }
    }
}

struct StoreWriter {
    connection: Connection,
    /// The row of the store after the last commit.
    row: StoreRow,
    log: Arc<ChangeLog>,
    keeper: RevisionKeeper,
    /// Released after the keeper has written.
    _lock: File,
}

impl StoreWriter {
    /// Serves until the store is dropped, or until the outcome of a commit is unknown: then nothing
    /// more is written, and the watches end.
    fn run(mut self, mut queue: mpsc::Receiver<StoreCommand>) {
        // A caller may have been cancelled: then nothing receives the reply.
        while let Some(command) = queue.blocking_recv() {
            match command {
                StoreCommand::Snapshot(reply) => {
                    let _ = reply.send(self.snapshot());
                }
                StoreCommand::Commit(preconditions, changes, reply) => {
                    let committed = self.commit(&preconditions, changes);
                    let is_unknown = matches!(committed, Err(CommitFailure::Unknown(_)));
                    let _ = reply.send(committed.map_err(CommitError::from));
                    if is_unknown {
                        tracing::error!("The outcome of a commit is unknown; the store is closed");
                        return;
                    }
                }
                StoreCommand::Latest(reply) => {
                    let _ = reply.send(Ok(self.row.revision));
                }
            }
        }
    }

    fn commit(
        &mut self,
        preconditions: &[Precondition],
        changes: Vec<Change>,
    ) -> Result<Revision, CommitFailure> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(database)?;
        for precondition in preconditions {
            let current = revision_of(&transaction, precondition.key()).map_err(database)?;
            if !precondition.is_met(current) {
                return Err(CommitFailure::Conflict(precondition.key().clone()));
            }
        }
        if changes.is_empty() {
            return Ok(self.row.revision);
        }
        let mut row = self.row.clone();
        row.revision = Revision::from_number(row.revision.number() + 1);
        let revision = row.revision;
        apply(&transaction, &changes, &mut row).map_err(database)?;
        transaction
            .commit()
            .map_err(|error| CommitFailure::Unknown(database(error)))?;
        self.row = row;
        self.keeper.note(revision);
        self.log.push(Batch {
            revision,
            changes: changes.into(),
        });
        Ok(revision)
    }

    fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let read = || {
            let transaction = self.connection.unchecked_transaction()?;
            let mut total = 0_u64;
            let mut select = transaction
                .prepare_cached("SELECT key, value, revision FROM record ORDER BY key")?;
            let rows = select.query_map([], |row| {
                let (key, value): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
                let revision = Revision::from_number(row.get(2)?);
                total = total.wrapping_add(record_checksum(&key, &value, revision));
                Ok(StoredRecord {
                    key: RecordKey::from_stored(&key),
                    value: value.into(),
                    revision,
                })
            })?;
            let records: Vec<_> = rows.collect::<Result<_, _>>()?;
            Ok((records, total))
        };
        let (records, total) = read().map_err(database)?;
        if total != self.row.total {
            let problem = "the records do not match the checksum of the store";
            return Err(StoreError::Damaged(problem.into()));
        }
        Ok(Snapshot {
            revision: self.row.revision,
            records,
        })
    }
}

/// Applies changes whose preconditions are met, as the commit of `row`.
fn apply(connection: &Connection, changes: &[Change], row: &mut StoreRow) -> rusqlite::Result<()> {
    let mut before = connection.prepare_cached("SELECT checksum FROM record WHERE key = ?1")?;
    let mut put = connection.prepare_cached(
        "INSERT INTO record (key, value, revision, checksum) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision,
         checksum = excluded.checksum",
    )?;
    let mut delete = connection.prepare_cached("DELETE FROM record WHERE key = ?1")?;
    for change in changes {
        let key = change.key().as_str();
        let earlier = before.query_row([key], |row| row.get(0)).optional()?;
        row.total = row.total.wrapping_sub(earlier.map_or(0, unsigned));
        match change {
            Change::Put(_, value) => {
                let sum = record_checksum(key, value, row.revision);
                row.total = row.total.wrapping_add(sum);
                put.execute(params![
                    key,
                    value.as_ref(),
                    row.revision.number(),
                    signed(sum)
                ])?
            }
            Change::Delete(_) => delete.execute([key])?,
        };
    }
    row.write(connection)
}

fn revision_of(connection: &Connection, key: &RecordKey) -> rusqlite::Result<Option<Revision>> {
    connection
        .prepare_cached("SELECT revision FROM record WHERE key = ?1")?
        .query_row([key.as_str()], |row| row.get(0).map(Revision::from_number))
        .optional()
}

fn file_error(path: &Path, source: io::Error) -> StoreError {
    let path = path.display().to_string();
    StoreError::File { path, source }
}

fn database(error: rusqlite::Error) -> StoreError {
    StoreError::Database(Box::new(error))
}

#[cfg(test)]
mod tests;
