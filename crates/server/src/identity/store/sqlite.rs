//! The embedded store: one SQLite file, one writer.
//!
//! One thread owns the connection and serves one command after another. A commit that returned is
//! on the disk (write-ahead log, `synchronous = FULL`). The data folder is locked while the store
//! is open, so no second process writes it, and a newer schema is refused by name. After a commit
//! with an unknown outcome the store closes, and its watches end.

use std::{
    fs::File,
    path::Path,
    sync::{Arc, Weak},
    thread::JoinHandle,
};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use tokio::sync::{mpsc, oneshot};

use super::{
    Batch, Change, CommitError, Precondition, RecordKey, Revision, Snapshot, Store, StoreError,
    StoreFuture, StoredRecord, Transaction, Watch, change_log::ChangeLog,
};
use crate::private_files::{lock, private_file, private_folder, sync_folder};

/// The schema version that this build writes, and the newest that it reads.
const SCHEMA_VERSION: i64 = 1;

/// Most commands that wait for the writer thread; callers of more wait for a place in the queue.
const QUEUE_LENGTH: usize = 64;

const SCHEMA: &str = include_str!("sqlite/schema.sql");
const SETTINGS: &str = include_str!("sqlite/settings.sql");

/// Records in a SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    commands: Option<mpsc::Sender<StoreCommand>>,
    writer: Option<JoinHandle<()>>,
    /// Owned by the writer, so that watches end with it.
    log: Weak<ChangeLog>,
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
    /// Opens the store in `folder`, which is created if it does not exist. Blocks: call it before
    /// serving.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if another process uses it, [`StoreError::NewerSchema`], or an error
    /// of the file system or the database.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let file_error = |path: &Path| {
            let path = path.display().to_string();
            move |source| StoreError::File { path, source }
        };
        private_folder(folder).map_err(file_error(folder))?;
        let lock = lock(folder)
            .map_err(file_error(&folder.join("lock")))?
            .ok_or_else(|| StoreError::Locked(folder.display().to_string()))?;
        let path = folder.join("bowline.db");
        private_file(&path).map_err(file_error(&path))?;
        let connection = connect(&path)?;
        sync_folder(folder).map_err(file_error(folder))?;

        let revision = latest(&connection)?;
        let log = ChangeLog::new(revision);
        let (commands, queue) = mpsc::channel(QUEUE_LENGTH);
        let watched = Arc::downgrade(&log);
        let writer = StoreWriter {
            connection,
            log,
            _lock: lock,
        };
        let writer = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || writer.run(queue))
            .map_err(file_error(&path))?;
        Ok(Self {
            commands: Some(commands),
            writer: Some(writer),
            log: watched,
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
    log: Arc<ChangeLog>,
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
                    let _ = reply.send(self.snapshot().map_err(database));
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
                    let _ = reply.send(latest(&self.connection));
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
        let before = latest(&transaction)?;
        if changes.is_empty() {
            return Ok(before);
        }
        let revision = Revision::from_number(before.number() + 1);
        apply(&transaction, &changes, revision).map_err(database)?;
        transaction
            .commit()
            .map_err(|error| CommitFailure::Unknown(database(error)))?;
        self.log.push(Batch {
            revision,
            changes: changes.into(),
        });
        Ok(revision)
    }

    fn snapshot(&self) -> rusqlite::Result<Snapshot> {
        let transaction = self.connection.unchecked_transaction()?;
        let revision = read_revision(&transaction)?;
        let mut select =
            transaction.prepare_cached("SELECT key, value, revision FROM record ORDER BY key")?;
        let rows = select.query_map([], |row| {
            let key: String = row.get(0)?;
            let value: Vec<u8> = row.get(1)?;
            Ok(StoredRecord {
                key: RecordKey::from_stored(&key),
                value: value.into(),
                revision: Revision::from_number(row.get(2)?),
            })
        })?;
        let records = rows.collect::<Result<_, _>>()?;
        Ok(Snapshot { revision, records })
    }
}

/// Applies changes whose preconditions are met.
fn apply(connection: &Connection, changes: &[Change], revision: Revision) -> rusqlite::Result<()> {
    let mut put = connection.prepare_cached(
        "INSERT INTO record (key, value, revision) VALUES (?1, ?2, ?3)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision",
    )?;
    let mut delete = connection.prepare_cached("DELETE FROM record WHERE key = ?1")?;
    for change in changes {
        match change {
            Change::Put(key, value) => {
                put.execute(params![key.as_str(), value.as_ref(), revision.number()])?
            }
            Change::Delete(key) => delete.execute([key.as_str()])?,
        };
    }
    connection
        .prepare_cached("UPDATE store SET revision = ?1")?
        .execute([revision.number()])?;
    Ok(())
}

