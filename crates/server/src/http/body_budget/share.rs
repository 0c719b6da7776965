//! The shares of the memory of bodies, and who loses its part when one is used up.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    sync::Arc,
};

use bowline_iam::account::AccountId;
use tokio::sync::Notify;

use super::{BodyLimits, BudgetExceeded};
use crate::http::{connections::OpenConnection, source_address::SourceAddress};

/// Which share a body belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    /// The caller has no known access key.
    Strangers,
    /// The caller names a known access key.
    Claimed,
    /// The caller is authenticated.
    Proven,
}

/// What a body belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner {
    pub(super) share: Share,
    account: Option<AccountId>,
    source: SourceAddress,
}

/// How a body or a response loses its memory.
#[derive(Debug)]
pub(super) enum Eviction {
    /// A body that is arriving is rejected.
    Body(Arc<Notify>),
    /// The connection of a response that is being sent ends.
    Response(Arc<OpenConnection>),
    /// A request that is being worked on keeps its memory.
    Never,
}

/// The shares, each with its bodies in the order of their ids, which is that of their beginning.
#[derive(Debug)]
pub(super) struct Shares {
    strangers: Bodies,
    claimed: Bodies,
    proven: Bodies,
}

#[derive(Debug)]
struct Bodies {
    max_bytes: usize,
    bytes: usize,
    by_id: BTreeMap<u64, Entry>,
}

#[derive(Debug)]
struct Entry {
    owner: Owner,
    bytes: usize,
    eviction: Eviction,
}

impl Owner {
    pub(super) fn stranger(source: SourceAddress) -> Self {
        Self {
            share: Share::Strangers,
            account: None,
            source,
        }
    }

    pub(super) fn claimed(self, account: AccountId) -> Self {
        Self {
            share: Share::Claimed,
            account: Some(account),
            ..self
        }
    }

    pub(super) fn proven(self, account: AccountId) -> Self {
        Self {
            share: Share::Proven,
            account: Some(account),
            ..self
        }
    }
}

impl Shares {
    /// Shares of so many bytes, in the order of [`Share`].
    pub(super) fn new(max_bytes: [usize; 3]) -> Self {
        let [strangers, claimed, proven] = max_bytes.map(|max_bytes| Bodies {
            max_bytes,
            bytes: 0,
            by_id: BTreeMap::new(),
        });
        Self {
            strangers,
            claimed,
            proven,
        }
    }

    pub(super) fn bytes(&self) -> [u64; 3] {
        [&self.strangers, &self.claimed, &self.proven].map(|bodies| bodies.bytes as u64)
    }

    /// Gives a body so many bytes in all. Returns how many others have lost theirs.
    ///
    /// # Errors
    /// [`BudgetExceeded`]; the body keeps what it had.
    pub(super) fn set(
        &mut self,
        limits: &BodyLimits,
        id: u64,
        owner: Owner,
        bytes: usize,
        eviction: Eviction,
    ) -> Result<u64, BudgetExceeded> {
        let bodies = self.bodies(owner.share);
        let has = bodies.by_id.get(&id).map_or(0, |entry| entry.bytes);
        let more = bytes.saturating_sub(has);
        let evicted = match owner.share {
            Share::Strangers | Share::Claimed => bodies.make_room(limits, id, &owner, more)?,
            Share::Proven => bodies.make_room_for_proven(limits, id, &owner, more)?,
        };
        bodies.release(id);
        bodies.bytes += bytes;
        let entry = Entry {
            owner,
            bytes,
            eviction,
        };
        bodies.by_id.insert(id, entry);
        Ok(evicted)
    }

    /// Keeps a body's memory from now on, whatever comes.
    pub(super) fn keep(&mut self, share: Share, id: u64) {
        if let Some(entry) = self.bodies(share).by_id.get_mut(&id) {
            entry.eviction = Eviction::Never;
        }
    }

    pub(super) fn release(&mut self, share: Share, id: u64) {
        self.bodies(share).release(id);
    }

