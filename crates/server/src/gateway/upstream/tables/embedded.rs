//! The embedded DynamoDB: one database file for each account's part of a region, opened when it is first asked for.
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
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use bowline_aws::dynamodb::{Operation, Place};
use dynoxide::Database;
use tokio::sync::Semaphore;

use super::{TableError, TableStore, dispatch::dispatch, failure::failed};
use crate::{
    folder::{private_file, private_folder},
    gateway::upstream::BoxFuture,
};

/// Most threads that one place keeps busy or waiting, so that others are served beside it.
const MAX_THREADS: usize = 4;

/// The databases in a folder.
#[derive(Debug)]
pub struct EmbeddedTables {
    folder: PathBuf,
    slots: Mutex<HashMap<Place, Arc<Slot>>>,
}

/// The database of one place.
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
    async fn with_database<T: Send + 'static>(
        &self,
        place: &Place,
        work: impl Fn(&Database) -> Result<T, TableError> + Send + 'static,
    ) -> Result<T, TableError> {
        let slot = self.slot(place);
        let thread = Arc::clone(&slot.threads).acquire_owned().await;
        let task = tokio::task::spawn_blocking(move || {
            let _thread = thread;
            match work(&slot.database()?) {
                // Somebody before panicked while it held the lock. Nothing of this request was done.
                Err(TableError::Failed(error)) if is_poisoned(&*error) => {
                    slot.close();
                    work(&slot.database()?)
                }
                outcome => outcome,
            }
        });
        task.await
            .unwrap_or_else(|error| Err(TableError::Failed(error.into())))
    }

    fn slot(&self, place: &Place) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(place) {
            return Arc::clone(slot);
        }
        let name = format!("{}.{}.db", place.account(), place.region());
        let slot = Arc::new(Slot {
            path: self.folder.join(name),
            database: Mutex::default(),
            threads: Arc::new(Semaphore::new(MAX_THREADS)),
        });
        slots.insert(place.clone(), Arc::clone(&slot));
        slot
    }
}

impl Slot {
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
}

impl TableStore for EmbeddedTables {
    fn call<'a>(
        &'a self,
        place: &'a Place,
        operation: Operation,
        body: String,
    ) -> BoxFuture<'a, Result<String, TableError>> {
        Box::pin(self.with_database(place, move |database| dispatch(database, operation, &body)))
    }

    fn expire(&self, places: Vec<Place>) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            for place in places {
                let sweep = |database: &Database| database.sweep_ttl().map_err(failed);
                if let Err(error) = self.with_database(&place, sweep).await {
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
