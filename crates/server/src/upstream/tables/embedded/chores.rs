//! Work on a database that no request waits for: it builds added indexes, and removes deleted tables.
//!
//! The work is done in bounded steps, which wait for their region, their account and their memory as
//! the steps of requests do. Requests are executed between two steps.

use std::{
    error::Error,
    sync::{Arc, atomic::Ordering},
};

use bowline_iam::account::AccountId;
use tokio::sync::Semaphore;

use super::{TableError, builds, engine::Engine, slot::Slot, trash};
use crate::upstream::fair_permits::FairPermits;

/// What is left to be done in a database.
#[derive(Debug, Default)]
pub(super) struct Chores {
    /// The indexes that are being built.
    pub(super) builds: builds::Builds,
    /// Whether deleted tables are left.
    pub(super) has_trash: bool,
}

impl Chores {
    pub(super) fn load(engine: &Engine) -> Result<Self, TableError> {
        Ok(Self {
            builds: builds::load(engine)?,
            has_trash: trash::is_left(engine)?,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.builds.is_empty() && !self.has_trash
    }
}

/// What the steps of all databases share.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) threads: Arc<FairPermits<AccountId>>,
    pub(super) memory: Arc<Semaphore>,
}

/// Starts a task that does what is left to be done, unless one does.
pub(super) fn start(slot: &Arc<Slot>, account: AccountId, shared: &Shared) {
    if slot.has_chores() && !slot.is_working.swap(true, Ordering::AcqRel) {
        tokio::spawn(work(Arc::clone(slot), account, shared.clone()));
    }
}

/// Does steps until nothing is left. After an error the next request begins again.
async fn work(slot: Arc<Slot>, account: AccountId, shared: Shared) {
    loop {
        let has_failed = steps(&slot, account, &shared).await;
        slot.is_working.store(false, Ordering::Release);
        // A request may have left work since the last step, when this task was still there.
        if has_failed || !slot.has_chores() || slot.is_working.swap(true, Ordering::AcqRel) {
            return;
        }
    }
}

/// The result is whether a step failed, or the region was dropped.
async fn steps(slot: &Arc<Slot>, account: AccountId, shared: &Shared) -> bool {
    while let Ok(region) = Arc::clone(&slot.threads).acquire_owned().await {
        let thread = shared.threads.acquire(account).await;
        let bytes = builds::STEP_BYTES.max(trash::STEP_BYTES);
        let kib = u32::try_from(bytes >> 10).unwrap_or(u32::MAX);
        let memory = Arc::clone(&shared.memory).acquire_many_owned(kib).await;
        let working = Arc::clone(slot);
        let step = tokio::task::spawn_blocking(move || {
            let _permits = (region, thread, memory);
            if !working.path.exists() {
                // Nothing is left to be done in a region that is gone.
                working.set_chores(Chores::default());
                return Ok(false);
            }
            let (goes_on, is_removed) = working.execute(|engine| {
                let before = Chores::load(engine)?;
                let goes_on = if before.builds.is_empty() {
                    trash::step(engine)?
                } else {
                    builds::step(engine)?
                };
                let after = Chores::load(engine)?;
                let is_removed = before.has_trash && !after.has_trash;
                working.set_chores(after);
                Ok::<_, TableError>((goes_on, is_removed))
            })?;
            if is_removed {
                working.execute_alone(|engine| trash::write_back(engine))?;
            }
            Ok(goes_on)
        });
        let goes_on = step.await.map_err(|error| TableError::Failed(error.into()));
        match goes_on.flatten() {
            Ok(true) => {}
            Ok(false) => return false,
            Err(error) => {
                let error = &error as &dyn Error;
                tracing::error!(error, "Could not build an index, or remove a deleted table");
                return true;
            }
        }
    }
    true
}
