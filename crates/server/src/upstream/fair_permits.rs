//! Permits of a limited number, shared fairly between tenants.
//!
//! A tenant has a part of them at most. Tenants that wait get permits one after another, each in
//! its own order of arrival, however many requests one of them has.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

/// The permits.
#[derive(Debug)]
pub(crate) struct FairPermits<K: Tenant> {
    state: Mutex<State<K>>,
    per_tenant: usize,
}

/// What permits are shared between.
pub(crate) trait Tenant: Clone + Eq + Hash + fmt::Debug + Send + 'static {}

impl<K: Clone + Eq + Hash + fmt::Debug + Send + 'static> Tenant for K {}

#[derive(Debug)]
struct State<K: Tenant> {
    free: usize,
    /// Permits in use, by tenant.
    used: HashMap<K, usize>,
    /// Tenants that wait, in the order in which they are served next.
    waiting: VecDeque<(K, VecDeque<oneshot::Sender<FairPermit<K>>>)>,
}

/// One permit, which it returns when it is dropped.
#[derive(Debug)]
pub(crate) struct FairPermit<K: Tenant> {
    of: Arc<FairPermits<K>>,
    tenant: K,
}

impl<K: Tenant> FairPermits<K> {
    /// So many permits, and so many of them for one tenant at most.
    pub(crate) fn new(total: usize, per_tenant: usize) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                free: total,
                used: HashMap::new(),
                waiting: VecDeque::new(),
            }),
            per_tenant,
        })
    }

    /// Waits for a permit.
    pub(crate) async fn acquire(self: &Arc<Self>, tenant: K) -> FairPermit<K> {
        loop {
            let receiver = {
                let mut state = self.lock();
                let used = state.used.get(&tenant).copied().unwrap_or_default();
                if state.free > 0 && used < self.per_tenant {
                    state.free -= 1;
                    state.used.insert(tenant.clone(), used + 1);
                    let of = Arc::clone(self);
                    return FairPermit { of, tenant };
                }
                let (sender, receiver) = oneshot::channel();
                match state.waiting.iter_mut().find(|(of, _)| *of == tenant) {
                    Some((_, senders)) => senders.push_back(sender),
                    None => state
                        .waiting
                        .push_back((tenant.clone(), VecDeque::from([sender]))),
                }
                receiver
            };
            // The sender stays in the queue until it has sent.
            if let Ok(permit) = receiver.await {
                return permit;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a permit for the next tenant that may have one.
    fn next(self: &Arc<Self>) -> Option<(oneshot::Sender<FairPermit<K>>, FairPermit<K>)> {
        let mut state = self.lock();
        if state.free == 0 {
            return None;
        }
        let at = state.waiting.iter().position(|(tenant, _)| {
            state.used.get(tenant).copied().unwrap_or_default() < self.per_tenant
        })?;
        let (tenant, mut senders) = state.waiting.remove(at)?;
        let sender = senders.pop_front()?;
        if !senders.is_empty() {
            state.waiting.push_back((tenant.clone(), senders));
        }
        state.free -= 1;
        *state.used.entry(tenant.clone()).or_default() += 1;
        let permit = FairPermit {
            of: Arc::clone(self),
            tenant,
        };
        Some((sender, permit))
    }
}

impl<K: Tenant> Drop for FairPermit<K> {
    fn drop(&mut self) {
        {
            let mut state = self.of.lock();
            state.free += 1;
            if let Some(used) = state.used.get_mut(&self.tenant) {
                *used -= 1;
                if *used == 0 {
                    state.used.remove(&self.tenant);
                }
            }
        }
        // A permit that has no receiver any more is dropped, and so passes to the next tenant.
        if let Some((sender, permit)) = self.of.next() {
            let _ = sender.send(permit);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, pin::pin, task::Poll};

    use super::*;

    /// Whether a future is ready now.
    async fn polled<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        poll_fn(|context| {
            Poll::Ready(match std::pin::Pin::new(&mut *future).poll(context) {
                Poll::Ready(output) => Some(output),
                Poll::Pending => None,
            })
        })
        .await
    }

    #[tokio::test]
    async fn a_tenant_with_many_requests_leaves_permits_for_others() {
        let permits = FairPermits::new(4, 3);
        let mut taken = Vec::new();
        for _ in 0..3 {
            taken.push(permits.acquire("busy").await);
        }
        let mut fourth = pin!(permits.acquire("busy"));
        assert!(polled(&mut fourth).await.is_none());
        let other = permits.acquire("other").await;
        taken.pop();
        let fourth = polled(&mut fourth).await;
        assert!(fourth.is_some());
        drop((taken, other, fourth));
        let state = permits.lock();
        assert_eq!((state.free, state.used.len()), (4, 0));
    }

    #[tokio::test]
    async fn waiting_tenants_are_served_one_after_another() {
        let permits = FairPermits::new(1, 1);
        let mut first = Some(permits.acquire("a").await);
        let mut waiting: Vec<_> = ["a", "a", "a", "b", "c", "b"]
            .into_iter()
            .map(|tenant| (tenant, Box::pin(permits.acquire(tenant))))
            .collect();
        for (_, future) in &mut waiting {
            assert!(polled(future).await.is_none());
        }
        let mut order = String::new();
        drop(first.take());
        while !waiting.is_empty() {
            for at in 0..waiting.len() {
                let (tenant, future) = &mut waiting[at];
                if let Some(permit) = polled(future).await {
                    order.push_str(tenant);
                    drop(waiting.remove(at));
                    drop(permit);
                    break;
                }
            }
        }
        assert_eq!(order, "abcaba");
    }

    #[tokio::test]
    async fn a_cancelled_request_loses_no_permit() {
        let permits = FairPermits::new(1, 1);
        let first = permits.acquire("a").await;
        let mut cancelled = Box::pin(permits.acquire("b"));
        assert!(polled(&mut cancelled).await.is_none());
        let mut last = Box::pin(permits.acquire("c"));
        assert!(polled(&mut last).await.is_none());
        drop(cancelled);
        drop(first);
        assert!(polled(&mut last).await.is_some());
        assert_eq!(permits.lock().free, 1);
    }
}
