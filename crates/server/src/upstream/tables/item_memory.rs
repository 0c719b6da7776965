//! The memory of requests and responses with items: of a request from its parsing until it ends, of
//! a response until its client has read it.
//!
//! A client that sends many elements, or does not read, could fill the memory. So all requests
//! share one budget and all responses another, each account has a part of it, and each client of an
//! account a part of that. A page or a batch ends early if its client's part is used up. Other
//! requests wait a moment, and are then rejected, before anything is parsed or read.

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
use bowline_iam::account::AccountId;
use tokio::{sync::Notify, time::timeout};

use crate::http::source_address::SourceAddress;

/// The parts of a budget, in bytes.
#[derive(Clone, Copy, Debug)]
struct Parts {
    /// Of each request or response that are not metered: nearly all are smaller.
    unmetered: usize,
    total: usize,
    per_account: usize,
    /// Of one client of an account: the largest, and some small ones.
    per_client: usize,
}

/// The budget of responses.
const RESPONSES: Parts = Parts {
    unmetered: 16 << 10,
    total: 64 << 20,
    per_account: 40 << 20,
    per_client: 28 << 20,
};
/// The budget of parsed requests. The largest takes 90 MB.
const REQUESTS: Parts = Parts {
    unmetered: 64 << 10,
    total: 144 << 20,
    per_account: 96 << 20,
    per_client: 96 << 20,
};
/// Maximum number of values of a body, and the bytes that one takes when it is parsed.
const MAX_VALUES: usize = 1 << 19;
const VALUE_BYTES: usize = 140;
/// How long a request waits for earlier requests and responses of its client.
const WAIT_TIMEOUT: Duration = Duration::from_secs(5);

/// The memory that all requests or all responses share.
#[derive(Debug)]
pub(crate) struct ItemMemory {
    parts: Parts,
    used: Mutex<Used>,
    returned: Notify,
}

#[derive(Debug, Default)]
struct Used {
    total: usize,
    by_account: HashMap<AccountId, usize>,
    by_client: HashMap<(AccountId, SourceAddress), usize>,
}

/// One request's or response's part of the memory, which it returns when it is dropped.
#[derive(Debug)]
pub struct ItemShare {
    /// None: it is the server's own.
    client: Option<(Arc<ItemMemory>, AccountId, SourceAddress)>,
    bytes: AtomicUsize,
}

impl ItemShare {
    /// The share of a request of the server's own, which is not metered.
    pub fn unmetered() -> Self {
        Self {
            client: None,
            bytes: AtomicUsize::new(0),
        }
    }

    /// An empty share of a client.
    pub(crate) fn new(
        memory: &Arc<ItemMemory>,
        account_region: &AccountRegion,
        address: IpAddr,
    ) -> Self {
        let account = account_region.account();
        Self {
            client: Some((Arc::clone(memory), account, SourceAddress::of(address))),
            bytes: AtomicUsize::new(0),
        }
    }

    /// Extends the share to so many bytes. False if the client's part does not allow
    /// it: then it stays as it was.
    pub(crate) fn reserve(&self, bytes: usize) -> bool {
        let Some((memory, account, address)) = &self.client else {
            return true;
        };
        let parts = memory.parts;
        let metered = bytes.saturating_sub(parts.unmetered);
        let counted = self.bytes.load(Ordering::Relaxed);
        let Some(more) = metered.checked_sub(counted).filter(|more| *more > 0) else {
            return true;
        };
        let mut used = memory.lock();
        let client = (*account, *address);
        let of_account = used.by_account.get(account).copied().unwrap_or_default() + more;
        let of_client = used.by_client.get(&client).copied().unwrap_or_default() + more;
        let exceeds = used.total + more > parts.total
            || of_account > parts.per_account
            || of_client > parts.per_client;
        if exceeds {
            return false;
        }
        used.total += more;
        used.by_account.insert(*account, of_account);
        used.by_client.insert(client, of_client);
        self.bytes.store(metered, Ordering::Relaxed);
        true
    }

