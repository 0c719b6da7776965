//! Turns: while a table is used it stays the one that was decided about, and changes of tables come one after another.
//!
//! The store knows tables by their names, and a name may go to another table. So whatever uses tables has the place's read turn and
//! looks once more whether they are the same; whatever makes, changes or removes one has its write turn.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bowline_aws::dynamodb::AccountRegion;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// The turns of the places whose tables are used or changed.
#[derive(Debug, Default)]
pub(crate) struct RegionLocks(Mutex<HashMap<AccountRegion, Arc<RwLock<()>>>>);

impl RegionLocks {
    /// Waits until no table of the place is being changed, and keeps it so.
    pub(super) async fn read(&self, account_region: &AccountRegion) -> OwnedRwLockReadGuard<()> {
        self.lock_of(account_region).read_owned().await
    }

    /// Waits until no table of the place is used or changed, and keeps it so.
    pub(super) async fn write(&self, account_region: &AccountRegion) -> OwnedRwLockWriteGuard<()> {
        self.lock_of(account_region).write_owned().await
    }

    fn lock_of(&self, account_region: &AccountRegion) -> Arc<RwLock<()>> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = locks.get(account_region) {
            return Arc::clone(lock);
        }
        // Nobody has or awaits the turn of a place that this map alone knows of.
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(locks.entry(account_region.clone()).or_default())
    }
}
