//! The store of records: durable, revisioned, changed only by transactions.
//!
//! A [`Store`] keeps encoded records by [`RecordKey`]. A [`Transaction`] is preconditions, then
//! puts and deletes: it applies whole, at one new [`Revision`], or not at all. A [`Snapshot`] is
//! every record at one revision, and a [`Watch`] is every later commit in order. Together they feed
//! the [index](crate::identity::index), which is all that requests read.
//!
//! Only this module and the files below it know how records are stored. Every store passes the
//! tests in `contract.rs`. A new store is a file here that implements [`Store`] and a line in
//! `contract.rs`.

mod change_log;
pub mod kept_revision;
pub mod key;
pub mod memory;
pub mod record;
pub mod sqlite;
pub mod transaction;
pub mod watch;

#[cfg(test)]
mod contract;
#[cfg(test)]
pub(crate) mod gaps;

use std::{fmt, future::Future, pin::Pin, sync::Arc};

pub use super::store::{
    key::RecordKey,
    memory::MemoryStore,
    record::{Counted, Entity, InvalidEntity},
    sqlite::SqliteStore,
    transaction::{Precondition, Transaction},
    watch::{Batch, Watch, WatchError},
};

/// A future that a [`Store`] returns: boxed, so that the store can be chosen at run time.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A store of records. See the module.
pub trait Store: fmt::Debug + Send + Sync {
    /// Reads every record, at one revision.
    fn snapshot(&self) -> StoreFuture<'_, Result<Snapshot, StoreError>>;

    /// Applies a transaction if all its preconditions hold, and returns once it is durable.
    ///
    /// After [`CommitError::Store`] it is unknown whether the transaction was applied.
    fn commit(&self, transaction: Transaction) -> StoreFuture<'_, Result<Revision, CommitError>>;

    /// Follows every commit after `from`.
    fn watch(&self, from: Revision) -> StoreFuture<'_, Result<Box<dyn Watch>, StoreError>>;

    /// Reads the latest revision from where every replica sees it. It is at or after every commit
    /// that returned before the call, and every watch reaches it.
    fn latest(&self) -> StoreFuture<'_, Result<Revision, StoreError>>;

    /// What is wrong with the store although it works, for its operator.
    fn problem(&self) -> Option<&'static str> {
        None
    }
}

/// The position of a commit among all commits of a store.
///
/// Revisions are opaque: they are ordered, and nothing else follows from them. They have gaps,
/// since a store may number what others write as well. Only a store makes one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(u64);

impl Revision {
    /// The revision before every commit.
    pub const EMPTY: Self = Self(0);

    pub(crate) fn from_number(number: u64) -> Self {
        Self(number)
    }

    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The bytes of a [record](mod@record).
pub type EncodedRecord = Arc<[u8]>;

/// One record of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// The record's key.
    pub key: RecordKey,
    /// The encoded record.
    pub value: EncodedRecord,
    /// The commit that last put it.
    pub revision: Revision,
}

/// Every record of a store at one revision, in the order of the keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The revision. Every later commit is one that a watch from here reports.
    pub revision: Revision,
    /// The records.
    pub records: Vec<StoredRecord>,
}

/// A put or a delete of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The record now has this value.
    Put(RecordKey, EncodedRecord),
    /// The record no longer exists.
    Delete(RecordKey),
}

impl Change {
    /// The record's key.
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
    /// A newer build wrote the data.
    #[error("the data has schema version {found}, this version of bowline reads up to {supported}")]
    NewerSchema {
        /// The version of the data.
        found: i64,
        /// The newest version that this build reads.
        supported: i64,
    },
    /// A file could not be used.
    #[error("using `{path}`")]
    File {
        /// The file.
        path: String,
        /// The error of the operating system.
        #[source]
        source: std::io::Error,
    },
    /// The stored data is not what was written.
    #[error("the store is damaged")]
    Damaged(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The file of the last acknowledged revision is not what was written.
    #[error("`{0}` is damaged: it says which revision of the store was acknowledged last")]
    DamagedRevision(String),
    /// Commits that were acknowledged are lost.
    #[error(
        "the store is at revision {found}, and revision {kept} was acknowledged: the commits after it are lost"
    )]
    Older {
        /// The store's revision.
        found: Revision,
        /// The revision that was acknowledged.
        kept: Revision,
    },
    /// The revision is that of another store.
    #[error("the store is that of another server")]
    OtherStore,
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
    /// A precondition did not hold: another transaction came first. Read and decide again.
    #[error("record `{0}` has changed")]
    Conflict(RecordKey),
    /// No store accepts the transaction.
    #[error(transparent)]
    Invalid(#[from] transaction::InvalidTransaction),
    /// The store failed. Whether the transaction was applied is unknown.
    #[error(transparent)]
    Store(#[from] StoreError),
}