    fn bodies(&mut self, share: Share) -> &mut Bodies {
        match share {
            Share::Strangers => &mut self.strangers,
            Share::Claimed => &mut self.claimed,
            Share::Proven => &mut self.proven,
        }
    }
}

impl Bodies {
    fn release(&mut self, id: u64) {
        if let Some(entry) = self.by_id.remove(&id) {
            self.bytes -= entry.bytes;
        }
    }

    fn sum(&self, of: impl Fn(&Owner) -> bool) -> usize {
        let entries = self.by_id.values().filter(|entry| of(&entry.owner));
        entries.map(|entry| entry.bytes).sum()
    }

    /// Makes room within the part of the address, within that of the account, and in the share.
    fn make_room(
        &mut self,
        limits: &BodyLimits,
        id: u64,
        owner: &Owner,
        more: usize,
    ) -> Result<u64, BudgetExceeded> {
        let mut evicted = 0;
        while self.sum(|other| other.source == owner.source) + more > limits.per_address {
            self.evict(id, |other| other.source == owner.source)?;
            evicted += 1;
        }
        if let Some(account) = owner.account {
            let same = |other: &Owner| other.account == Some(account);
            while self.sum(same) + more > limits.per_account {
                self.evict_of_largest(id, more, same, owner, |owner| owner.source)?;
                evicted += 1;
            }
        }
        while self.bytes + more > self.max_bytes {
            let (all, key) = (
                |_: &Owner| true,
                |owner: &Owner| {
                    (
                        owner.account,
                        owner.account.is_none().then_some(owner.source),
                    )
                },
            );
            self.evict_of_largest(id, more, all, owner, key)?;
            evicted += 1;
        }
        Ok(evicted)
    }

    /// Makes room for an authenticated caller: it may have as much as it leaves to others.
    fn make_room_for_proven(
        &mut self,
        limits: &BodyLimits,
        id: u64,
        owner: &Owner,
        more: usize,
    ) -> Result<u64, BudgetExceeded> {
        let same = |other: &Owner| other.account == owner.account;
        let mut evicted = 0;
        loop {
            let (of_account, all) = (self.sum(same) + more, self.bytes + more);
            if of_account <= limits.per_account && all + of_account <= self.max_bytes {
                return Ok(evicted);
            }
            self.evict(id, same)?;
            evicted += 1;
        }
    }

    /// Takes the memory of the first of these bodies that may lose it.
    fn evict(&mut self, id: u64, of: impl Fn(&Owner) -> bool) -> Result<(), BudgetExceeded> {
        let oldest = self.by_id.iter().find(|(other, entry)| {
            **other != id && of(&entry.owner) && !matches!(entry.eviction, Eviction::Never)
        });
        let oldest = *oldest.ok_or(BudgetExceeded)?.0;
        let Some(entry) = self.by_id.remove(&oldest) else {
            return Err(BudgetExceeded);
        };
        self.bytes -= entry.bytes;
        match entry.eviction {
            Eviction::Body(notify) => notify.notify_one(),
            Eviction::Response(connection) => connection.evict(),
            Eviction::Never => {}
        }
        Ok(())
    }

    /// Takes the memory of a body of the one that uses the most among these, if that is more than
    /// this owner would have.
    fn evict_of_largest<K: Copy + Eq + Hash>(
        &mut self,
        id: u64,
        more: usize,
        among: impl Fn(&Owner) -> bool,
        owner: &Owner,
        key: impl Fn(&Owner) -> K,
    ) -> Result<(), BudgetExceeded> {
        let mut sums = HashMap::<K, usize>::new();
        for entry in self.by_id.values().filter(|entry| among(&entry.owner)) {
            *sums.entry(key(&entry.owner)).or_default() += entry.bytes;
        }
        let mine = key(owner);
        let would_have = sums.get(&mine).copied().unwrap_or_default() + more;
        let largest = sums.into_iter().max_by_key(|(_, bytes)| *bytes);
        let (largest, bytes) = largest.ok_or(BudgetExceeded)?;
        if largest != mine && bytes < would_have {
            return Err(BudgetExceeded);
        }
        self.evict(id, |other| among(other) && key(other) == largest)
    }
}
