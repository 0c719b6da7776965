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

use super::{TableError, TableStore, dispatch::dispatch, failure::failed};
use crate::{
    folder::{private_file, private_folder},
    gateway::upstream::BoxFuture,
};

/// The databases in a folder.
#[derive(Clone, Debug)]
pub struct EmbeddedTables {
    folder: PathBuf,
    open: Arc<Mutex<HashMap<Place, Open>>>,
}

struct Open(Database);

impl EmbeddedTables {
    /// Opens a folder of databases, which is made if it is not there.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn open(folder: &Path) -> io::Result<Self> {
        private_folder(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            open: Arc::default(),
        })
    }

    /// Does something on a thread that may wait.
    async fn with_database<T: Send + 'static>(
        &self,
        place: &Place,
        work: impl Fn(&Database) -> Result<T, TableError> + Send + 'static,
    ) -> Result<T, TableError> {
        let (tables, place) = (self.clone(), place.clone());
        let task = tokio::task::spawn_blocking(move || match work(&tables.database(&place)?) {
            // Somebody before panicked while it held the lock. Nothing of this request was done.
            Err(TableError::Failed(error)) if is_poisoned(&*error) => {
                tables.close(&place);
                work(&tables.database(&place)?)
            }
            outcome => outcome,
        });
        task.await
            .unwrap_or_else(|error| Err(TableError::Failed(error.into())))
    }

    /// The database of a place, opened if it is not.
    fn database(&self, place: &Place) -> Result<Database, TableError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Open(database)) = open.get(place) {
            return Ok(database.clone());
        }
        let name = format!("{}.{}.db", place.account(), place.region());
        let path = self.folder.join(name);
        // SQLite gives what it keeps beside a file the mode of the file.
        private_file(&path).map_err(|error| TableError::Failed(error.into()))?;
        let text = path
            .to_str()
            .ok_or_else(|| TableError::Failed("the path of the data folder is not UTF-8".into()))?;
        let database = Database::new(text).map_err(failed)?;
        open.insert(place.clone(), Open(database.clone()));
        Ok(database)
    }

    fn close(&self, place: &Place) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.remove(place);
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

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Open")
    }
}

#[cfg(test)]
mod tests;
