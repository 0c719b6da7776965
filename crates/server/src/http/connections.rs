//! The open connections of a listener: how many there may be, which part of them an address has,
//! and which end first.
//!
//! A connection that is admitted beyond a bound ends another one: the slowest of its address if the
//! address has its part, and otherwise the slowest of all. Addresses with more than an equal share
//! come first then. A request of an authenticated caller is never ended, and an account has a part
//! of the connections for such requests. Heads and idle times have timeouts, and all heads of
//! callers that are not authenticated share one amount of memory.
//!
//! Connections of a trusted proxy have no part of their own. A request on them counts for the
//! address that the proxy forwards.
//!
//! Opening and closing a connection takes a lock, and so does a request of a trusted proxy. Other
//! requests take none.

mod account;
mod queue;
mod state;

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use bowline_iam::account::AccountId;
use tokio::time::{Instant, interval};

pub(crate) use self::state::{OpenConnection, Phase, RequestOnConnection};
use self::{
    account::RequestsByAccount,
    queue::{Candidate, Queue},
    state::Moment,
};
use super::source_address::SourceAddress;
use crate::reload::LiveSettings;

/// How long a request head may take, from the start of a connection or from its first byte.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// The same, once the server stops.
const HEAD_TIMEOUT_AT_STOP: Duration = Duration::from_secs(1);
/// How long a connection may be idle between requests.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
/// How often the timeouts are checked.
const SWEEP_INTERVAL: Duration = Duration::from_millis(250);

/// Bounds of a listener's connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConnectionLimits {
    /// Most connections.
    pub max: usize,
    /// Most connections of one address.
    pub per_address: usize,
    /// Most connections with requests of one account.
    pub per_account: usize,
    /// Most bytes of all heads whose callers are not authenticated.
    pub head_bytes: usize,
}

/// The open connections.
#[derive(Debug)]
pub(crate) struct Connections {
    limits: ConnectionLimits,
    live: Arc<ArcSwap<LiveSettings>>,
    began: Instant,
    head_bytes: AtomicUsize,
    counts: Counts,
    accounts: RequestsByAccount,
    open: Mutex<Open>,
}

/// Connections that ended early or were refused.
#[derive(Debug, Default)]
struct Counts {
    evicted: AtomicU64,
    timed_out: AtomicU64,
    refused: AtomicU64,
    refused_by_address: AtomicU64,
    refused_by_account: AtomicU64,
}

/// What the metrics show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConnectionStats {
    /// Open connections in each phase.
    phases: [u64; Phase::COUNT],
    /// Bytes of unauthenticated heads.
    pub(crate) head_bytes: u64,
    /// Connections that ended in favour of another one.
    pub(crate) evicted: u64,
    /// Connections whose head or next request did not come in time.
    pub(crate) timed_out: u64,
    /// Connections and forwarded requests that were refused because all connections were in use.
    pub(crate) refused: u64,
    /// The same, because their address had its part.
    pub(crate) refused_by_address: u64,
    /// Requests that were refused because their account had its part.
    pub(crate) refused_by_account: u64,
}

impl ConnectionStats {
    /// How many connections are in this phase.
    pub(crate) fn in_phase(&self, phase: Phase) -> u64 {
        self.phases.get(phase as usize).copied().unwrap_or_default()
    }
}

#[derive(Debug, Default)]
struct Open {
    next_id: u64,
    stopping: bool,
    /// By the address that each counts for; `None` stands for trusted proxies.
    connections: BTreeMap<(Option<SourceAddress>, u64), Arc<OpenConnection>>,
    by_source: HashMap<SourceAddress, Source>,
    /// The order in which connections end when there are too many.
    queue: Queue,
    /// The same, for those with part of a head.
    heads: Queue,
}

/// The connections of one address.
#[derive(Debug, Default)]
struct Source {
    count: usize,
    queue: Queue,
}

/// The connections that one ends among.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Among {
    All,
    Heads,
    Address(SourceAddress),
}

/// Why a connection is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Its address has its part, and requests are under way on all of it.
    ByAddress,
    /// Requests of its account are under way on the account's part.
    ByAccount,
    /// Requests of authenticated callers are under way on all connections.
    AllInUse,
}

/// A connection's place among the open ones. Dropping it closes the connection.
#[derive(Debug)]
pub(crate) struct ConnectionSlot(pub(crate) Arc<OpenConnection>);

impl Connections {
    /// No connections yet.
    pub(crate) fn new(limits: ConnectionLimits, live: Arc<ArcSwap<LiveSettings>>) -> Arc<Self> {
        Arc::new(Self {
            limits,
            live,
            began: Instant::now(),
            head_bytes: AtomicUsize::new(0),
            counts: Counts::default(),
            accounts: RequestsByAccount::new(limits.per_account),
            open: Mutex::default(),
        })
    }

