//! The memory of request bodies, and of responses that wait for their clients.
//!
//! A signature over a whole body can only be verified once the whole body is in memory, so anyone
//! could fill the memory with bodies. There are three shares: of callers without a known access
//! key, of callers that name a known one, and of authenticated callers. Nothing in one share keeps
//! a body out of another. In each share an address and an account have a part at most.
//!
//! Where a part or a share is used up, the body that has been arriving for the longest time loses
//! its memory, so that a body which arrives at once is not kept out by many that never end. Of a
//! whole share, it is one of the address or account that uses the most. The share of authenticated
//! callers is different: what they sent is being worked on, so each account has at most as much as
//! it leaves to others.
//!
//! A small body that arrives in one piece is not metered: it is in the buffer of its connection,
//! and nearly all requests are small.

mod share;

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use bowline_iam::account::AccountId;
use tokio::sync::Notify;

use self::share::{Eviction, Owner, Shares};
use super::{connections::OpenConnection, source_address::SourceAddress};

/// The largest body or response that is not metered if it is in one piece.
pub(super) const UNMETERED_BYTES: usize = 8 * 1024;
/// Most metered bytes of callers without a known access key: 128 of the largest forms.
const STRANGERS_BYTES: usize = 64 * 1024 * 1024;
/// Most metered bytes of callers that name a known access key.
const CLAIMED_BYTES: usize = 96 * 1024 * 1024;
/// Most metered bytes of authenticated callers.
const PROVEN_BYTES: usize = 96 * 1024 * 1024;

/// The parts of the memory of bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BodyLimits {
    /// Most metered bytes of one address, in each share.
    pub per_address: usize,
    /// Most metered bytes of one account, in each share.
    pub per_account: usize,
}

/// The memory that all bodies share.
#[derive(Debug)]
pub(crate) struct BodyMemoryBudget {
    limits: BodyLimits,
    next_id: AtomicU64,
    evicted: AtomicU64,
    refused: AtomicU64,
    shares: Mutex<Shares>,
}

/// What the metrics show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct BodyStats {
    /// Metered bytes of each share.
    pub(crate) strangers: u64,
    pub(crate) claimed: u64,
    pub(crate) proven: u64,
    /// Bodies and responses that lost their memory to others.
    pub(crate) evicted: u64,
    /// Bodies and responses that got none.
    pub(crate) refused: u64,
}

/// One body's memory, which it returns when it is dropped.
#[derive(Debug)]
pub(super) struct Reservation {
    budget: Arc<BodyMemoryBudget>,
    id: u64,
    owner: Mutex<Owner>,
    /// The metered bytes.
    counted: AtomicUsize,
    evicted: Arc<Notify>,
}

/// The budget does not allow more bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BudgetExceeded;

impl BodyMemoryBudget {
    /// A budget of which nothing is used.
    pub(crate) fn new(limits: BodyLimits) -> Self {
        Self {
            limits,
            next_id: AtomicU64::new(0),
            evicted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            shares: Mutex::new(Shares::new([STRANGERS_BYTES, CLAIMED_BYTES, PROVEN_BYTES])),
        }
    }

    /// The present numbers.
    pub(crate) fn stats(&self) -> BodyStats {
        let [strangers, claimed, proven] = self.lock().bytes();
        BodyStats {
            strangers,
            claimed,
            proven,
            evicted: self.evicted.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shares> {
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reservation {
    /// A reservation of nothing, for a body from this address.
    pub(super) fn new(budget: Arc<BodyMemoryBudget>, from: SourceAddress) -> Self {
        Self {
            id: budget.next_id.fetch_add(1, Ordering::Relaxed),
            budget,
            owner: Mutex::new(Owner::stranger(from)),
            counted: AtomicUsize::new(0),
            evicted: Arc::default(),
        }
    }

    /// Extends the reservation to so many bytes of a body that is arriving.
    ///
    /// # Errors
    /// [`BudgetExceeded`]; the reservation stays as it was.
    pub(super) fn reserve(&self, bytes: usize) -> Result<(), BudgetExceeded> {
        if bytes <= self.counted.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.set(*self.owner(), bytes, || {
            Eviction::Body(Arc::clone(&self.evicted))
        })
    }

    /// Returns once the body has lost its memory to another one.
    pub(super) async fn evicted(&self) {
        self.evicted.notified().await;
    }

    /// The body is complete, so it keeps its memory.
    pub(super) fn complete(&self) {
        if self.counted.load(Ordering::Relaxed) > 0 {
            self.budget.lock().keep(self.owner().share, self.id);
        }
    }

    /// The caller names a known access key of this account. Call it before anything is reserved.
    pub(super) fn claim(&self, account: AccountId) {
        let mut owner = self.owner();
        *owner = owner.claimed(account);
    }

    /// The caller is authenticated. What is reserved moves to its share.
    ///
    /// # Errors
    /// [`BudgetExceeded`], if the account has its part.
    pub(super) fn prove(&self, account: AccountId) -> Result<(), BudgetExceeded> {
        let before = {
            let mut owner = self.owner();
            let before = *owner;
            *owner = owner.proven(account);
            before
        };
        let counted = self.counted.load(Ordering::Relaxed);
        if counted == 0 {
            return Ok(());
        }
        self.budget.lock().release(before.share, self.id);
        self.counted.store(0, Ordering::Relaxed);
        self.set(*self.owner(), counted, || Eviction::Never)
    }

    /// The memory is that of a whole response from here on, until its client has read it.
    ///
    /// # Errors
    /// [`BudgetExceeded`].
    pub(super) fn respond(
        &self,
        bytes: usize,
        connection: &Arc<OpenConnection>,
    ) -> Result<(), BudgetExceeded> {
        let owner = *self.owner();
        if self.counted.swap(0, Ordering::Relaxed) > 0 {
            self.budget.lock().release(owner.share, self.id);
        }
        if bytes <= UNMETERED_BYTES {
            return Ok(());
        }
        self.set(owner, bytes, || Eviction::Response(Arc::clone(connection)))
    }

    fn set(
        &self,
        owner: Owner,
        metered: usize,
        eviction: impl FnOnce() -> Eviction,
    ) -> Result<(), BudgetExceeded> {
        let budget = &self.budget;
        let mut shares = budget.lock();
        let outcome = shares.set(&budget.limits, self.id, owner, metered, eviction());
        drop(shares);
        match outcome {
            Ok(evicted) => {
                budget.evicted.fetch_add(evicted, Ordering::Relaxed);
                self.counted.store(metered, Ordering::Relaxed);
                Ok(())
            }
            Err(exceeded) => {
                budget.refused.fetch_add(1, Ordering::Relaxed);
                Err(exceeded)
            }
        }
    }

    fn owner(&self) -> MutexGuard<'_, Owner> {
        self.owner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if *self.counted.get_mut() > 0 {
            let share = self.owner().share;
            self.budget.lock().release(share, self.id);
        }
    }
}

#[cfg(test)]
mod tests;
