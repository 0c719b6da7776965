//! The embedded DynamoDB: one database file for each account and region. Files are opened on first
//! use. At most 40 stay open; the least recently used idle one is closed first.
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

use bowline_aws::{
    dynamodb::{AccountRegion, Operation, Request},
    error::{AwsError, Code},
};
use bowline_json::{Json, JsonObject};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::{
    chores::Shared,
    cost::Uses,
    dispatch::dispatch,
    error::failed as engine_failed,
    expiry::Sweep,
    guard::Guards,
    names::NameMap,
    slot::{MAX_THREADS, Slot},
    step::{Job, LIGHT_BYTES, StepError},
};
use super::{ItemShare, NameOf, TableError, TableRequest, TableStore};
use crate::{
    private_files::private_folder,
    upstream::{
        BoxFuture,
        fair_permits::{FairPermit, FairPermits},
    },
    write_gate::WriteGate,
};

mod batch;
mod bounds;
mod builds;
mod chores;
mod cost;
mod dispatch;
mod engine;
mod error;
mod expiry;
pub(crate) mod guard;
mod item;
mod meter;
mod names;
mod pages;
mod slot;
pub(crate) mod snapshot;
mod step;
mod time_to_live;
mod tokens;
mod transaction;
mod trash;
mod weight;

/// Maximum number of idle databases that stay open when another is opened. Each has five files
/// open, and a megabyte of pages in memory.
const MAX_OPEN: usize = 40;

/// How often a request is executed again because its items need more memory than it had.
const MAX_ATTEMPTS: usize = 4;

/// Maximum number of regions in which an account may have tables. Each takes a file.
pub(crate) const MAX_REGIONS: usize = 40;

/// Threads that work on tables at the same time, and those of one account. The others that the
/// runtime may block are left for objects and for the identity store.
const MAX_WORKING: usize = 16;
const MAX_WORKING_OF_ACCOUNT: usize = 4;
/// Memory of all steps at the same time, in KiB, beside the texts of requests and responses.
const MEMORY_KIB: usize = 96 << 10;
/// Memory of one step.
const MAX_STEP_BYTES: usize = 92 << 20;

/// The databases in a folder.
#[derive(Debug)]
pub struct EmbeddedTables {
    folder: PathBuf,
    /// Dropped before the guards, which the slots use when they close.
    slots: Mutex<Slots>,
    guards: Arc<Guards>,
    shared: Shared,
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
        Self::behind(folder, &WriteGate::default())
    }

    /// The same. Requests pass this gate.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) fn behind(folder: &Path, gate: &WriteGate) -> io::Result<Self> {
        private_folder(folder)?;
        snapshot::remove_interrupted(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            slots: Mutex::default(),
            guards: Arc::new(Guards::behind(gate.clone())),
            shared: Shared {
                threads: FairPermits::new(MAX_WORKING, MAX_WORKING_OF_ACCOUNT),
                memory: Arc::new(Semaphore::new(MEMORY_KIB)),
            },
        })
    }

    /// Runs a step on a thread that may block, with this memory. A step waits for its region, its
    /// account and its memory, in this order, so that none of them waits for another account.
    async fn with_slot<T: Send + 'static>(
        &self,
        account_region: &AccountRegion,
        memory: usize,
        step: impl FnOnce(&Arc<Slot>) -> T + Send + 'static,
    ) -> Result<T, TableError> {
        let (slot, region) = self.acquire(account_region, 1).await;
        let thread = self.shared.threads.acquire(account_region.account()).await;
        let kib = memory.div_ceil(1 << 10).min(MEMORY_KIB);
        let kib = u32::try_from(kib).unwrap_or(u32::MAX);
        let memory = Arc::clone(&self.shared.memory)
            .acquire_many_owned(kib)
            .await;
        let used = Arc::clone(&slot);
        let task = tokio::task::spawn_blocking(move || {
            let _permits: (OwnedSemaphorePermit, FairPermit<_>, _) = (region, thread, memory);
            step(&slot)
        });
        let outcome = task.await;
        chores::start(&used, account_region.account(), &self.shared);
        outcome.map_err(|error| TableError::Failed(error.into()))
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
                    slots.evict(1)
                };
                (slot, unused)
            };
            close(unused).await;
            // The semaphore is closed once the region was dropped. Then there is another slot.
            let acquired = Arc::clone(&slot.threads).acquire_many_owned(threads);
            if let Ok(acquired) = acquired.await {
                return (slot, acquired);
            }
        }
    }

    /// Executes one request of the engine. `uses` is what its expressions use.
    async fn execute(
        &self,
        account_region: &AccountRegion,
        operation: Operation,
        body: String,
        names: &NameMap,
        uses: Vec<Uses>,
        share: &Arc<ItemShare>,
    ) -> Result<String, TableError> {
        let body: Arc<str> = body.into();
        let uses: Arc<[Uses]> = uses.into();
        let of_request = weight::weight(body.as_bytes());
        let mut memory = LIGHT_BYTES;
        // The second attempt has the memory that the first asked for. Items may grow meanwhile.
        for _ in 0..MAX_ATTEMPTS {
            if memory + of_request > MAX_STEP_BYTES {
                return Err(TableError::Rejected(AwsError::new(
                    Code::ValidationError,
                    "One or more parameter values were invalid: The request and its items have too many attributes and elements",
                )));
            }
            let (body, names, uses, share) = (
                Arc::clone(&body),
                names.clone(),
                Arc::clone(&uses),
                Arc::clone(share),
            );
            let step = move |slot: &Arc<Slot>| {
                let job = Job {
                    slot: Arc::clone(slot),
                    names,
                    uses,
                    memory,
                    share,
                };
                dispatch(&job, operation, &body)
            };
            match self
                .with_slot(account_region, memory + of_request, step)
                .await?
            {
                Ok(body) => return Ok(body),
                Err(StepError::Table(error)) => return Err(error),
                Err(StepError::Memory(needed)) => {
                    let most = MAX_STEP_BYTES.saturating_sub(of_request);
                    memory = needed.max(most.min(needed + needed / 8));
                }
            }
        }
        let error = "items change faster than they are read";
        Err(TableError::Failed(error.into()))
    }
}

