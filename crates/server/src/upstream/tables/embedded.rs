//! The embedded DynamoDB: one database file for each account and region. Files are opened on first
//! use. At most 64 stay open; the least recently used idle one is closed first.
//!
//! ```text
//! {account}.{region}.db      and the files that SQLite keeps beside it
//! {account}.{region}.state   what must be in them (`guard.rs`)
//! ```
//!
//! Writes are durable when the response is sent: SQLite's write-ahead log with `synchronous=FULL`.
//! A database has one lock, so requests to one account and region wait for each other.
//!
//! Everything that the engine needs and the service does not is here: bounds of requests, sizes of
//! pages, names of tables and indexes, and the translation of its errors.

use std::{
    collections::HashMap,
    error::Error,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use bowline_aws::dynamodb::{AccountRegion, Operation};
use dynoxide::{Database, DynoxideError};
use tokio::sync::OwnedSemaphorePermit;

use self::{
    dispatch::dispatch,
    guard::Guards,
    names::NameMap,
    slot::{MAX_THREADS, Slot},
};
use super::{NameOf, TableError, TableRequest, TableStore};
use crate::{private_files::private_folder, upstream::BoxFuture};

mod bounds;
mod dispatch;
mod error;
mod guard;
mod names;
mod pages;
mod slot;

/// Maximum number of idle databases that stay open when another is opened. Each has three files
/// open.
const MAX_OPEN: usize = 64;

/// Maximum number of regions in which an account may have tables. Each takes a file.
pub(crate) const MAX_REGIONS: usize = 40;

/// The databases in a folder.
#[derive(Debug)]
pub struct EmbeddedTables {
    folder: PathBuf,
    /// Dropped before the guards, which the slots use when they close.
    slots: Mutex<Slots>,
    guards: Arc<Guards>,
}

/// The databases that may be open.
#[derive(Debug, Default)]
struct Slots {
    /// The number of lookups so far.
    lookups: u64,
    /// Each with the number of its last lookup.
    slots: HashMap<AccountRegion, (u64, Arc<Slot>)>,
}

/// Exclusive access to a slot: all its semaphore permits are held.
struct ExclusiveSlot {
    slot: Arc<Slot>,
    _threads: OwnedSemaphorePermit,
}

impl EmbeddedTables {
    /// Opens a folder of databases, and creates it if it does not exist.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn open(folder: &Path) -> io::Result<Self> {
        private_folder(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            slots: Mutex::default(),
            guards: Arc::default(),
        })
    }

    /// Runs work on a thread that may block.
    async fn with_slot<T: Send + 'static>(
        &self,
        account_region: &AccountRegion,
        work: impl FnOnce(&Slot) -> Result<T, TableError> + Send + 'static,
    ) -> Result<T, TableError> {
        let (slot, thread) = self.acquire(account_region, 1).await;
        let task = tokio::task::spawn_blocking(move || {
            let _thread = thread;
            work(&slot)
        });
        task.await
            .unwrap_or_else(|error| Err(TableError::Failed(error.into())))
    }

    /// The slot of an account and region, with this many of its threads. If it is not open, one
    /// more may be opened.
    async fn acquire(
        &self,
        account_region: &AccountRegion,
        threads: u32,
    ) -> (Arc<Slot>, OwnedSemaphorePermit) {
        loop {
            let (slot, unused) = {
                let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
                let slot = slots.get(account_region, &self.folder, &self.guards);
                let unused = if slot.is_open() {
                    Vec::new()
                } else {
                    slots.evict()
                };
                (slot, unused)
            };
            if !unused.is_empty() {
                // Closing a database writes to it.
                let close = move || unused.iter().for_each(|unused| unused.slot.close());
                // A database that cannot be closed stays open.
                let _ = tokio::task::spawn_blocking(close).await;
            }
            // The semaphore is closed once the region was dropped. Then there is another slot.
            let acquired = Arc::clone(&slot.threads).acquire_many_owned(threads);
            if let Ok(acquired) = acquired.await {
                return (slot, acquired);
            }
        }
    }

    /// Executes one request of the engine.
    async fn execute(
        &self,
        account_region: &AccountRegion,
        operation: Operation,
        body: String,
        names: &NameMap,
    ) -> Result<String, TableError> {
        let names = names.clone();
        self.with_slot(account_region, move |slot| {
            slot.run(|database| dispatch(database, operation, &body, &names))
        })
        .await
    }

    /// Deletes a table, whose name is the engine's.
    async fn delete_table(
        &self,
        account_region: &AccountRegion,
        table: String,
        body: String,
        names: &NameMap,
    ) -> Result<String, TableError> {
        let names = names.clone();
        let is_protected = move |database: &Database| {
            let table = database.get_table_metadata(&table).map_err(engine_failed)?;
            Ok::<_, TableError>(table.is_some_and(|table| table.deletion_protection_enabled))
        };
        let delete = move |database: &Database| {
            let deleted = dispatch(database, Operation::DeleteTable, &body, &names);
            match deleted {
                Err(TableError::Rejected(error)) if is_protected(database)? => {
                    Err(TableError::DeletionProtected(error))
                }
                outcome => outcome,
            }
        };
        self.with_slot(account_region, move |slot| slot.run(delete))
            .await
    }
}