fn revision_of(connection: &Connection, key: &RecordKey) -> rusqlite::Result<Option<Revision>> {
    connection
        .prepare_cached("SELECT revision FROM record WHERE key = ?1")?
        .query_row([key.as_str()], |row| row.get(0).map(Revision::from_number))
        .optional()
}

fn latest(connection: &Connection) -> Result<Revision, StoreError> {
    read_revision(connection).map_err(database)
}

fn read_revision(connection: &Connection) -> rusqlite::Result<Revision> {
    connection
        .prepare_cached("SELECT revision FROM store")?
        .query_row([], |row| row.get(0).map(Revision::from_number))
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let mut connection = Connection::open(path).map_err(database)?;
    connection.execute_batch(SETTINGS).map_err(database)?;
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(database)?;
    let exists = transaction
        .prepare("SELECT 1 FROM sqlite_schema WHERE name = 'store'")
        .and_then(|mut select| select.exists([]))
        .map_err(database)?;
    if !exists {
        transaction.execute_batch(SCHEMA).map_err(database)?;
    }
    let found = transaction
        .query_row("SELECT schema_version FROM store", [], |row| row.get(0))
        .map_err(database)?;
    if found > SCHEMA_VERSION {
        return Err(StoreError::NewerSchema {
            found,
            supported: SCHEMA_VERSION,
        });
    }
    transaction.commit().map_err(database)?;
    Ok(connection)
}

fn database(error: rusqlite::Error) -> StoreError {
    StoreError::Database(Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::store::WatchError;

    #[test]
    fn a_folder_that_is_unknown_cannot_be_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let open = SqliteStore::open(folder.path()).unwrap();
        let second = SqliteStore::open(folder.path());
        assert!(matches!(second, Err(StoreError::Locked(_))), "{second:?}");
        drop(open);
        SqliteStore::open(folder.path()).unwrap();
    }

    #[test]
    fn a_newer_schema_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        drop(SqliteStore::open(folder.path()).unwrap());
        Connection::open(folder.path().join("bowline.db"))
            .unwrap()
            .execute("UPDATE store SET schema_version = 7", [])
            .unwrap();
        insta::assert_snapshot!(
            SqliteStore::open(folder.path()).unwrap_err(),
            @"the data has schema version 7, this version of bowline reads up to 1"
        );
    }

    #[test]
    fn a_commit_is_on_disk_before_it_returns() {
        let folder = tempfile::tempdir().unwrap();
        let connection = connect(&folder.path().join("bowline.db")).unwrap();
        let journal: String = connection
            .pragma_query_value(None, "journal_mode", |row| row.get(0))
            .unwrap();
        assert_eq!(journal, "wal");
        let synchronous: i64 = connection
            .pragma_query_value(None, "synchronous", |row| row.get(0))
            .unwrap();
        assert_eq!(synchronous, 2, "FULL");
    }

    #[tokio::test]
    async fn a_commit_with_unknown_outcome_closes_the_store() {
        let folder = tempfile::tempdir().unwrap();
        drop(SqliteStore::open(folder.path()).unwrap());
        // The constraint is deferred, so it fails when the transaction ends.
        let trap = "CREATE TABLE there (id INTEGER PRIMARY KEY);
            CREATE TABLE here (id INTEGER REFERENCES there DEFERRABLE INITIALLY DEFERRED);
            CREATE TRIGGER trap AFTER INSERT ON record WHEN NEW.key LIKE 'trap/%'
            BEGIN INSERT INTO here VALUES (1); END;";
        Connection::open(folder.path().join("bowline.db"))
            .unwrap()
            .execute_batch(trap)
            .unwrap();
        let store = SqliteStore::open(folder.path()).unwrap();
        let mut watch = store.watch(Revision::EMPTY).await.unwrap();
        let put = |key: &str| {
            let key = RecordKey::from_stored(key);
            store.commit(Transaction::new().put(key, b"{}".as_slice().into()))
        };
        put("good/1").await.unwrap();
        assert_eq!(
            watch.next().await.unwrap().revision,
            Revision::from_number(1)
        );
        put("trap/1").await.unwrap_err();
        assert_eq!(watch.next().await, Err(WatchError::Closed));
        let late = put("good/2").await;
        assert!(
            matches!(late, Err(CommitError::Store(StoreError::Closed))),
            "{late:?}"
        );
    }

    #[test]
    fn a_new_database_has_the_current_schema_version() {
        let folder = tempfile::tempdir().unwrap();
        drop(SqliteStore::open(folder.path()).unwrap());
        let version: i64 = Connection::open(folder.path().join("bowline.db"))
            .unwrap()
            .query_row("SELECT schema_version FROM store", [], |row| row.get(0))
            .unwrap();
        assert_eq!(version, SCHEMA_VERSION);
    }
}