    /// Waits until the share can be extended to so many bytes.
    ///
    /// # Errors
    /// `ThrottlingException` if the client's other requests and responses are not complete.
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
            let message = "Rate exceeded: other requests and their responses are not complete yet";
            AwsError::new(Code::Throttling, message)
        })
    }

    /// Reduces the share to so many bytes.
    pub(crate) fn reduce(&self, bytes: usize) {
        let Some((memory, ..)) = &self.client else {
            return;
        };
        let metered = bytes.saturating_sub(memory.parts.unmetered);
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
            subtract(&mut used.by_client, &(*account, *address), bytes);
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

impl Drop for ItemShare {
    fn drop(&mut self) {
        let counted = *self.bytes.get_mut();
        if counted > 0 {
            self.give_back(counted);
        }
    }
}

impl ItemMemory {
    /// The memory of all responses.
    pub(crate) fn of_responses() -> Arc<Self> {
        Self::new(RESPONSES)
    }

    /// The memory of all parsed requests.
    pub(crate) fn of_requests() -> Arc<Self> {
        Self::new(REQUESTS)
    }

    fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            parts,
            used: Mutex::default(),
            returned: Notify::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How much memory a body takes when it is parsed, at most. Known from its text, before that.
pub(crate) fn parsed_bytes(body: &[u8]) -> usize {
    let values = body
        .iter()
        .filter(|byte| matches!(byte, b',' | b'{' | b'['))
        .count();
    body.len() + values.min(MAX_VALUES) * VALUE_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(memory: &Arc<ItemMemory>, account: &str, address: &str) -> ItemShare {
        let account_region = AccountRegion::new(account.parse().unwrap(), "us-east-1").unwrap();
        ItemShare::new(memory, &account_region, address.parse().unwrap())
    }

    const ONE: &str = "432797229265";
    const OTHER: &str = "111122223333";

    #[test]
    fn responses_take_no_more_than_their_clients_part_and_return_it() {
        let memory = ItemMemory::of_responses();
        let most = RESPONSES.per_client + RESPONSES.unmetered;
        let first = share(&memory, ONE, "10.0.0.1");
        assert!(first.reserve(1) && !first.reserve(most + 1) && first.reserve(most));
        let second = share(&memory, ONE, "::ffff:10.0.0.1");
        assert!(second.reserve(RESPONSES.unmetered) && !second.reserve(RESPONSES.unmetered + 1));
        // Another client of the account has the rest of the account's part.
        let third = share(&memory, ONE, "10.0.0.2");
        assert!(!third.reserve(most));
        let rest = RESPONSES.per_account - RESPONSES.per_client + RESPONSES.unmetered;
        assert!(third.reserve(rest) && !third.reserve(rest + 1));
        // Another account does not notice.
        let other = share(&memory, OTHER, "10.0.0.1");
        assert!(other.reserve(RESPONSES.total - RESPONSES.per_account));
        first.reduce(RESPONSES.unmetered + 1);
        assert!(second.reserve(most - 1) && !second.reserve(most));
        drop((first, second, third, other));
        let used = memory.lock();
        assert_eq!(
            (used.total, used.by_account.len(), used.by_client.len()),
            (0, 0, 0)
        );
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_client() {
        let memory = ItemMemory::of_responses();
        let first = share(&memory, ONE, "2001:db8:0:1::1");
        assert!(first.reserve(RESPONSES.per_client + RESPONSES.unmetered));
        let same = share(&memory, ONE, "2001:db8:0:1:ffff::2");
        assert!(!same.reserve(RESPONSES.unmetered + 1));
        let other = share(&memory, ONE, "2001:db8:0:2::1");
        assert!(other.reserve(RESPONSES.unmetered + 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_waits_for_earlier_responses_and_not_for_long() {
        let memory = ItemMemory::of_responses();
        let first = share(&memory, ONE, "10.0.0.1");
        assert!(first.reserve(RESPONSES.per_client));
        let second = share(&memory, ONE, "10.0.0.1");
        let error = second.wait(RESPONSES.per_client).await.unwrap_err();
        assert_eq!(error.code(), Code::Throttling);
        let (waited, ()) = tokio::join!(second.wait(RESPONSES.per_client), async {
            tokio::task::yield_now().await;
            drop(first);
        });
        waited.unwrap();
        ItemShare::unmetered().wait(usize::MAX).await.unwrap();
    }

    #[test]
    fn every_request_that_can_be_parsed_fits_into_its_clients_part() {
        let largest = (16 << 20) + MAX_VALUES * VALUE_BYTES;
        assert!(largest <= REQUESTS.per_client);
        let body = format!("[{}]", vec!["{}"; 1_000].join(","));
        assert_eq!(
            parsed_bytes(body.as_bytes()),
            body.len() + 2_000 * VALUE_BYTES
        );
    }
}
