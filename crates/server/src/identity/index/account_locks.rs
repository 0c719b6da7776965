//! Locks of accounts, for transactions that count against quotas: in one process they run one after
//! another, so that many at once do not conflict again and again. What makes a quota exact is the
//! precondition of the transaction, in all processes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bowline_iam::account::AccountId;
use tokio::sync::OwnedMutexGuard;

/// The locks of the accounts that have transactions.
#[derive(Debug, Default)]
pub(super) struct AccountLocks(Mutex<HashMap<AccountId, Arc<tokio::sync::Mutex<()>>>>);

impl AccountLocks {
    /// Waits until the account has no other transaction, in the order of the calls.
    pub(super) async fn lock(&self, account: AccountId) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // A lock whose only owner is this map has no holder and no waiter.
            locks.retain(|of, lock| *of == account || Arc::strong_count(lock) > 1);
            Arc::clone(locks.entry(account).or_default())
        };
        lock.lock_owned().await
    }
}
