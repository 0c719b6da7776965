//! The memory budget of request bodies, which applies before the client is authenticated.
//!
//! A signature over a whole body can only be verified once the whole body is in memory, so anyone
//! could fill the memory with bodies. All bodies share one budget, and each client has a part of it
//! at most. Small bodies are not metered: a connection has buffers of that size anyway, and nearly
//! all requests are small.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Bytes of each body that are not metered. With the most connections they are 64 MiB together.
pub(super) const UNMETERED_BYTES: usize = 16 * 1024;
/// Most metered bytes of all bodies: 512 of the largest that IAM and STS accept.
const TOTAL_BUDGET_BYTES: usize = 256 * 1024 * 1024;
/// Most metered bytes of one client. All clients behind an untrusted proxy count as one.
pub(super) const PER_CLIENT_BUDGET_BYTES: usize = TOTAL_BUDGET_BYTES / 4;

/// The budget that all bodies share.
#[derive(Debug, Default)]
pub(crate) struct BodyMemoryBudget(Mutex<Reserved>);

#[derive(Debug, Default)]
struct Reserved {
    bytes: usize,
    by_client: HashMap<IpAddr, usize>,
}

/// One body's part of the budget, which it returns when it is dropped.
#[derive(Debug)]
pub(super) struct Reservation {
    all: Arc<BodyMemoryBudget>,
    client: IpAddr,
    /// The metered bytes.
    counted: AtomicUsize,
}

/// The budget does not allow more bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BudgetExceeded;

impl BodyMemoryBudget {
    fn lock(&self) -> MutexGuard<'_, Reserved> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reservation {
    /// A reservation of nothing, for a body from this address.
    pub(super) fn new(all: Arc<BodyMemoryBudget>, from: IpAddr) -> Self {
        Self {
            all,
            client: client(from),
            counted: AtomicUsize::new(0),
        }
    }

    /// Extends the reservation to so many bytes of the body.
    ///
    /// # Errors
    /// [`BudgetExceeded`]; the reservation stays as it was.
    pub(super) fn reserve(&self, bytes: usize) -> Result<(), BudgetExceeded> {
        let metered = bytes.saturating_sub(UNMETERED_BYTES);
        let counted = self.counted.load(Ordering::Relaxed);
        let Some(more) = metered.checked_sub(counted).filter(|more| *more > 0) else {
            return Ok(());
        };
        let mut all = self.all.lock();
        let of_one = all.by_client.get(&self.client).copied().unwrap_or_default() + more;
        if all.bytes + more > TOTAL_BUDGET_BYTES || of_one > PER_CLIENT_BUDGET_BYTES {
            return Err(BudgetExceeded);
        }
        all.bytes += more;
        all.by_client.insert(self.client, of_one);
        self.counted.store(metered, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let counted = *self.counted.get_mut();
        if counted == 0 {
            return;
        }
        let mut all = self.all.lock();
        all.bytes = all.bytes.saturating_sub(counted);
        if let Some(of_one) = all.by_client.get_mut(&self.client) {
            *of_one = of_one.saturating_sub(counted);
            if *of_one == 0 {
                all.by_client.remove(&self.client);
            }
        }
    }
}

/// The address that a client counts as: an IPv4 address, or the IPv6 network of 48 bits, which is
/// as much as one site gets (RFC 6177).
fn client(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 80 << 80).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reservation(all: &Arc<BodyMemoryBudget>, from: &str) -> Reservation {
        Reservation::new(Arc::clone(all), from.parse().unwrap())
    }

    #[test]
    fn bodies_reserve_no_more_than_the_budget_and_return_it() {
        let all = Arc::new(BodyMemoryBudget::default());
        let (one, same) = (
            reservation(&all, "192.0.2.1"),
            reservation(&all, "::ffff:192.0.2.1"),
        );
        assert_eq!(
            one.reserve(UNMETERED_BYTES + PER_CLIENT_BUDGET_BYTES),
            Ok(())
        );
        assert_eq!(one.reserve(1), Ok(()), "it holds more already");
        assert_eq!(same.reserve(UNMETERED_BYTES + 1), Err(BudgetExceeded));
        assert_eq!(same.reserve(UNMETERED_BYTES), Ok(()), "small ones are free");
        let others = ["192.0.2.2", "2001:db8:1::1", "2001:db8:2::1"];
        let others = others.map(|address| reservation(&all, address));
        for other in &others {
            assert_eq!(
                other.reserve(UNMETERED_BYTES + PER_CLIENT_BUDGET_BYTES),
                Ok(())
            );
        }
        let late = reservation(&all, "192.0.2.3");
        assert_eq!(late.reserve(UNMETERED_BYTES + 1), Err(BudgetExceeded));
        drop(one);
        assert_eq!(late.reserve(UNMETERED_BYTES + 1), Ok(()));
        assert_eq!(same.reserve(UNMETERED_BYTES + 1), Ok(()));
        drop((late, same, others));
        assert_eq!(all.lock().bytes, 0);
        assert!(all.lock().by_client.is_empty());
    }

    #[test]
    fn a_network_of_ipv6_is_one_sender() {
        let all = Arc::new(BodyMemoryBudget::default());
        let one = reservation(&all, "2001:db8:0:1::1");
        assert_eq!(
            one.reserve(UNMETERED_BYTES + PER_CLIENT_BUDGET_BYTES),
            Ok(())
        );
        let neighbour = reservation(&all, "2001:db8:0:1:ffff::");
        assert_eq!(neighbour.reserve(UNMETERED_BYTES + 1), Err(BudgetExceeded));
    }
}
