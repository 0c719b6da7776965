//! The database of one account and region.

use std::{
    fmt, fs, io,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::Semaphore;

use super::{
    TableError,
    chores::Chores,
    engine::{Engine, Reader},
    guard::{Guard, Guards},
    step::StepError,
};

/// Maximum number of threads that work on one database or wait for it, so that others are served
/// meanwhile.
pub(super) const MAX_THREADS: u32 = 2;

/// The database of one account and region. Every user has a clone of its `Arc`.
///
/// A lock is taken for one step that is bounded, and never while waiting for a client.
pub(super) struct Slot {
    pub(super) path: PathBuf,
    /// None while it is not open. It executes all requests except pages.
    engine: Mutex<Option<Engine>>,
    /// None while it is not open. It reads pages, while the engine writes. It is locked before the
    /// engine is, and closes before it does: the last connection removes the files that SQLite
    /// keeps beside the database.
    reader: Mutex<Option<Reader>>,
    /// None while it is not open.
    guard: Mutex<Option<Arc<Guard>>>,
    guards: Arc<Guards>,
    is_open: AtomicBool,
    /// What is left to be done, while it is open.
    chores: Mutex<Chores>,
    /// Whether a task does it.
    pub(super) is_working: AtomicBool,
    pub(super) threads: Arc<Semaphore>,
}

/// Why a step failed.
pub(super) trait Failure: From<TableError> {
    /// Whether the stored data is damaged.
    fn is_damage(&self) -> bool;
}

impl Failure for TableError {
    fn is_damage(&self) -> bool {
        Self::is_damage(self)
    }
}

impl Failure for StepError {
    fn is_damage(&self) -> bool {
        matches!(self, Self::Table(error) if error.is_damage())
    }
}

impl Slot {
    pub(super) fn new(path: PathBuf, guards: Arc<Guards>) -> Self {
        Self {
            path,
            engine: Mutex::default(),
            reader: Mutex::default(),
            guard: Mutex::default(),
            guards,
            is_open: AtomicBool::new(false),
            chores: Mutex::default(),
            is_working: AtomicBool::new(false),
            threads: Arc::new(Semaphore::new(MAX_THREADS as usize)),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }

    /// Whether an index is being built.
    pub(super) fn is_building(&self, table: &str, index: &str) -> bool {
        let chores = self.chores();
        let mut builds = chores.builds.iter();
        builds.any(|(of, name)| of == table && name == index)
    }

    /// Whether an index of a table is being built.
    pub(super) fn is_updating(&self, table: &str) -> bool {
        self.chores().builds.iter().any(|(of, _)| of == table)
    }

    /// Whether any index is being built.
    pub(super) fn has_builds(&self) -> bool {
        !self.chores().builds.is_empty()
    }

    /// Whether anything is left to be done.
    pub(super) fn has_chores(&self) -> bool {
        !self.chores().is_empty()
    }

    pub(super) fn set_chores(&self, chores: Chores) {
        *self.chores() = chores;
    }

    fn chores(&self) -> MutexGuard<'_, Chores> {
        self.chores.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Executes one step. After a panic of the engine its connection is closed, and opened again
    /// for the next request. The request that panicked fails: what it did is unknown, so it is not
    /// repeated here.
    pub(super) fn execute<T, E: Failure>(
        &self,
        step: impl FnOnce(&mut Engine) -> Result<T, E>,
    ) -> Result<T, E> {
        let _writing = self.guards.gate().pass();
        let mut engine = lock(&self.engine);
        let open = self.open(&mut engine)?;
        let outcome = step(open);
        if let Some(guard) = &*self.guard() {
            guard.touch();
        }
        if self.is_damaged(&outcome) || !open.is_idle() {
            // A transaction that could not be ended ends with its connection.
            *engine = None;
        }
        outcome
    }

    /// Executes a step while no page is read.
    pub(super) fn execute_alone<T, E: Failure>(
        &self,
        step: impl FnOnce(&mut Engine) -> Result<T, E>,
    ) -> Result<T, E> {
        let _reader = lock(&self.reader);
        self.execute(step)
    }

    /// Reads a page, or a part of one.
    pub(super) fn read<T, E: Failure>(
        &self,
        step: impl FnOnce(&mut Reader) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut reader = lock(&self.reader);
        let open = match &mut *reader {
            Some(open) => open,
            none => {
                self.open(&mut lock(&self.engine))?;
                none.insert(Reader::open(&self.path)?)
            }
        };
        let outcome = step(open);
        if self.is_damaged(&outcome) {
            *reader = None;
            *lock(&self.engine) = None;
        }
        outcome
    }

    /// Lets the next page see tables and indexes as they are now.
    pub(super) fn forget_tables(&self) {
        *lock(&self.reader) = None;
    }

    /// The connection, opened if it is not.
    fn open<'e>(&self, engine: &'e mut Option<Engine>) -> Result<&'e mut Engine, TableError> {
        if let Some(open) = engine {
            return Ok(open);
        }
        // A connection that was closed after a panic.
        if let Some(before) = self.guard().take() {
            before.closing();
            before.closed();
        }
        // SQLite gives the files beside this one the same mode.
        let guard = self.guards.open(&self.path).map_err(TableError::Failed)?;
        *self.guard() = Some(guard);
        let open = engine.insert(Engine::open(&self.path)?);
        self.set_chores(Chores::load(open)?);
        self.is_open.store(true, Ordering::Release);
        Ok(open)
    }

    /// Reports damage that a step found. Its state stays as it is.
    fn is_damaged<T>(&self, outcome: &Result<T, impl Failure>) -> bool {
        let is_damaged = matches!(outcome, Err(error) if error.is_damage());
        if is_damaged {
            self.guards.report(&self.path, "is damaged".to_owned());
            if let Some(guard) = self.guard().take() {
                guard.abandon();
            }
        }
        is_damaged
    }

    pub(super) fn close(&self) {
        let mut reader = lock(&self.reader);
        let mut engine = lock(&self.engine);
        let guard = self.guard().take();
        if let Some(guard) = &guard {
            guard.closing();
        }
        *reader = None;
        *engine = None;
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

    fn guard(&self) -> MutexGuard<'_, Option<Arc<Guard>>> {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.close();
    }
}

/// Locks a connection. One whose user panicked is closed: its state is unknown.
fn lock<T>(connection: &Mutex<Option<T>>) -> MutexGuard<'_, Option<T>> {
    connection.lock().unwrap_or_else(|poisoned| {
        let mut unknown = poisoned.into_inner();
        *unknown = None;
        connection.clear_poison();
        unknown
    })
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