    /// The bounds.
    pub(crate) fn limits(&self) -> &ConnectionLimits {
        &self.limits
    }

    /// Admits a connection from this address.
    ///
    /// # Errors
    /// [`Refused`], if no other connection can end for it.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> Result<ConnectionSlot, Refused> {
        let address = address.to_canonical();
        let live = self.live.load();
        let mut proxies = live.trusted_proxies.iter();
        let proxy = proxies.any(|net| net.contains(&address));
        let home = (!proxy).then(|| SourceAddress::of(address));
        let now = self.now();
        let mut open = self.lock();
        if let Some(source) = home {
            self.make_room_for(&mut open, source, now)?;
        }
        while open.connections.len() >= self.limits.max {
            if !self.evict(&mut open, Among::All, now) {
                self.counts.refused.fetch_add(1, Ordering::Relaxed);
                return Err(Refused::AllInUse);
            }
        }
        let id = open.next_id;
        open.next_id += 1;
        let connection = Arc::new(OpenConnection::new(Arc::clone(self), id, home, now));
        open.insert(home, Arc::clone(&connection));
        Ok(ConnectionSlot(connection))
    }

    /// Counts the request on a trusted proxy's connection for the address that it forwards.
    ///
    /// # Errors
    /// [`Refused`], if that address has its part.
    pub(crate) fn forward(
        &self,
        connection: &Arc<OpenConnection>,
        address: IpAddr,
    ) -> Result<(), Refused> {
        if connection.home.is_some() {
            return Ok(());
        }
        let (source, now) = (SourceAddress::of(address), self.now());
        let mut open = self.lock();
        if open.connections.remove(&(None, connection.id)).is_none() {
            return Ok(());
        }
        let room = self.make_room_for(&mut open, source, now);
        open.insert(room.is_ok().then_some(source), Arc::clone(connection));
        if room.is_ok() {
            connection.set_forwarded(Some(source));
        }
        room
    }

    /// Ends what counts a proxy's connection for a forwarded address.
    fn return_home(&self, connection: &Arc<OpenConnection>) {
        if connection.home.is_some() {
            return;
        }
        let mut open = self.lock();
        if let Some(source) = connection.set_forwarded(None)
            && open.remove(Some(source), connection.id)
        {
            open.insert(None, Arc::clone(connection));
        }
    }

    /// Makes room for one more connection of this address within its part.
    fn make_room_for(
        &self,
        open: &mut Open,
        source: SourceAddress,
        now: u64,
    ) -> Result<(), Refused> {
        while open.count(source) >= self.limits.per_address {
            if !self.evict(open, Among::Address(source), now) {
                let refused = &self.counts.refused_by_address;
                refused.fetch_add(1, Ordering::Relaxed);
                return Err(Refused::ByAddress);
            }
        }
        Ok(())
    }

    /// Ends the slowest connection among these. False if there is none.
    fn evict(&self, open: &mut Open, among: Among, now: u64) -> bool {
        let evicted = open.evict(among, now, self.limits.max);
        if evicted {
            self.counts.evicted.fetch_add(1, Ordering::Relaxed);
        }
        evicted
    }

    /// Counts bytes of a head. If all heads take too many, the slowest ones end.
    fn add_head_bytes(&self, bytes: usize) {
        let before = self.head_bytes.fetch_add(bytes, Ordering::Relaxed);
        if before + bytes <= self.limits.head_bytes {
            return;
        }
        let (mut open, now) = (self.lock(), self.now());
        while self.head_bytes.load(Ordering::Relaxed) > self.limits.head_bytes {
            if !self.evict(&mut open, Among::Heads, now) {
                break;
            }
        }
    }

    /// Counts a request of this account that begins. Returns its counter.
    fn begin_of(&self, account: AccountId) -> Result<usize, Refused> {
        self.accounts.begin(account).ok_or_else(|| {
            let refused = &self.counts.refused_by_account;
            refused.fetch_add(1, Ordering::Relaxed);
            Refused::ByAccount
        })
    }

    fn release_head_bytes(&self, bytes: usize) {
        self.head_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// From here on clients have little time for their heads.
    pub(crate) fn stop(&self) {
        self.lock().stopping = true;
    }

    /// Ends connections whose time is over, until it is dropped.
    pub(crate) async fn sweep(&self) {
        let mut ticks = interval(SWEEP_INTERVAL);
        loop {
            ticks.tick().await;
            self.end_overdue();
        }
    }

    fn end_overdue(&self) {
        let now = self.now();
        let mut open = self.lock();
        let head_timeout = if open.stopping {
            HEAD_TIMEOUT_AT_STOP
        } else {
            HEAD_TIMEOUT
        };
        let limit = |phase| match phase {
            Phase::Head => Some(head_timeout),
            Phase::Idle | Phase::IdleProven => Some(IDLE_TIMEOUT),
            Phase::Unproven | Phase::Proven | Phase::Ended => None,
        };
        let overdue: Vec<_> = open
            .connections
            .iter()
            .filter_map(|(key, connection)| {
                let Moment { phase, since } = connection.moment();
                let waited = Duration::from_millis(now.saturating_sub(since));
                // Bodies and responses have timeouts of their own.
                let limit = limit(phase).filter(|_| !connection.is_writing());
                let over = limit.is_some_and(|limit| waited >= limit);
                (over && connection.end(Moment { phase, since })).then_some(*key)
            })
            .collect();
        for (source, id) in &overdue {
            open.remove(*source, *id);
        }
        open.forget_queues();
        let count = overdue.len() as u64;
        self.counts.timed_out.fetch_add(count, Ordering::Relaxed);
    }

    /// The present numbers.
    pub(crate) fn stats(&self) -> ConnectionStats {
        let mut phases = [0; Phase::COUNT];
        for connection in self.lock().connections.values() {
            if let Some(count) = phases.get_mut(connection.phase() as usize) {
                *count += 1;
            }
        }
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        ConnectionStats {
            phases,
            head_bytes: self.head_bytes.load(Ordering::Relaxed) as u64,
            evicted: of(&self.counts.evicted),
            timed_out: of(&self.counts.timed_out),
            refused: of(&self.counts.refused),
            refused_by_address: of(&self.counts.refused_by_address),
            refused_by_account: of(&self.counts.refused_by_account),
        }
    }

    /// Milliseconds since the listener began.
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn count(&self, source: SourceAddress) -> usize {
        self.by_source.get(&source).map_or(0, |source| source.count)
    }

    fn insert(&mut self, of: Option<SourceAddress>, connection: Arc<OpenConnection>) {
        if let Some(source) = of {
            self.by_source.entry(source).or_default().count += 1;
        }
        self.connections.insert((of, connection.id), connection);
    }

    fn remove(&mut self, of: Option<SourceAddress>, id: u64) -> bool {
        if self.connections.remove(&(of, id)).is_none() {
            return false;
        }
        if let Some(address) = of
            && let Some(source) = self.by_source.get_mut(&address)
        {
            source.count -= 1;
            if source.count == 0 {
                self.by_source.remove(&address);
            }
        }
        true
    }

    /// Ends the slowest connection among these.
    fn evict(&mut self, among: Among, now: u64, max: usize) -> bool {
        let mut queue = self.queue(among).map(std::mem::take).unwrap_or_default();
        let ended = queue.next(now, || self.candidates(among, max));
        if let Some(ended) = &ended {
            self.remove(ended.source(), ended.id);
        }
        // The address may have lost its last connection.
        if let Some(place) = self.queue(among) {
            *place = queue;
        }
        ended.is_some()
    }

    fn candidates(&self, among: Among, max: usize) -> Vec<Candidate> {
        match among {
            Among::Address(source) => {
                let range = (Some(source), 0)..=(Some(source), u64::MAX);
                let connections = self.connections.range(range);
                connections
                    .filter_map(|(_, connection)| Candidate::of(connection, false))
                    .collect()
            }
            Among::All | Among::Heads => {
                let fair = max / self.by_source.len().max(1);
                let connections = self.connections.iter();
                connections
                    .filter(|(_, one)| among == Among::All || one.head_bytes() > 0)
                    .filter_map(|((source, _), connection)| {
                        let modest = source.is_none_or(|source| self.count(source) <= fair);
                        Candidate::of(connection, modest)
                    })
                    .collect()
            }
        }
    }

    fn queue(&mut self, among: Among) -> Option<&mut Queue> {
        match among {
            Among::All => Some(&mut self.queue),
            Among::Heads => Some(&mut self.heads),
            Among::Address(source) => {
                let source = self.by_source.get_mut(&source);
                source.map(|source| &mut source.queue)
            }
        }
    }

    /// Forgets the orders, which keep closed connections in memory.
    fn forget_queues(&mut self) {
        self.queue = Queue::default();
        self.heads = Queue::default();
        for source in self.by_source.values_mut() {
            source.queue = Queue::default();
        }
    }
}

impl ConnectionSlot {
    /// Returns once the connection has to end.
    pub(crate) async fn evicted(&self) {
        self.0.evicted.notified().await;
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let connection = &self.0;
        let mut open = connection.registry.lock();
        open.remove(connection.source(), connection.id);
        drop(open);
        connection.close();
    }
}

#[cfg(test)]
mod tests;
