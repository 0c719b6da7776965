//! Records that survive a restart, and the promise that they change only as a whole.
//!
//! A [`Store`] holds values by [`RecordKey`]. Everything that changes does so in a [`Transaction`]: conditions, then puts and
//! deletes, all or nothing, at one new [`Revision`]. A [`Snapshot`] is everything at one revision, and a [`Watch`] is every
//! later commit in order: together they feed the [index](crate::identity::index), which is all that requests read.
//!
//! Only this module and the files below it know how records are kept. All stores pass one contract (`contract.rs`).

pub mod key;
pub mod memory;
pub mod record;
pub mod sqlite;
pub mod transaction;
pub mod watch;

#[cfg(test)]
mod contract;

use std::{fmt, future::Future, pin::Pin, sync::Arc};

pub use super::store::{
    key::RecordKey,
    memory::MemoryStore,
    sqlite::SqliteStore,
    transaction::{Precondition, Transaction},
    watch::{Batch, Watch, WatchError},
};

/// A future that a [`Store`] returns: boxed, so that stores can be chosen at run time.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Revisioned records. See the module.
pub trait Store: fmt::Debug + Send + Sync {
    /// Everything, at one revision.
    fn snapshot(&self) -> StoreFuture<'_, Result<Snapshot, StoreError>>;

    /// Applies a transaction if all its conditions hold, and returns once it is durable.
    ///
    /// A failure other than [`CommitError::Conflict`] and [`CommitError::Invalid`] leaves open whether it was applied.
    fn commit(&self, transaction: Transaction) -> StoreFuture<'_, Result<Revision, CommitError>>;

    /// Every commit after `from`.
    fn watch(&self, from: Revision) -> StoreFuture<'_, Result<Watch, StoreError>>;

    /// The latest revision, read from where all replicas would see it.
    fn latest(&self) -> StoreFuture<'_, Result<Revision, StoreError>>;
}

/// The number of a commit: 0 for an empty store, then one more with each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(u64);

impl Revision {
    /// The revision of a store that nothing was ever written to.
    pub const EMPTY: Self = Self(0);

    pub(crate) fn from_number(number: u64) -> Self {
        Self(number)
    }

    pub(crate) fn number(self) -> u64 {
        self.0
    }

    fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// How many commits lie between `earlier` and this one, if it is not before it.
    fn distance_from(self, earlier: Self) -> Option<usize> {
        usize::try_from(self.0.checked_sub(earlier.0)?).ok()
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A stored value: an encoded [`record`].
pub type EncodedRecord = Arc<[u8]>;

/// One record as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// Its name.
    pub key: RecordKey,
    /// Its encoded value.
    pub value: EncodedRecord,
    /// The commit that last put it.
    pub revision: Revision,
}

/// Everything in a store at one revision, ordered by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The commit that it stands at.
    pub revision: Revision,
    /// All records.
    pub records: Vec<StoredRecord>,
}

/// One record put or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The record now has this value.
    Put(RecordKey, EncodedRecord),
    /// The record is gone.
    Delete(RecordKey),
}

impl Change {
    /// The record's name.
    pub fn key(&self) -> &RecordKey {
        match self {
            Self::Put(key, _) | Self::Delete(key) => key,
        }
    }
}

/// Why a store cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the data folder open.
    #[error("the data in `{0}` is in use by another process")]
    Locked(String),
    /// The data was written by a newer version.
    #[error("the data has schema version {found}, this version of bowline reads up to {supported}")]
    NewerSchema {
        /// What the data says.
        found: i64,
        /// What this binary knows.
        supported: i64,
    },
    /// A file could not be used.
    #[error("using `{path}`")]
    File {
        /// Which file.
        path: String,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// The database failed.
    #[error("the database failed")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}

/// Why a transaction was not applied.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A condition did not hold: somebody else was faster. Look again and decide again.
    #[error("record `{0}` has changed")]
    Conflict(RecordKey),
    /// The transaction is not one that any store would take.
    #[error(transparent)]
    Invalid(#[from] transaction::InvalidTransaction),
    /// The store failed. Whether the transaction was applied is not known.
    #[error(transparent)]
    Store(#[from] StoreError),
}
