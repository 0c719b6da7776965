//! Following a store: the commits after a revision, in order.

use std::{fmt, sync::Arc};

use super::{Change, Revision, StoreFuture};

/// A stream of commits. Each store has its own.
pub trait Watch: fmt::Debug + Send {
    /// Waits for the next batch. No commit is missed or repeated, and each revision is higher than
    /// the one before. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`WatchError`]. The watch is over then.
    fn next(&mut self) -> StoreFuture<'_, Result<Batch, WatchError>>;
}

/// The changes of one commit, or progress: a batch without changes says only that every commit up
/// to its revision was reported. A store whose [latest](super::Store::latest) revision may be no
/// commit of its own reports progress to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The revision of the commit.
    pub revision: Revision,
    /// The changes, in the order of the transaction.
    pub changes: Arc<[Change]>,
}

/// Why a watch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WatchError {
    /// The changes after this revision are no longer stored. Take a snapshot and watch from there.
    #[error("the changes after revision {0} are no longer remembered")]
    Compacted(Revision),
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}
