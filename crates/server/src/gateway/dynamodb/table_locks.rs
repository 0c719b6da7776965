//! Locks of accounts' regions: a table stays the one that was authorized while a request uses it,
//! and changes of tables run one after another.
//!
//! Stores know tables by name, and a name can pass to another table. So a request that uses tables
//! holds the read lock of its account and region, and checks that they are unchanged since it was
//! authorized. A request that creates, changes or deletes a table holds the write lock.
//!
//! # Why no other replica needs these locks
//!
//! They order requests of one process to one store, and two replicas never need to agree on them:
//!
//! - The embedded store belongs to one process: its folder is locked exclusively for as long as the
//!   process runs, so all requests to its tables hold locks of this map.
//! - What replicas share are the records. Every change of a table is a step from state to state of
//!   its record, a store transaction on the record's last revision. Of two replicas that change one
//!   table, the second one's transaction fails, without any lock. The record of a table that is
//!   being changed names its owner and a lease, so that no other replica resumes it meanwhile.
//! - A store that several replicas share (a DynamoDB endpoint) decides itself about requests that
//!   race with the deletion of their table. A name that is created anew is a new record, whose
//!   creation other replicas see by their watch of the records.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bowline_aws::dynamodb::AccountRegion;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// The locks of the accounts and regions whose tables are in use or being changed.
#[derive(Debug, Default)]
pub(crate) struct RegionLocks(Mutex<HashMap<AccountRegion, Arc<RwLock<()>>>>);

impl RegionLocks {
    /// Waits until no table there is being changed, and prevents that.
    pub(super) async fn read(&self, account_region: &AccountRegion) -> OwnedRwLockReadGuard<()> {
        self.lock_of(account_region).read_owned().await
    }

    /// Waits until no table there is in use or being changed, and prevents that.
    pub(super) async fn write(&self, account_region: &AccountRegion) -> OwnedRwLockWriteGuard<()> {
        self.lock_of(account_region).write_owned().await
    }

    fn lock_of(&self, account_region: &AccountRegion) -> Arc<RwLock<()>> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = locks.get(account_region) {
            return Arc::clone(lock);
        }
        // A lock whose only owner is this map has no holder and no waiter.
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(locks.entry(account_region.clone()).or_default())
    }
}
