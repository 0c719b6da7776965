//! The memory of responses with items, until their clients have read them.
//!
//! A response is in memory as a whole. A client that does not read could keep many of them there,
//! so all responses share one budget, each account has a part of it, and each client of an account
//! a part of that. A page or a batch ends early if its client's part is used up. Other requests
//! wait a moment, and are then rejected, before anything is read.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bowline_aws::{
    dynamodb::AccountRegion,
    error::{AwsError, Code},
};
use tokio::{sync::Notify, time::timeout};

/// Bytes of each response that are not metered: nearly all responses are smaller.
const UNMETERED_BYTES: usize = 16 * 1024;
/// Most metered bytes of all responses.
const TOTAL_BYTES: usize = 96 << 20;
/// Most metered bytes of one account.
const PER_ACCOUNT_BYTES: usize = 48 << 20;
/// Most metered bytes of one client of an account: the largest response, and some small ones.
const PER_CLIENT_BYTES: usize = 28 << 20;
/// How long a request waits for its client to read earlier responses.
const WAIT_TIMEOUT: Duration = Duration::from_secs(5);

/// The memory that all responses share.
#[derive(Debug, Default)]
pub(crate) struct ResponseMemory {
    used: Mutex<Used>,
    returned: Notify,
}

#[derive(Debug, Default)]
struct Used {
    total: usize,
    by_account: HashMap<String, usize>,
    by_client: HashMap<(String, IpAddr), usize>,
}

/// One response's part of the memory, which it returns when it is dropped.
#[derive(Debug)]
pub struct ResponseShare {
    /// None: the server itself reads the response.
    client: Option<(Arc<ResponseMemory>, String, IpAddr)>,
    bytes: AtomicUsize,
}

impl ResponseShare {
    /// The share of a response that the server itself reads, which is not metered.
    pub fn unmetered() -> Self {
        Self {
            client: None,
            bytes: AtomicUsize::new(0),
        }
    }

    /// An empty share of a client.
    pub(crate) fn new(
        memory: &Arc<ResponseMemory>,
        account_region: &AccountRegion,
        address: IpAddr,
    ) -> Self {
        let account = account_region.account().to_string();
        Self {
            client: Some((Arc::clone(memory), account, address.to_canonical())),
            bytes: AtomicUsize::new(0),
        }
    }

    /// Extends the share to so many bytes of a response. False if the client's part does not allow
    /// it: then it stays as it was.
    pub(crate) fn reserve(&self, bytes: usize) -> bool {
        let Some((memory, account, address)) = &self.client else {
            return true;
        };
        let metered = bytes.saturating_sub(UNMETERED_BYTES);
        let counted = self.bytes.load(Ordering::Relaxed);
        let Some(more) = metered.checked_sub(counted).filter(|more| *more > 0) else {
            return true;
        };
        let mut used = memory.lock();
        let client = (account.clone(), *address);
        let of_account = used.by_account.get(account).copied().unwrap_or_default() + more;
        let of_client = used.by_client.get(&client).copied().unwrap_or_default() + more;
        let exceeds = used.total + more > TOTAL_BYTES
            || of_account > PER_ACCOUNT_BYTES
            || of_client > PER_CLIENT_BYTES;
        if exceeds {
            return false;
        }
        used.total += more;
        used.by_account.insert(account.clone(), of_account);
        used.by_client.insert(client, of_client);
        self.bytes.store(metered, Ordering::Relaxed);
        true
    }

    /// Waits until the share can be extended to so many bytes.
    ///
    /// # Errors
    /// `ThrottlingException` if the client does not read its other responses.
    pub(crate) async fn wait(&self, bytes: usize) -> Result<(), AwsError> {
        let Some((memory, ..)) = &self.client else {
            return Ok(());
        };
        let reserved = async {
            loop {
                let returned = memory.returned.notified();
                if self.reserve(bytes) {
                    return;
                }
                returned.await;
            }
        };
        timeout(WAIT_TIMEOUT, reserved).await.map_err(|_| {
            let message = "Rate exceeded: other responses are not read yet";
            AwsError::new(Code::Throttling, message)
        })
    }

