//! The latest explanations, in memory.
//!
//! Each account has bounded rings, one for each kind of caller and failure ([`RingKind`]), and what
//! names no account is in rings of its own. A full ring evicts the oldest explanation of the
//! source that has the most in it, so that a client can only evict its own once it has its part:
//! no client flushes another account's explanations, another kind's, or another address's.
//! All rings together have a bound on their bytes, too.

mod ring;

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use bowline_aws::error::ErrorKind;
use bowline_iam::account::AccountId;

use super::Explanation;
use crate::http::source_address::SourceAddress;
use ring::Ring;

/// Most bytes of all explanations.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// What the explanations of a ring have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RingKind {
    /// A caller of the account, whose request was rejected.
    Rejected,
    /// A caller of the account, whose request failed otherwise. These may be many more, such as
    /// reads of objects that do not exist.
    Failed,
    /// A token that one of the account's providers signed.
    WebIdentity,
    /// A token that was not verified.
    UnverifiedToken,
    /// An access key whose signature was not verified.
    UnverifiedKey,
    /// A caller of another account, which was denied a resource of this one.
    OtherAccount,
    /// A client that claims no identity.
    Anonymous,
}

impl RingKind {
    /// The kind of a failure of an authenticated caller.
    pub(crate) fn of_caller(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Rejected => Self::Rejected,
            ErrorKind::Failed | ErrorKind::ServerError => Self::Failed,
        }
    }
}

/// The latest explanations.
#[derive(Debug, Default)]
pub(crate) struct RecentDenials(Mutex<Rings>);

#[derive(Debug, Default)]
struct Rings {
    by_kind: HashMap<(Option<AccountId>, RingKind), Ring>,
    /// The number of explanations so far, which orders them.
    count: u64,
    /// Bytes of all explanations.
    bytes: usize,
}

#[derive(Clone, Debug)]
struct Entry {
    number: u64,
    /// The network of the client.
    source: SourceAddress,
    bytes: usize,
    explanation: Arc<Explanation>,
}

impl RecentDenials {
    /// Keeps the explanation of a request from this address, for the account that its caller
    /// belongs to or that it named.
    pub(crate) fn record(
        &self,
        account: Option<AccountId>,
        kind: RingKind,
        address: IpAddr,
        explanation: Arc<Explanation>,
    ) {
        let mut rings = self.rings();
        rings.count += 1;
        let entry = Entry {
            number: rings.count,
            source: SourceAddress::of(address),
            bytes: explanation.size(),
            explanation,
        };
        rings.insert((account, kind), entry);
    }

    /// The explanation of this request, if this account may see it. `all` includes explanations of
    /// requests that named no account.
    pub(crate) fn find(
        &self,
        account: AccountId,
        all: bool,
        request_id: &str,
    ) -> Option<Arc<Explanation>> {
        let rings = self.rings();
        let found = rings
            .visible(account, all)
            .find(|entry| entry.explanation.request_id == request_id);
        found.map(|entry| Arc::clone(&entry.explanation))
    }

    /// The latest explanation that this account may see. One that only looked whether something
    /// exists comes after all others.
    pub(crate) fn last(&self, account: AccountId, all: bool) -> Option<Arc<Explanation>> {
        let rings = self.rings();
        let last = rings
            .visible(account, all)
            .max_by_key(|entry| (!entry.explanation.is_probe(), entry.number));
        last.map(|entry| Arc::clone(&entry.explanation))
    }

    /// The explanations that this account may see, the latest first.
    pub(crate) fn all(&self, account: AccountId, all: bool) -> Vec<Arc<Explanation>> {
        let rings = self.rings();
        let mut visible: Vec<_> = rings
            .visible(account, all)
            .map(|entry| (entry.number, Arc::clone(&entry.explanation)))
            .collect();
        drop(rings);
        visible.sort_unstable_by_key(|(number, _)| std::cmp::Reverse(*number));
        visible.into_iter().map(|(_, it)| it).collect()
    }

    fn rings(&self) -> std::sync::MutexGuard<'_, Rings> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rings {
    fn insert(&mut self, key: (Option<AccountId>, RingKind), entry: Entry) {
        let equal_part = MAX_BYTES / (self.by_kind.len() + 1);
        let ring = self.by_kind.entry(key).or_default();
        let before = ring.bytes();
        ring.push(entry);
        self.bytes = self.bytes + ring.bytes() - before;
        while self.bytes > MAX_BYTES {
            // A ring with more than an equal part loses its own, which is found at once.
            let own = self.by_kind.get_mut(&key);
            let own = own.filter(|ring| ring.bytes() > equal_part);
            let evicted = if let Some(ring) = own {
                ring.evict()
            } else {
                let largest = self.by_kind.values_mut().max_by_key(|ring| ring.bytes());
                largest.and_then(Ring::evict)
            };
            let Some(evicted) = evicted else {
                break;
            };
            self.bytes = self.bytes.saturating_sub(evicted.bytes);
        }
    }

    fn visible(&self, account: AccountId, all: bool) -> impl Iterator<Item = &Entry> {
        self.by_kind
            .iter()
            .filter(move |((owner, _), _)| owner.map_or(all, |owner| owner == account))
            .flat_map(|(_, ring)| ring.iter())
    }
}

#[cfg(test)]
mod tests;
