//! The budgets of records that strangers and denied callers cause.
//!
//! A record of a caller that proved no identity counts for the network that it came from and for
//! all of them together. A denial of a caller that did counts for its account, and so does a
//! request of it that failed before a decision. Beyond the budget a record is counted and not
//! written: [`Suppressed`] becomes a summary, so nothing is silently absent. The networks are
//! bounded; those beyond the bound share one entry.

use std::{
    cmp::Reverse,
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bowline_iam::account::AccountId;
use jiff::Timestamp;

use super::limits::AuditLimits;
use crate::{
    http::source_address::SourceAddress,
    request::service::Service,
    token_bucket::{Rate, TokenBucket},
};

/// Most networks with an entry of their own.
const MAX_SOURCES: usize = 2_048;
/// Most kinds that an entry counts apart.
const MAX_KINDS: usize = 16;
/// Most summaries of one interval. Further sources share the last one.
const MAX_SUMMARIES: usize = 64;

/// Most bytes that may be missing in a budget. Summaries are written although their budget is used
/// up, and a flood must not keep out what is recorded long after it.
const MAX_MISSING_BYTES: u64 = 64 * 1024;

/// The source of a record that counts against a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Source {
    /// The network of callers without a proven identity.
    Network(SourceAddress),
    /// The account of denied callers.
    Account(AccountId),
}

impl Source {
    /// The network of this address.
    pub(super) fn network(address: IpAddr) -> Self {
        Self::Network(SourceAddress::of(address))
    }
}

/// What suppressed records have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SuppressedKind {
    /// The kind of the identity.
    pub(super) identity: &'static str,
    /// The service.
    pub(super) service: Service,
    /// The operation.
    pub(super) operation: &'static str,
    /// The error.
    pub(super) error: &'static str,
    /// The account that the record would be for.
    pub(super) account: Option<AccountId>,
}

/// Records that were counted instead of written.
#[derive(Clone, Debug)]
pub(super) struct Suppressed {
    /// The time of the first.
    pub(super) from: Timestamp,
    /// The time of the last.
    pub(super) to: Timestamp,
    /// How many.
    pub(super) count: u64,
    /// How many of each kind.
    pub(super) kinds: Vec<(SuppressedKind, u64)>,
    /// How many of further kinds.
    pub(super) other_kinds: u64,
    /// The first of them, shortened, as JSON.
    pub(super) sample: String,
}

/// What is due in a summary. Without a source it is about all that have no entry of their own.
#[derive(Clone, Debug)]
pub(super) struct Due {
    pub(super) source: Option<Source>,
    pub(super) suppressed: Suppressed,
}

#[derive(Debug)]
struct Entry {
    bucket: TokenBucket,
    suppressed: Option<Box<Suppressed>>,
}

/// The budgets.
#[derive(Debug)]
pub(super) struct Budgets {
    limits: AuditLimits,
    table: Mutex<Table>,
}

#[derive(Debug)]
struct Table {
    sources: HashMap<Source, Entry>,
    /// Of the sources without an entry.
    others: Entry,
    /// Of all networks together.
    networks: TokenBucket,
}

/// The budget of a source, or of all that have no entry of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// The record is written, and [charged](Budgets::charge).
    Write,
    /// The record is [counted](Budgets::suppress).
    Suppress,
}

impl Budgets {
    /// Full budgets.
    pub(super) fn new(limits: AuditLimits, now: Timestamp) -> Self {
        Self {
            limits,
            table: Mutex::new(Table {
                sources: HashMap::new(),
                others: Entry {
                    bucket: TokenBucket::full(limits.address, now),
                    suppressed: None,
                },
                networks: TokenBucket::full(limits.all_addresses(), now),
            }),
        }
    }

    /// Whether a record of this source may be written.
    pub(super) fn admit(&self, source: Source, now: Timestamp) -> Admission {
        let mut table = self.lock();
        let rate = self.rate(source);
        let mut has_any = table.entry(source, rate, now).bucket.has_any(rate, now);
        if matches!(source, Source::Network(_)) {
            let all = self.limits.all_addresses();
            has_any &= table.networks.has_any(all, now);
        }
        if has_any {
            Admission::Write
        } else {
            Admission::Suppress
        }
    }

