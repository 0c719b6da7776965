//! Guards the database files: one that is not what was written is an error, never an empty one.
//!
//! SQLite takes an empty file for a new database, and a log that was cut for one that is complete.
//! So each database has a file beside it, `{account}.{region}.state`, that says what must be there:
//! the generation, which is raised each time that the database is opened, and the position of the
//! last commit in its log, written at most a second after the commit. A database that was closed in
//! order has no log, and is compared whole if it is small. A file that fails a check is not opened
//! and stays as it is.

mod kind;
mod log;
mod state;

use std::{
    collections::HashMap,
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Instant,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use self::{
    kind::{DamagedDatabase, DatabaseKind},
    log::{Log, LogPosition},
    state::{DatabaseState, Expected, content},
};
use crate::{
    checksum::crc64, identity::store::kept_revision::write_interval, private_files::private_file,
    write_gate::WriteGate,
};

/// Maximum size of a database whose pages are all read when it is opened.
const MAX_CHECKED_BYTES: u64 = 128 << 20;

/// The guards of all databases in a folder.
#[derive(Debug, Default)]
pub(crate) struct Guards {
    kind: DatabaseKind,
    gate: WriteGate,
    shared: Arc<Shared>,
    follower: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Shared {
    open: Mutex<Following>,
    changed: Condvar,
    /// The databases that failed a check, with their files at that time.
    damaged: Mutex<HashMap<PathBuf, (DamagedDatabase, Fingerprint)>>,
    /// Whether a position could not be written the last time.
    failing: AtomicBool,
}

/// Says whether a database and the files beside it are the same as before, without reading them:
/// what is damaged is not read again for each request, and what was put back is.
type Fingerprint = [Option<(u64, u64, i64, i64)>; 3];

#[derive(Debug, Default)]
struct Following {
    guards: Vec<Arc<Guard>>,
    ends: bool,
}

/// The guard of a database that is open.
#[derive(Debug)]
pub(crate) struct Guard {
    path: PathBuf,
    /// Set by a write until its position is written.
    is_dirty: AtomicBool,
    state: Mutex<DatabaseState>,
    shared: Arc<Shared>,
}

impl Guards {
    /// Guards of databases whose requests pass this gate.
    pub(super) fn behind(gate: WriteGate) -> Self {
        Self::of(DatabaseKind::Tables, gate)
    }

    /// The guard of an index of objects.
    pub(crate) fn of_object_index() -> Self {
        Self::of(DatabaseKind::ObjectIndex, WriteGate::default())
    }

    fn of(kind: DatabaseKind, gate: WriteGate) -> Self {
        Self {
            kind,
            gate,
            shared: Arc::default(),
            follower: Mutex::default(),
        }
    }

    /// The gate.
    pub(super) fn gate(&self) -> &WriteGate {
        &self.gate
    }

    /// Checks a database before the engine opens it. A file that does not exist is created.
    ///
    /// # Errors
    /// [`DamagedDatabase`] if it is not what was written; errors of the file system.
    pub(crate) fn open(
        &self,
        path: &Path,
    ) -> Result<Arc<Guard>, Box<dyn std::error::Error + Send + Sync>> {
        if let Some((known, before)) = lock(&self.shared.damaged).get(path)
            && *before == fingerprint(path)
        {
            return Err(known.clone().into());
        }
        let mut state = match check(path, MAX_CHECKED_BYTES, true) {
            Ok(state) => state,
            Err(CheckError::File(error)) => return Err(error.into()),
            Err(CheckError::Damaged(problem)) => return Err(self.report(path, problem).into()),
        };
        lock(&self.shared.damaged).remove(path);
        // Until the position is known, any log is accepted. A kill can come between these writes, so
        // the database never has a lower generation than its state.
        state.expected = Expected::AnyLog;
        state.write(path)?;
        state.generation += 1;
        raise_generation(path, &state)?;
        state.write(path)?;
        let guard = Arc::new(Guard {
            path: path.to_owned(),
            is_dirty: AtomicBool::new(true),
            state: Mutex::new(state),
            shared: Arc::clone(&self.shared),
        });
        {
            let mut following = lock(&self.shared.open);
            following.guards.push(Arc::clone(&guard));
        }
        self.follow()?;
        self.shared.changed.notify_one();
        Ok(guard)
    }

    /// Notes that a database cannot be read.
    pub(super) fn report(&self, path: &Path, problem: String) -> DamagedDatabase {
        let damaged = DamagedDatabase {
            kind: self.kind,
            path: path.display().to_string(),
            problem,
        };
        // A start that is refused says it itself.
        if self.kind == DatabaseKind::Tables {
            tracing::error!("{damaged}");
        }
        let known = (damaged.clone(), fingerprint(path));
        lock(&self.shared.damaged).insert(path.to_owned(), known);
        damaged
    }

    /// How many databases failed a check.
    pub(super) fn damaged(&self) -> usize {
        lock(&self.shared.damaged).len()
    }

    /// Whether positions cannot be written.
    pub(super) fn is_failing(&self) -> bool {
        self.shared.failing.load(Ordering::Relaxed)
    }

    /// Forgets a database whose files are about to be removed.
    pub(crate) fn forget(&self, path: &Path) -> io::Result<()> {
        lock(&self.shared.damaged).remove(path);
        match fs::remove_file(state::path_of(path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Starts the thread that writes positions, unless it runs.
    fn follow(&self) -> io::Result<()> {
        let mut follower = lock(&self.follower);
        if follower.is_none() {
            let shared = Arc::clone(&self.shared);
            let thread = std::thread::Builder::new().name("table-state".into());
            *follower = Some(thread.spawn(move || shared.run())?);
        }
        Ok(())
    }
}

impl Drop for Guards {
    fn drop(&mut self) {
        lock(&self.shared.open).ends = true;
        self.shared.changed.notify_one();
        if let Some(follower) = lock(&self.follower).take() {
            // A thread that panicked has ended as well.
            let _ = follower.join();
        }
    }
}

impl Guard {
    /// A request that may have written is complete.
    pub(crate) fn touch(&self) {
        if !self.is_dirty.swap(true, Ordering::AcqRel) {
            self.shared.changed.notify_one();
        }
    }

    /// The database is damaged: its state stays as it is.
    pub(super) fn abandon(&self) {
        // One guard at a time has a path.
        let is_other = |guard: &Arc<Self>| guard.path != self.path;
        lock(&self.shared.open).guards.retain(is_other);
        self.is_dirty.store(false, Ordering::Release);
    }

    /// The engine is about to close the database, which removes its log.
    pub(crate) fn closing(&self) {
        self.abandon();
        let mut state = lock(&self.state);
        // A position that could not be written meanwhile is not written later.
        self.is_dirty.store(false, Ordering::Release);
        state.expected = Expected::AnyLog;
        self.report(&state.write(&self.path));
    }

    /// The engine has closed the database.
    pub(crate) fn closed(&self) {
        let mut state = lock(&self.state);
        let log = Log::open(&log_path(&self.path));
        // A log that stays could not be written back.
        if matches!(log, Ok(None))
            && let Ok(content) = content(&self.path)
        {
            state.expected = Expected::Closed(content);
            self.report(&state.write(&self.path));
        }
    }

    /// Writes the position of the last commit, if it changed.
    fn write_position(&self) {
        // Locked before the flag is read: when this returns, the position of every commit before
        // the call is written, by this thread or by another one.
        let mut state = lock(&self.state);
        if !self.is_dirty.swap(false, Ordering::AcqRel) {
            return;
        }
        let before = match state.expected {
            Expected::Log(position) => Some(position),
            Expected::AnyLog | Expected::Closed(_) => None,
        };
        let written = last_commit(&self.path, before).and_then(|position| {
            if position.is_none() || position == before {
                return Ok(());
            }
            state.expected = position.map_or(Expected::AnyLog, Expected::Log);
            state.write(&self.path)
        });
        if written.is_err() {
            self.is_dirty.store(true, Ordering::Release);
        }
        self.report(&written);
    }

    fn report(&self, written: &io::Result<()>) {
        if let Err(error) = written {
            tracing::error!(%error, "The state of the database `{}` cannot be written", self.path.display());
        }
        self.shared
            .failing
            .store(written.is_err(), Ordering::Relaxed);
    }
}

impl Shared {
    #[expect(
        clippy::disallowed_methods,
        reason = "it measures how long the disk takes, and decides nothing else on it"
    )]
    fn run(&self) {
        let mut following = lock(&self.open);
        loop {
            let is_idle = |following: &mut Following| {
                let dirty = |guard: &Arc<Guard>| guard.is_dirty.load(Ordering::Acquire);
                !following.ends && !following.guards.iter().any(dirty)
            };
            following = self
                .changed
                .wait_while(following, is_idle)
                .unwrap_or_else(PoisonError::into_inner);
            if following.ends {
                return;
            }
            let guards = following.guards.clone();
            drop(following);
            let started = Instant::now();
            for guard in guards {
                guard.write_position();
            }
            let interval = write_interval(started.elapsed());
            following = self
                .changed
                .wait_timeout_while(lock(&self.open), interval, |following| !following.ends)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

/// Checks a database that no server uses, whole, and changes nothing: what is wrong with it.
///
/// # Errors
/// Those of the file system.
pub(crate) fn check_offline(path: &Path) -> io::Result<Option<String>> {
    let checked = check(path, u64::MAX, false);
    match checked {
        Ok(_) => Ok(None),
        Err(CheckError::Damaged(problem)) => Ok(Some(problem)),
        Err(CheckError::File(error)) => Err(error),
    }
}

/// Why a check failed.
enum CheckError {
    File(io::Error),
    Damaged(String),
}

impl From<io::Error> for CheckError {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

impl From<rusqlite::Error> for CheckError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Damaged(format!("cannot be read ({error})"))
    }
}

/// Checks the files of a database against its state. The pages of a database of up to `max_bytes`
/// are read. One that does not exist is created if it may be.
fn check(path: &Path, max_bytes: u64, creates: bool) -> Result<DatabaseState, CheckError> {
    let damaged = |problem: &str| Err(CheckError::Damaged(problem.to_owned()));
    let exists = match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => true,
        Ok(_) => return damaged("is not a file"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(error.into()),
    };
    let state = match DatabaseState::read(path)? {
        state::Read::Absent if !exists => {
            if Log::open(&log_path(path))?.is_some() {
                return damaged("is missing, and its log is there");
            }
            if creates {
                private_file(path, true)?;
            }
            return Ok(DatabaseState::default());
        }
        // Of an earlier version.
        state::Read::Absent => DatabaseState::default(),
        state::Read::Damaged => return damaged("has a damaged `.state` file"),
        state::Read::Present(_) if !exists => return damaged("is missing"),
        state::Read::Present(state) => state,
    };
    if state.generation > 0 && fs::metadata(path)?.len() == 0 && state.expected != Expected::AnyLog
    {
        return damaged("is empty");
    }
    let log = Log::open(&log_path(path))?;
    let mut is_compared = false;
    match state.expected {
        Expected::AnyLog => {}
        Expected::Closed(before) => {
            if log.is_some() {
                return damaged("was closed in order, and has a log of another database");
            }
            let now = content(path)?;
            if now != before {
                return damaged("is not what was written last");
            }
            is_compared = before.checksum.is_some();
        }
        Expected::Log(position) => match log {
            None if position.frames == 0 => {}
            None => return damaged("lost its log"),
            Some(log) if log.salts() == position.salts => {
                if !log.contains(position)? {
                    return damaged("lost the end of its log");
                }
            }
            // It started over after the position was written: the first number rises by one.
            Some(log) => {
                let [now, before] = [log.salts(), position.salts].map(|[first, _]| first);
                if !(1..1 << 16).contains(&now.wrapping_sub(before)) {
                    return damaged("has a log of another database");
                }
            }
        },
    }
    if !is_compared && fs::metadata(path)?.len() > 0 {
        check_structure(path, &state, max_bytes)?;
    }
    Ok(state)
}

/// Checks the pages, and that the database is of this name and generation. Changes nothing.
fn check_structure(path: &Path, state: &DatabaseState, max_bytes: u64) -> Result<(), CheckError> {
    let connection = connect(path)?;
    let pragma = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0));
    let id: i32 = pragma("application_id")?;
    let generation: i32 = pragma("user_version")?;
    if id != 0 && id != application_id(path) {
        let problem = "is that of another account or region".to_owned();
        return Err(CheckError::Damaged(problem));
    }
    let generation = u32::try_from(generation).unwrap_or_default();
    if generation < state.generation {
        let problem = "is an older one than was opened last".to_owned();
        return Err(CheckError::Damaged(problem));
    }
    if fs::metadata(path)?.len() <= max_bytes {
        let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if found != "ok" {
            return Err(CheckError::Damaged(format!("is damaged ({found})")));
        }
    }
    Ok(())
}

/// Stores the generation in the database. A new database can return its free pages to the file
/// system; one that has pages stays as it is.
fn raise_generation(path: &Path, state: &DatabaseState) -> rusqlite::Result<()> {
    let connection = connect(path)?;
    connection.execute_batch(&format!(
        "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         BEGIN; PRAGMA application_id = {}; PRAGMA user_version = {}; COMMIT;",
        application_id(path),
        state.generation
    ))
}

/// A connection that leaves the log as it is when it is closed.
pub(crate) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(connection)
}

/// A number for the name of the file: account and region.
fn application_id(path: &Path) -> i32 {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let [first, second, third, fourth, ..] = crc64(&[name]).to_le_bytes();
    // Positive, and never zero, which is no id.
    i32::from_le_bytes([first | 1, second, third, fourth & 0x7f])
}

/// The last commit, on the disk.
fn last_commit(path: &Path, before: Option<LogPosition>) -> io::Result<Option<LogPosition>> {
    let Some(log) = Log::open(&log_path(path))? else {
        return Ok(None);
    };
    let position = log.last_commit(before)?;
    if before != Some(position) {
        log.sync()?;
    }
    Ok(Some(position))
}

fn fingerprint(path: &Path) -> Fingerprint {
    [path, &log_path(path), &state::path_of(path)].map(|path| {
        let found = fs::symlink_metadata(path).ok()?;
        Some((found.ino(), found.len(), found.mtime(), found.mtime_nsec()))
    })
}

fn log_path(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
