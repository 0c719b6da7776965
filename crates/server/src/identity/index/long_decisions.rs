//! Decisions that take long run on a blocking thread, one at a time, so that they delay no other
//! request. An account has at most a few that wait; all indexes of a server share the line.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bowline_iam::account::AccountId;
use tokio::sync::Semaphore;

/// The most decisions of one account that run or wait. Decisions of callers without an account
/// count together.
const MAX_OF_ONE_ACCOUNT: usize = 8;
/// The most decisions that run or wait.
const MAX_ALL: usize = 128;

/// The long decisions of a server.
#[derive(Debug)]
pub struct LongDecisions {
    running: Arc<Semaphore>,
    line: Arc<Mutex<HashMap<Option<AccountId>, usize>>>,
}

/// A decision in the line.
#[derive(Debug)]
struct InLine {
    line: Arc<Mutex<HashMap<Option<AccountId>, usize>>>,
    account: Option<AccountId>,
}

/// Too many decisions of the account, or of all, take long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many decisions that take long are in progress")]
pub struct TooManyLongDecisions;

impl Default for LongDecisions {
    fn default() -> Self {
        Self {
            running: Arc::new(Semaphore::new(1)),
            line: Arc::default(),
        }
    }
}

impl LongDecisions {
    /// Runs a decision of an account. If the caller stops to wait, a decision that runs completes.
    ///
    /// # Errors
    /// [`TooManyLongDecisions`].
    pub async fn run<T: Send + 'static>(
        &self,
        account: Option<AccountId>,
        decide: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, TooManyLongDecisions> {
        let in_line = self.enter(account)?;
        let running = Arc::clone(&self.running).acquire_owned().await;
        let decided = tokio::task::spawn_blocking(move || {
            let decided = decide();
            drop((running, in_line));
            decided
        });
        decided.await.map_err(|_| TooManyLongDecisions)
    }

    fn enter(&self, account: Option<AccountId>) -> Result<InLine, TooManyLongDecisions> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = line.values().sum();
        let own = line.get(&account).copied().unwrap_or_default();
        if all >= MAX_ALL || own >= MAX_OF_ONE_ACCOUNT {
            return Err(TooManyLongDecisions);
        }
        line.insert(account, own + 1);
        Ok(InLine {
            line: Arc::clone(&self.line),
            account,
        })
    }
}

impl Drop for InLine {
    fn drop(&mut self) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        match line.get_mut(&self.account) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) | None => drop(line.remove(&self.account)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn decisions_run_one_at_a_time_and_an_account_has_a_bounded_part() {
        let decisions = LongDecisions::default();
        let account = || Some("111122223333".parse().unwrap());
        assert_eq!(decisions.run(account(), || 7).await, Ok(7));
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let first = decisions.run(account(), move || wait.recv().is_ok());
        let others =
            || futures_util::future::join_all((1..8).map(|n| decisions.run(account(), move || n)));
        let late = async {
            // The line is full once the others wait.
            assert_eq!(
                decisions.run(account(), || 0).await,
                Err(TooManyLongDecisions)
            );
            let other_account = decisions.run(None, || 0);
            release.send(()).unwrap();
            assert_eq!(other_account.await, Ok(0));
        };
        let (first, others, ()) = futures_util::join!(first, others(), late);
        assert_eq!(first, Ok(true));
        assert!(others.iter().all(Result::is_ok));
        assert!(decisions.line.lock().unwrap().is_empty());
    }
}