    /// Reduces the share to so many bytes of a response.
    pub(crate) fn reduce(&self, bytes: usize) {
        let metered = bytes.saturating_sub(UNMETERED_BYTES);
        let counted = self.bytes.load(Ordering::Relaxed);
        if let Some(less) = counted.checked_sub(metered).filter(|less| *less > 0) {
            self.bytes.store(metered, Ordering::Relaxed);
            self.give_back(less);
        }
    }

    fn give_back(&self, bytes: usize) {
        let Some((memory, account, address)) = &self.client else {
            return;
        };
        {
            let mut used = memory.lock();
            used.total = used.total.saturating_sub(bytes);
            subtract(&mut used.by_account, account, bytes);
            subtract(&mut used.by_client, &(account.clone(), *address), bytes);
        }
        memory.returned.notify_waiters();
    }
}

fn subtract<K: Eq + Hash>(used: &mut HashMap<K, usize>, of: &K, bytes: usize) {
    if let Some(counted) = used.get_mut(of) {
        *counted = counted.saturating_sub(bytes);
        if *counted == 0 {
            used.remove(of);
        }
    }
}

impl Drop for ResponseShare {
    fn drop(&mut self) {
        let counted = *self.bytes.get_mut();
        if counted > 0 {
            self.give_back(counted);
        }
    }
}

impl ResponseMemory {
    fn lock(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(memory: &Arc<ResponseMemory>, account: &str, address: &str) -> ResponseShare {
        let account_region = AccountRegion::new(account.parse().unwrap(), "us-east-1").unwrap();
        ResponseShare::new(memory, &account_region, address.parse().unwrap())
    }

    const ONE: &str = "432797229265";
    const OTHER: &str = "111122223333";

    #[test]
    fn responses_take_no_more_than_their_clients_part_and_return_it() {
        let memory = Arc::new(ResponseMemory::default());
        let most = PER_CLIENT_BYTES + UNMETERED_BYTES;
        let first = share(&memory, ONE, "10.0.0.1");
        assert!(first.reserve(1) && !first.reserve(most + 1) && first.reserve(most));
        let second = share(&memory, ONE, "::ffff:10.0.0.1");
        assert!(second.reserve(UNMETERED_BYTES) && !second.reserve(UNMETERED_BYTES + 1));
        // Another client of the account has the rest of the account's part.
        let third = share(&memory, ONE, "10.0.0.2");
        assert!(!third.reserve(most));
        let rest = PER_ACCOUNT_BYTES - PER_CLIENT_BYTES + UNMETERED_BYTES;
        assert!(third.reserve(rest) && !third.reserve(rest + 1));
        // Another account does not notice.
        let other = share(&memory, OTHER, "10.0.0.1");
        assert!(other.reserve(most));
        first.reduce(UNMETERED_BYTES + 1);
        assert!(second.reserve(most - 1) && !second.reserve(most));
        drop((first, second, third, other));
        let used = memory.lock();
        assert_eq!(
            (used.total, used.by_account.len(), used.by_client.len()),
            (0, 0, 0)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_waits_for_earlier_responses_and_not_for_long() {
        let memory = Arc::new(ResponseMemory::default());
        let first = share(&memory, ONE, "10.0.0.1");
        assert!(first.reserve(PER_CLIENT_BYTES));
        let second = share(&memory, ONE, "10.0.0.1");
        let error = second.wait(PER_CLIENT_BYTES).await.unwrap_err();
        assert_eq!(error.code(), Code::Throttling);
        let (waited, ()) = tokio::join!(second.wait(PER_CLIENT_BYTES), async {
            tokio::task::yield_now().await;
            drop(first);
        });
        waited.unwrap();
        ResponseShare::unmetered().wait(usize::MAX).await.unwrap();
    }
}
