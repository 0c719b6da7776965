//! The database of one account and region.

use std::{
    fmt, fs, io,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use dynoxide::Database;
use tokio::sync::Semaphore;

use super::{
    TableError, engine_failed,
    guard::{Guard, Guards},
};

/// Maximum number of threads that work on one database or wait for it, so that others are served
/// meanwhile.
pub(super) const MAX_THREADS: u32 = 4;

/// The database of one account and region. Every user has a clone of its `Arc`.
pub(super) struct Slot {
    pub(super) path: PathBuf,
    /// None while it is not open. There is one connection at a time: closing a second one late
    /// would remove the files that SQLite keeps for the first.
    database: Mutex<Option<Database>>,
    /// None while it is not open.
    guard: Mutex<Option<Arc<Guard>>>,
    guards: Arc<Guards>,
    is_open: AtomicBool,
    pub(super) threads: Arc<Semaphore>,
}

impl Slot {
    pub(super) fn new(path: PathBuf, guards: Arc<Guards>) -> Self {
        Self {
            path,
            database: Mutex::default(),
            guard: Mutex::default(),
            guards,
            is_open: AtomicBool::new(false),
            threads: Arc::new(Semaphore::new(MAX_THREADS as usize)),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }

    /// Works with the database. After a panic of the engine it is closed, and opened again for the
    /// next request. This one fails: what it did is unknown, so it is not repeated here.
    pub(super) fn run<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, TableError>,
    ) -> Result<T, TableError> {
        let database = self.database()?;
        let outcome = work(&database);
        if let Some(guard) = &*lock(&self.guard) {
            guard.touch();
        }
        if let Err(error) = &outcome
            && error.is_damage()
        {
            self.guards.report(&self.path, "is damaged".to_owned());
            if let Some(guard) = lock(&self.guard).take() {
                guard.abandon();
            }
            drop(database);
            self.close();
            return outcome;
        }
        if matches!(outcome, Err(TableError::Failed(_))) && !is_usable(&database) {
            drop(database);
            self.close();
        }
        outcome
    }

    /// The database, opened if it is not.
    fn database(&self) -> Result<Database, TableError> {
        let mut database = lock(&self.database);
        if let Some(open) = &*database {
            return Ok(open.clone());
        }
        // SQLite gives the files beside this one the same mode.
        let guard = self.guards.open(&self.path).map_err(TableError::Failed)?;
        *lock(&self.guard) = Some(guard);
        let path = self
            .path
            .to_str()
            .ok_or_else(|| TableError::Failed("the path of the data folder is not UTF-8".into()))?;
        let open = Database::new(path).map_err(engine_failed)?;
        *database = Some(open.clone());
        self.is_open.store(true, Ordering::Release);
        Ok(open)
    }

    pub(super) fn close(&self) {
        let mut database = lock(&self.database);
        let guard = lock(&self.guard).take();
        if let Some(guard) = &guard {
            guard.closing();
        }
        *database = None;
        if let Some(guard) = &guard {
            guard.closed();
        }
        self.is_open.store(false, Ordering::Release);
    }

    /// Closes the database and removes its files. SQLite leaves those beside it only if it could
    /// not write them back.
    pub(super) fn remove(&self) -> io::Result<()> {
        self.close();
        self.guards.forget(&self.path)?;
        for suffix in ["", "-wal", "-shm"] {
            let mut path = self.path.clone().into_os_string();
            path.push(suffix);
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }
}

/// Whether a database can be used at all. This reads no table, so it fails only if the engine's
/// lock is poisoned.
fn is_usable(database: &Database) -> bool {
    database.db_path().is_ok()
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.close();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
