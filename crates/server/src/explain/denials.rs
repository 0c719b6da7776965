//! The latest explanations, in memory.
//!
//! Each account has two bounded buffers of its own: one for rejected requests, and one for other
//! failures, which may be many more, such as reads of objects that do not exist. All
//! unauthenticated clients share one further buffer, in which an explanation belongs to the account
//! that the request named. A client cannot flush another account's explanations.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use bowline_aws::error::ErrorKind;
use bowline_iam::account::AccountId;

use super::Explanation;

/// Explanations of each [`ErrorKind`] that are kept for an account's own callers.
const MAX_PER_ACCOUNT: usize = 256;
/// Explanations that are kept for all unauthenticated clients.
const MAX_UNAUTHENTICATED: usize = 1_024;

/// The latest explanations.
#[derive(Debug, Default)]
pub(crate) struct RecentDenials(Mutex<Buffers>);

#[derive(Debug, Default)]
struct Buffers {
    accounts: HashMap<AccountId, AccountBuffer>,
    /// With the account that the request named, if any.
    unauthenticated: VecDeque<(Option<AccountId>, Entry)>,
    /// The number of explanations so far, which orders them.
    count: u64,
}

/// The explanations of an account's own callers.
#[derive(Debug, Default)]
struct AccountBuffer {
    refused: VecDeque<Entry>,
    others: VecDeque<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    number: u64,
    explanation: Arc<Explanation>,
}

impl RecentDenials {
    /// Keeps the explanation of an authenticated caller of this account.
    pub(crate) fn record(
        &self,
        account: AccountId,
        kind: ErrorKind,
        explanation: Arc<Explanation>,
    ) {
        let mut buffers = self.buffers();
        let entry = buffers.entry(explanation);
        let own = buffers.accounts.entry(account).or_default();
        let ring = match kind {
            ErrorKind::Rejected => &mut own.refused,
            ErrorKind::Failed | ErrorKind::ServerError => &mut own.others,
        };
        ring.truncate(MAX_PER_ACCOUNT - 1);
        ring.push_front(entry);
    }

    /// Keeps the explanation of an unauthenticated client, for the account that its request named.
    pub(crate) fn record_unauthenticated(
        &self,
        account: Option<AccountId>,
        explanation: Arc<Explanation>,
    ) {
        let mut buffers = self.buffers();
        let entry = buffers.entry(explanation);
        buffers.unauthenticated.truncate(MAX_UNAUTHENTICATED - 1);
        buffers.unauthenticated.push_front((account, entry));
    }

    /// The explanation of this request, if this account may see it. `all` includes explanations of
    /// requests that named no account.
    pub(crate) fn find(
        &self,
        account: AccountId,
        all: bool,
        request_id: &str,
    ) -> Option<Arc<Explanation>> {
        let buffers = self.buffers();
        let found = buffers
            .visible(account, all)
            .find(|entry| entry.explanation.request_id == request_id);
        found.map(|entry| Arc::clone(&entry.explanation))
    }

    /// The latest explanation that this account may see.
    pub(crate) fn last(&self, account: AccountId, all: bool) -> Option<Arc<Explanation>> {
        let buffers = self.buffers();
        let last = buffers
            .visible(account, all)
            .max_by_key(|entry| entry.number);
        last.map(|entry| Arc::clone(&entry.explanation))
    }

    fn buffers(&self) -> std::sync::MutexGuard<'_, Buffers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Buffers {
    fn entry(&mut self, explanation: Arc<Explanation>) -> Entry {
        self.count += 1;
        Entry {
            number: self.count,
            explanation,
        }
    }

    fn visible(&self, account: AccountId, all: bool) -> impl Iterator<Item = &Entry> {
        let own = self.accounts.get(&account).into_iter();
        let own = own.flat_map(|own| own.refused.iter().chain(&own.others));
        let unauthenticated = self
            .unauthenticated
            .iter()
            .filter(move |(addressed, _)| addressed.map_or(all, |addressed| addressed == account))
            .map(|(_, entry)| entry);
        own.chain(unauthenticated)
    }
}
