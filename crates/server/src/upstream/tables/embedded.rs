//! The embedded DynamoDB: one database file for each account's part of a region, opened when it is asked for, and closed when it was not
//! for longest and others are.
//!
//! ```text
//! {account}.{region}.db   and what SQLite keeps beside it
//! ```
//!
//! Writes are durable when they are answered: SQLite's write-ahead log with `synchronous=FULL`. A database has one lock, so that
//! requests to one place wait for each other.

use std::{
    collections::HashMap,
    error::Error,
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use bowline_aws::dynamodb::{AccountRegion, Operation};
use dynoxide::Database;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{TableError, TableStore, dispatch::dispatch, failure::failed};
use crate::{
    private_files::{private_file, private_folder},
    upstream::BoxFuture,
};

/// Most threads that one place keeps busy or waiting, so that others are served beside it.
const MAX_THREADS: u32 = 4;
/// Most databases that stay open although nobody uses them, once another is opened. Each has three files open.
const MAX_OPEN: usize = 64;

/// The databases in a folder.
#[derive(Debug)]
pub struct EmbeddedTables {
    folder: PathBuf,
    slots: Mutex<Slots>,
}

/// The places whose databases may be open.
#[derive(Debug, Default)]
struct Slots {
    /// How often one was asked for.
    asked: u64,
    /// Each with the last time that it was asked for, in that count.
    of: HashMap<AccountRegion, (u64, Arc<Slot>)>,
}

/// The database of one place. Whoever uses it has a clone of its `Arc` all the while.
struct Slot {
    path: PathBuf,
    /// None while it is not open. A place has one connection at a time: one that is closed late would take along what SQLite keeps beside
    /// the file for the next.
    database: Mutex<Option<Database>>,
    is_open: AtomicBool,
    threads: Arc<Semaphore>,
}

/// A slot with all of its threads: whoever used it has ended, and whoever wants to waits.
struct Alone {
    slot: Arc<Slot>,
    _threads: OwnedSemaphorePermit,
}

impl EmbeddedTables {
    /// Opens a folder of databases, which is made if it is not there.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn open(folder: &Path) -> io::Result<Self> {
        private_folder(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            slots: Mutex::default(),
        })
    }

    /// Does something on a thread that may wait.
    async fn with_slot<T: Send + 'static>(
        &self,
        account_region: &AccountRegion,
        work: impl FnOnce(&Slot) -> Result<T, TableError> + Send + 'static,
    ) -> Result<T, TableError> {
        let (slot, thread) = self.take(account_region, 1).await;
        let task = tokio::task::spawn_blocking(move || {
            let _thread = thread;
            work(&slot)
        });
        task.await
            .unwrap_or_else(|error| Err(TableError::Failed(error.into())))
    }

    /// The slot of a place with so many of its threads. If it is not open, there is room for it.
    async fn take(
        &self,
        account_region: &AccountRegion,
        threads: u32,
    ) -> (Arc<Slot>, OwnedSemaphorePermit) {
        loop {
            let (slot, unused) = {
                let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
                let slot = slots.get(account_region, &self.folder);
                let is_open = slot.is_open.load(Ordering::Acquire);
                let unused = if is_open { Vec::new() } else { slots.excess() };
                (slot, unused)
            };
            if !unused.is_empty() {
                // To close a database is to write.
                let close = move || unused.iter().for_each(|unused| unused.slot.close());
                // One that cannot be closed stays open.
                let _ = tokio::task::spawn_blocking(close).await;
            }
            // It has ended once the place was left, and then there is another one.
            let taken = Arc::clone(&slot.threads).acquire_many_owned(threads);
            if let Ok(taken) = taken.await {
                return (slot, taken);
            }
        }
    }
}

impl Slots {
    /// The slot of a place.
    fn get(&mut self, account_region: &AccountRegion, folder: &Path) -> Arc<Slot> {
        self.asked += 1;
        if let Some((last, slot)) = self.of.get_mut(account_region) {
            *last = self.asked;
            return Arc::clone(slot);
        }
        let name = format!(
            "{}.{}.db",
            account_region.account(),
            account_region.region()
        );
        let slot = Arc::new(Slot {
            path: folder.join(name),
            database: Mutex::default(),
            is_open: AtomicBool::new(false),
            threads: Arc::new(Semaphore::new(MAX_THREADS as usize)),
        });
        let known = (self.asked, Arc::clone(&slot));
        self.of.insert(account_region.clone(), known);
        slot
    }

