//! Places for work at one time: for each account, and for all.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bowline_iam::account::AccountId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Places, of which one account has only a part.
#[derive(Debug)]
pub(super) struct Places {
    of_account: usize,
    accounts: Mutex<HashMap<AccountId, Arc<Semaphore>>>,
    all: Arc<Semaphore>,
}

/// A place that is taken until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    _of_account: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(of_account: usize, all: usize) -> Self {
        Self {
            of_account,
            accounts: Mutex::default(),
            all: Arc::new(Semaphore::new(all)),
        }
    }

    /// Waits for a place, in the order of the calls. Never `None`: the places are not closed.
    pub(super) async fn take(&self, account: AccountId) -> Option<Place> {
        let places = {
            let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
            // One whose only owner is this map has no work and no waiter.
            accounts.retain(|of, places| *of == account || Arc::strong_count(places) > 1);
            let places = accounts
                .entry(account)
                .or_insert_with(|| Arc::new(Semaphore::new(self.of_account)));
            Arc::clone(places)
        };
        let of_account = places.acquire_owned().await.ok()?;
        let of_all = Arc::clone(&self.all).acquire_owned().await.ok()?;
        Some(Place {
            _of_account: of_account,
            _of_all: of_all,
        })
    }
}