    /// Takes the bytes of a written record or summary from the budget. Without a source it is that
    /// of all that have no entry of their own.
    pub(super) fn charge(&self, source: Option<Source>, bytes: usize, now: Timestamp) {
        let mut table = self.lock();
        let entry = match source {
            Some(source) => table.entry(source, self.rate(source), now),
            None => &mut table.others,
        };
        entry.bucket.take_within(bytes, MAX_MISSING_BYTES);
        if !matches!(source, Some(Source::Account(_))) {
            table.networks.take_within(bytes, MAX_MISSING_BYTES);
        }
    }

    /// Counts a record that is not written. `sample` renders it if it is the first.
    pub(super) fn suppress(
        &self,
        source: Source,
        kind: SuppressedKind,
        now: Timestamp,
        sample: impl FnOnce() -> String,
    ) {
        let mut table = self.lock();
        let rate = self.rate(source);
        let entry = table.entry(source, rate, now);
        let suppressed = entry.suppressed.get_or_insert_with(|| {
            Box::new(Suppressed {
                from: now,
                to: now,
                count: 0,
                kinds: Vec::new(),
                other_kinds: 0,
                sample: sample(),
            })
        });
        suppressed.from = suppressed.from.min(now);
        suppressed.to = suppressed.to.max(now);
        suppressed.count += 1;
        suppressed.add(kind, 1);
    }

    /// Takes what is due in summaries, accounts and then the networks with the most records first,
    /// and forgets sources whose budget is full.
    pub(super) fn take_due(&self, now: Timestamp) -> Vec<Due> {
        let mut table = self.lock();
        let mut due = Vec::new();
        table.sources.retain(|source, entry| {
            if let Some(suppressed) = entry.suppressed.take() {
                due.push(Due {
                    source: Some(*source),
                    suppressed: *suppressed,
                });
            }
            !entry.bucket.is_full(self.rate(*source), now)
        });
        let others = table.others.suppressed.take();
        drop(table);
        // Accounts are not hidden behind many networks.
        due.sort_by_key(|due| {
            let is_network = matches!(due.source, Some(Source::Network(_)));
            (is_network, Reverse(due.suppressed.count))
        });
        let mut rest = others.map(|suppressed| *suppressed);
        for due in due.drain(MAX_SUMMARIES.min(due.len())..) {
            match &mut rest {
                Some(rest) => rest.merge(&due.suppressed),
                None => rest = Some(due.suppressed),
            }
        }
        due.extend(rest.map(|suppressed| Due {
            source: None,
            suppressed,
        }));
        due
    }

    /// Takes back what could not be written. The next summary of the others has it.
    pub(super) fn put_back(&self, due: Due) {
        let mut table = self.lock();
        match &mut table.others.suppressed {
            Some(suppressed) => suppressed.merge(&due.suppressed),
            others @ None => *others = Some(Box::new(due.suppressed)),
        }
    }

    fn rate(&self, source: Source) -> Rate {
        match source {
            Source::Network(_) => self.limits.address,
            Source::Account(_) => self.limits.account(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn entry(&mut self, source: Source, rate: Rate, now: Timestamp) -> &mut Entry {
        // The operator decides how many accounts there are.
        let is_bounded = matches!(source, Source::Network(_));
        if is_bounded && self.sources.len() >= MAX_SOURCES && !self.sources.contains_key(&source) {
            return &mut self.others;
        }
        self.sources.entry(source).or_insert_with(|| Entry {
            bucket: TokenBucket::full(rate, now),
            suppressed: None,
        })
    }
}

impl Suppressed {
    fn add(&mut self, kind: SuppressedKind, count: u64) {
        if let Some((_, known)) = self.kinds.iter_mut().find(|(known, _)| *known == kind) {
            *known += count;
        } else if self.kinds.len() < MAX_KINDS {
            self.kinds.push((kind, count));
        } else {
            self.other_kinds += count;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.from = self.from.min(other.from);
        self.to = self.to.max(other.to);
        self.count += other.count;
        self.other_kinds += other.other_kinds;
        for (kind, count) in &other.kinds {
            self.add(*kind, *count);
        }
    }
}

#[cfg(test)]
mod tests;