    /// What is to be closed before another is opened: of those that nobody uses, the ones that nobody has asked for for longest.
    fn excess(&mut self) -> Vec<Alone> {
        // Clones are made under the lock of all slots, which the caller has.
        let is_unused = |slot: &Arc<Slot>| Arc::strong_count(slot) == 1;
        let is_open = |slot: &Arc<Slot>| slot.is_open.load(Ordering::Acquire);
        self.of
            .retain(|_, (_, slot)| is_open(slot) || !is_unused(slot));
        let mut open: Vec<_> = self.of.values().filter(|(_, slot)| is_open(slot)).collect();
        let excess = (open.len() + 1).saturating_sub(MAX_OPEN);
        open.retain(|(_, slot)| is_unused(slot));
        open.sort_by_key(|(last, _)| *last);
        let longest = open.into_iter().take(excess);
        longest
            .filter_map(|(_, slot)| Alone::try_new(slot))
            .collect()
    }
}

impl Alone {
    /// Takes a slot that nobody uses.
    fn try_new(slot: &Arc<Slot>) -> Option<Self> {
        let threads = Arc::clone(&slot.threads).try_acquire_many_owned(MAX_THREADS);
        Some(Self {
            slot: Arc::clone(slot),
            _threads: threads.ok()?,
        })
    }
}

impl Slot {
    /// Does something with the database.
    fn run<T>(&self, work: impl Fn(&Database) -> Result<T, TableError>) -> Result<T, TableError> {
        match work(&self.database()?) {
            // Somebody before panicked while it held the lock. Nothing of this request was done.
            Err(TableError::Failed(error)) if is_poisoned(&*error) => {
                self.close();
                work(&self.database()?)
            }
            outcome => outcome,
        }
    }

    /// The database, opened if it is not.
    fn database(&self) -> Result<Database, TableError> {
        let mut database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = &*database {
            return Ok(open.clone());
        }
        // SQLite gives what it keeps beside a file the mode of the file.
        private_file(&self.path).map_err(|error| TableError::Failed(error.into()))?;
        let path = self
            .path
            .to_str()
            .ok_or_else(|| TableError::Failed("the path of the data folder is not UTF-8".into()))?;
        let open = Database::new(path).map_err(failed)?;
        *database = Some(open.clone());
        self.is_open.store(true, Ordering::Release);
        Ok(open)
    }

    fn close(&self) {
        let mut database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        *database = None;
        self.is_open.store(false, Ordering::Release);
    }

    /// Closes the database and removes its files. SQLite leaves those beside it only if it could not write them back.
    fn remove(&self) -> io::Result<()> {
        self.close();
        for beside in ["", "-wal", "-shm"] {
            let mut path = self.path.clone().into_os_string();
            path.push(beside);
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }
}

impl TableStore for EmbeddedTables {
    fn call<'a>(
        &'a self,
        account_region: &'a AccountRegion,
        operation: Operation,
        body: String,
    ) -> BoxFuture<'a, Result<String, TableError>> {
        Box::pin(self.with_slot(account_region, move |slot| {
            slot.run(|database| dispatch(database, operation, &body))
        }))
    }

    fn leave<'a>(
        &'a self,
        account_region: &'a AccountRegion,
    ) -> BoxFuture<'a, Result<(), TableError>> {
        Box::pin(async move {
            // With all of its threads nobody else uses the place.
            let (slot, threads) = self.take(account_region, MAX_THREADS).await;
            let left = Arc::clone(&slot);
            // The job has them until it ends, whatever becomes of whoever waits for it.
            let task = tokio::task::spawn_blocking(move || (left.remove(), threads));
            let (removed, threads) = task
                .await
                .map_err(|error| TableError::Failed(error.into()))?;
            {
                let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
                slots.of.remove(account_region);
                slot.threads.close();
            }
            drop(threads);
            removed.map_err(|error| TableError::Failed(error.into()))
        })
    }

    fn expire(&self, places: Vec<AccountRegion>) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            for account_region in places {
                let sweep = |slot: &Slot| {
                    // The place was left meanwhile.
                    if !slot.path.exists() {
                        return Ok(());
                    }
                    slot.run(|database| database.sweep_ttl().map(drop).map_err(failed))
                };
                if let Err(error) = self.with_slot(&account_region, sweep).await {
                    tracing::warn!(
                        error = &error as &dyn Error,
                        "Items that have expired could not be removed"
                    );
                }
            }
        })
    }
}

fn is_poisoned(error: &(dyn Error + 'static)) -> bool {
    error.to_string().starts_with("Lock poisoned")
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
