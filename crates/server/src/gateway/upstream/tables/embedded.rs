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
    sync::{Arc, Mutex, PoisonError},
};

use bowline_aws::dynamodb::{Operation, Place};
use dynoxide::Database;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{TableError, TableStore, dispatch::dispatch, failure::failed};
use crate::{
    folder::{private_file, private_folder},
    gateway::upstream::BoxFuture,
};

/// Most threads that one place keeps busy or waiting, so that others are served beside it.
const MAX_THREADS: u32 = 4;
/// Most databases that stay open while nobody uses them. Each has three files open.
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
    of: HashMap<Place, (u64, Arc<Slot>)>,
}

/// The database of one place. Whoever uses it has a clone of its `Arc` all the while.
struct Slot {
    path: PathBuf,
    /// None before it is opened.
    database: Mutex<Option<Database>>,
    threads: Arc<Semaphore>,
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
        place: &Place,
        work: impl FnOnce(&Slot) -> Result<T, TableError> + Send + 'static,
    ) -> Result<T, TableError> {
        let (slot, thread, idle) = self.take(place, 1).await;
        let task = tokio::task::spawn_blocking(move || {
            // To close a database is to write.
            drop(idle);
            let _thread = thread;
            work(&slot)
        });
        task.await
            .unwrap_or_else(|error| Err(TableError::Failed(error.into())))
    }

    /// The slot of a place with so many of its threads, and slots that nobody uses and that are to be dropped on a thread that may wait.
    async fn take(
        &self,
        place: &Place,
        threads: u32,
    ) -> (Arc<Slot>, OwnedSemaphorePermit, Vec<Arc<Slot>>) {
        let mut idle = Vec::new();
        loop {
            let slot = {
                let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
                slots.get(place, &self.folder, &mut idle)
            };
            // It is closed once the place was left, and then there is another one.
            let taken = Arc::clone(&slot.threads).acquire_many_owned(threads);
            if let Ok(taken) = taken.await {
                return (slot, taken, idle);
            }
        }
    }
}

impl Slots {
    /// The slot of a place. Those that make room for it are `idle`.
    fn get(&mut self, place: &Place, folder: &Path, idle: &mut Vec<Arc<Slot>>) -> Arc<Slot> {
        self.asked += 1;
        if let Some((last, slot)) = self.of.get_mut(place) {
            *last = self.asked;
            return Arc::clone(slot);
        }
        while self.of.len() >= MAX_OPEN {
            let unused = self.of.iter().filter(|(_, (_, slot))| is_unused(slot));
            let longest = unused.min_by_key(|(_, (last, _))| *last);
            let Some(longest) = longest.map(|(place, _)| place.clone()) else {
                break;
            };
            idle.extend(self.of.remove(&longest).map(|(_, slot)| slot));
        }
        let name = format!("{}.{}.db", place.account(), place.region());
        let slot = Arc::new(Slot {
            path: folder.join(name),
            database: Mutex::default(),
            threads: Arc::new(Semaphore::new(MAX_THREADS as usize)),
        });
        let known = (self.asked, Arc::clone(&slot));
        self.of.insert(place.clone(), known);
        slot
    }
}

/// Whether nobody uses a slot. Clones are made under the lock of all slots, which the caller has.
fn is_unused(slot: &Arc<Slot>) -> bool {
    Arc::strong_count(slot) == 1
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
        Ok(open)
    }

    fn close(&self) {
        let mut database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        *database = None;
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
        place: &'a Place,
        operation: Operation,
        body: String,
    ) -> BoxFuture<'a, Result<String, TableError>> {
        Box::pin(self.with_slot(place, move |slot| {
            slot.run(|database| dispatch(database, operation, &body))
        }))
    }

    fn leave<'a>(&'a self, place: &'a Place) -> BoxFuture<'a, Result<(), TableError>> {
        Box::pin(async move {
            // With all of its threads: whoever uses the place has ended, and whoever wants to waits.
            let (slot, threads, idle) = self.take(place, MAX_THREADS).await;
            let left = Arc::clone(&slot);
            let task = tokio::task::spawn_blocking(move || {
                drop(idle);
                left.remove()
            });
            let removed = task.await;
            {
                let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
                slots.of.remove(place);
                slot.threads.close();
            }
            drop(threads);
            let removed = removed.map_err(|error| TableError::Failed(error.into()))?;
            removed.map_err(|error| TableError::Failed(error.into()))
        })
    }

    fn expire(&self, places: Vec<Place>) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            for place in places {
                let sweep = |slot: &Slot| {
                    // The place was left meanwhile.
                    if !slot.path.exists() {
                        return Ok(());
                    }
                    slot.run(|database| database.sweep_ttl().map(drop).map_err(failed))
                };
                if let Err(error) = self.with_slot(&place, sweep).await {
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