/// What the expressions of a request use: of each item, if it is a transaction.
fn uses(request: &Request<'_>) -> Vec<Uses> {
    if request.operation() != Operation::TransactWriteItems {
        return request.body().map(Uses::of).into_iter().collect();
    }
    let items = request.get("TransactItems").and_then(Json::as_array);
    let items = items.unwrap_or_default().iter();
    let actions = items.map(|item| {
        let action = item.as_object().map(JsonObject::members);
        let action = action.unwrap_or_default().first()?;
        action.value.as_object()
    });
    actions
        .map(|action| action.map(Uses::of).unwrap_or_default())
        .collect()
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

    /// The databases to close before so many are opened: the least recently used idle ones.
    fn evict(&mut self, more: usize) -> Vec<ExclusiveSlot> {
        // Slots are cloned under the lock of this map only, which the caller holds.
        let is_idle = |slot: &Arc<Slot>| Arc::strong_count(slot) == 1;
        self.slots
            .retain(|_, (_, slot)| slot.is_open() || !is_idle(slot));
        let slots = self.slots.values();
        let mut open: Vec<_> = slots.filter(|(_, slot)| slot.is_open()).collect();
        let excess = (open.len() + more).saturating_sub(MAX_OPEN);
        open.retain(|(_, slot)| is_idle(slot));
        open.sort_by_key(|(last, _)| *last);
        let longest_idle = open.into_iter().take(excess);
        longest_idle
            .filter_map(|(_, slot)| ExclusiveSlot::try_new(slot))
            .collect()
    }
}

/// Closes databases, which writes to them. One that cannot be closed stays open.
async fn close(unused: Vec<ExclusiveSlot>) {
    if !unused.is_empty() {
        let close = move || unused.iter().for_each(|unused| unused.slot.close());
        let _ = tokio::task::spawn_blocking(close).await;
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
            let uses = uses(call.request);
            let response = self
                .execute(account_region, operation, body, names, uses, call.share)
                .await?;
            // Responses with items have the client's names already.
            if matches!(
                operation,
                Operation::BatchGetItem | Operation::Query | Operation::Scan
            ) {
                return Ok(response);
            }
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
                let mut sweep = Some(Sweep::default());
                while let Some(mut next) = sweep.take() {
                    let step = |slot: &Arc<Slot>| {
                        // The region was dropped meanwhile.
                        if !slot.path.exists() {
                            return Ok(None);
                        }
                        let goes_on = slot.execute(|engine| next.step(engine))?;
                        Ok::<_, TableError>(goes_on.then_some(next))
                    };
                    let swept = self.with_slot(&account_region, LIGHT_BYTES, step).await;
                    match swept.flatten() {
                        Ok(next) => sweep = next,
                        Err(error) => {
                            let error = &error as &dyn Error;
                            tracing::warn!(error, "Could not remove expired items");
                        }
                    }
                }
            }
        })
    }
}

fn invalid_json(error: serde_json::Error) -> TableError {
    TableError::Failed(error.into())
}

#[cfg(test)]
mod tests;