impl Slots {
    fn get(
        &mut self,
        account_region: &AccountRegion,
        folder: &Path,
        guards: &Arc<Guards>,
    ) -> Arc<Slot> {
        self.lookups += 1;
        if let Some((last, slot)) = self.slots.get_mut(account_region) {
            *last = self.lookups;
            return Arc::clone(slot);
        }
        let name = format!(
            "{}.{}.db",
            account_region.account(),
            account_region.region()
        );
        let slot = Arc::new(Slot::new(folder.join(name), Arc::clone(guards)));
        let entry = (self.lookups, Arc::clone(&slot));
        self.slots.insert(account_region.clone(), entry);
        slot
    }

    /// The databases to close before another is opened: the least recently used idle ones.
    fn evict(&mut self) -> Vec<ExclusiveSlot> {
        // Slots are cloned under the lock of this map only, which the caller holds.
        let is_idle = |slot: &Arc<Slot>| Arc::strong_count(slot) == 1;
        self.slots
            .retain(|_, (_, slot)| slot.is_open() || !is_idle(slot));
        let slots = self.slots.values();
        let mut open: Vec<_> = slots.filter(|(_, slot)| slot.is_open()).collect();
        let excess = (open.len() + 1).saturating_sub(MAX_OPEN);
        open.retain(|(_, slot)| is_idle(slot));
        open.sort_by_key(|(last, _)| *last);
        let longest_idle = open.into_iter().take(excess);
        longest_idle
            .filter_map(|(_, slot)| ExclusiveSlot::try_new(slot))
            .collect()
    }
}

impl ExclusiveSlot {
    /// Takes an idle slot.
    fn try_new(slot: &Arc<Slot>) -> Option<Self> {
        let threads = Arc::clone(&slot.threads).try_acquire_many_owned(MAX_THREADS);
        Some(Self {
            slot: Arc::clone(slot),
            _threads: threads.ok()?,
        })
    }
}

impl TableStore for EmbeddedTables {
    fn call<'a>(&'a self, call: TableRequest<'a>) -> BoxFuture<'a, Result<String, TableError>> {
        Box::pin(async move {
            bounds::check(call.request).map_err(TableError::Rejected)?;
            let names = &NameMap::new(call.tables);
            let body = names.request(call.body())?;
            let (account_region, operation) = (call.account_region, call.operation());
            let response = if matches!(operation, Operation::Query | Operation::Scan) {
                let read = |body| self.execute(account_region, operation, body, names);
                pages::page(body, read).await?
            } else if operation == Operation::DeleteTable {
                let tables = call.request.tables(account_region);
                let table = tables
                    .first()
                    .map(|table| names.table(table.table.as_str()));
                let table = table.unwrap_or_default().to_owned();
                self.delete_table(account_region, table, body, names)
                    .await?
            } else {
                self.execute(account_region, operation, body, names).await?
            };
            names.response(response)
        })
    }

    fn new_name(&self, of: NameOf, name: &str, others: &[&str]) -> Option<String> {
        names::new_name(of, name, others)
    }

    fn is_distinct(&self, of: NameOf, upstream_name: &str, others: &[&str]) -> bool {
        names::is_distinct(of, upstream_name, others)
    }

    fn max_regions(&self) -> Option<usize> {
        Some(MAX_REGIONS)
    }

    fn drop_region<'a>(
        &'a self,
        account_region: &'a AccountRegion,
    ) -> BoxFuture<'a, Result<(), TableError>> {
        Box::pin(async move {
            // All threads are taken, so there is no other user.
            let (slot, threads) = self.acquire(account_region, MAX_THREADS).await;
            let dropped = Arc::clone(&slot);
            // The job keeps the threads until it ends, even if the caller is cancelled.
            let task = tokio::task::spawn_blocking(move || (dropped.remove(), threads));
            let (removed, threads) = task
                .await
                .map_err(|error| TableError::Failed(error.into()))?;
            {
                let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
                slots.slots.remove(account_region);
                slot.threads.close();
            }
            drop(threads);
            removed.map_err(|error| TableError::Failed(error.into()))
        })
    }

    fn damage(&self) -> usize {
        self.guards.damaged()
    }

    fn problem(&self) -> Option<&'static str> {
        let fails = self.guards.is_failing();
        fails.then_some("the state of a table database cannot be written")
    }

    fn expire(&self, account_regions: Vec<AccountRegion>) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            for account_region in account_regions {
                let sweep = |slot: &Slot| {
                    // The region was dropped meanwhile.
                    if !slot.path.exists() {
                        return Ok(());
                    }
                    slot.run(|database| database.sweep_ttl().map(drop).map_err(engine_failed))
                };
                if let Err(error) = self.with_slot(&account_region, sweep).await {
                    tracing::warn!(
                        error = &error as &dyn Error,
                        "Could not remove expired items"
                    );
                }
            }
        })
    }
}

/// An error of the engine that no request caused.
fn engine_failed(error: DynoxideError) -> TableError {
    TableError::Failed(error.into())
}

fn invalid_json(error: serde_json::Error) -> TableError {
    TableError::Failed(error.into())
}

#[cfg(test)]
mod tests;
