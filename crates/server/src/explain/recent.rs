//! The latest explanations, in memory.
//!
//! Each account has two bounded rings of its own: what was refused, and what failed otherwise, of which there may be much more, such as
//! objects that were looked for and are not there. Whoever has proved nothing fills one that all of them share, and in which an
//! explanation is for the account that was addressed: nobody can flush what others were refused.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use bowline_aws::error::Kind;
use bowline_iam::account::AccountId;

use super::Explanation;

/// Explanations of each [`Kind`] that are kept of an account's own callers.
const OF_AN_ACCOUNT: usize = 256;
/// Explanations that are kept of all callers who have proved nothing.
const OF_STRANGERS: usize = 1_024;

/// The latest explanations.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<Rings>);

#[derive(Debug, Default)]
struct Rings {
    accounts: HashMap<AccountId, Own>,
    /// With the account that was addressed, if there is one.
    strangers: VecDeque<(Option<AccountId>, Entry)>,
    /// How many there have been, which orders them.
    count: u64,
}

/// What an account's own callers were told.
#[derive(Debug, Default)]
struct Own {
    refused: VecDeque<Entry>,
    others: VecDeque<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    number: u64,
    explanation: Arc<Explanation>,
}

impl Recent {
    /// Keeps an explanation for the account of a caller who has proved to be one of its own.
    pub(crate) fn keep(&self, account: AccountId, kind: Kind, explanation: Arc<Explanation>) {
        let mut rings = self.rings();
        let entry = rings.entry(explanation);
        let own = rings.accounts.entry(account).or_default();
        let ring = match kind {
            Kind::Refused => &mut own.refused,
            Kind::Failed | Kind::Broken => &mut own.others,
        };
        ring.truncate(OF_AN_ACCOUNT - 1);
        ring.push_front(entry);
    }

    /// Keeps an explanation of a caller who has proved nothing, for the account that was addressed.
    pub(crate) fn keep_of_stranger(
        &self,
        account: Option<AccountId>,
        explanation: Arc<Explanation>,
    ) {
        let mut rings = self.rings();
        let entry = rings.entry(explanation);
        rings.strangers.truncate(OF_STRANGERS - 1);
        rings.strangers.push_front((account, entry));
    }

    /// The explanation of this request, if this account may see it. `all` also shows what no account was addressed by.
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

    /// The latest explanation that this account may see.
    pub(crate) fn last(&self, account: AccountId, all: bool) -> Option<Arc<Explanation>> {
        let rings = self.rings();
        let last = rings.visible(account, all).max_by_key(|entry| entry.number);
        last.map(|entry| Arc::clone(&entry.explanation))
    }

    fn rings(&self) -> std::sync::MutexGuard<'_, Rings> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rings {
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
        let strangers = self
            .strangers
            .iter()
            .filter(move |(addressed, _)| addressed.map_or(all, |addressed| addressed == account))
            .map(|(_, entry)| entry);
        own.chain(strangers)
    }
}
