//! One connection: which part of a request it is in, since when, and what its head takes.
//!
//! A request changes its connection's phase without a lock. Phase and time are one word, so that a
//! decision to end a connection applies only to what it was made about.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
};

use bowline_iam::account::AccountId;
use memchr::memmem;
use tokio::sync::Notify;

use super::{Connections, Refused};
use crate::http::{interim_response::InterimResponse, source_address::SourceAddress};

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// A head is not complete yet, or has not begun on a new connection.
    Head,
    /// The head is complete, and the caller is not authenticated.
    Unproven,
    /// A request of an authenticated caller.
    Proven,
    /// Between requests; no caller was authenticated in the last one.
    Idle,
    /// Between requests; the last one had an authenticated caller.
    IdleProven,
    /// It is being closed.
    Ended,
}

/// A phase and when it began, in milliseconds of the registry's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) phase: Phase,
    pub(super) since: u64,
}

/// An open connection, shared by its task, the request on it, and the registry.
#[derive(Debug)]
pub(crate) struct OpenConnection {
    pub(super) registry: Arc<Connections>,
    pub(super) id: u64,
    /// The address that it counts for between requests. `None`: a trusted proxy.
    pub(super) home: Option<SourceAddress>,
    moment: AtomicU64,
    /// Bytes of a head whose caller is not authenticated.
    head_bytes: AtomicUsize,
    /// Bytes behind the end of a head that arrived in one piece.
    after_head: AtomicUsize,
    /// Requests so far.
    requests: AtomicU64,
    /// Whether a request had an authenticated caller.
    proven: AtomicBool,
    pub(super) evicted: Notify,
    /// The counter of the account whose request is under way, plus one. 0: none.
    account: AtomicUsize,
    /// Whether the client has not read all of a response.
    writing: AtomicBool,
    pub(in crate::http) interim: InterimResponse,
    /// The address that a trusted proxy's connection counts for during a request.
    forwarded: Mutex<Option<SourceAddress>>,
}

impl Phase {
    /// How many there are.
    pub(super) const COUNT: usize = Self::Ended as usize + 1;
    /// All phases of open connections.
    pub(crate) const OPEN: [Self; 5] = [
        Self::Head,
        Self::Unproven,
        Self::Proven,
        Self::Idle,
        Self::IdleProven,
    ];

    fn of(number: u64) -> Self {
        match number {
            0 => Self::Head,
            1 => Self::Unproven,
            2 => Self::Proven,
            3 => Self::Idle,
            4 => Self::IdleProven,
            _ => Self::Ended,
        }
    }
}

impl Moment {
    fn to_word(self) -> u64 {
        self.since << 3 | self.phase as u64
    }

    fn of_word(word: u64) -> Self {
        Self {
            phase: Phase::of(word & 7),
            since: word >> 3,
        }
    }
}

impl OpenConnection {
    pub(super) fn new(
        registry: Arc<Connections>,
        id: u64,
        home: Option<SourceAddress>,
        now: u64,
    ) -> Self {
        let moment = Moment {
            phase: Phase::Head,
            since: now,
        };
        Self {
            registry,
            id,
            home,
            moment: AtomicU64::new(moment.to_word()),
            head_bytes: AtomicUsize::new(0),
            after_head: AtomicUsize::new(0),
            requests: AtomicU64::new(0),
            proven: AtomicBool::new(false),
            evicted: Notify::new(),
            account: AtomicUsize::new(0),
            writing: AtomicBool::new(false),
            interim: InterimResponse::default(),
            forwarded: Mutex::default(),
        }
    }

    pub(super) fn moment(&self) -> Moment {
        Moment::of_word(self.moment.load(Ordering::Acquire))
    }

    /// The present phase.
    pub(crate) fn phase(&self) -> Phase {
        self.moment().phase
    }

    /// How many requests there were.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Whether a request on it had an authenticated caller.
    pub(crate) fn was_proven(&self) -> bool {
        self.proven.load(Ordering::Relaxed)
    }

    /// How many bytes arrived together with the present head that are not part of it. 0 for a
    /// request that arrived behind another one.
    pub(crate) fn take_bytes_after_head(&self) -> usize {
        self.after_head.swap(0, Ordering::Relaxed)
    }

    pub(super) fn head_bytes(&self) -> usize {
        self.head_bytes.load(Ordering::Relaxed)
    }

    /// Goes on to `next`, if the phase is one of `from`.
    fn advance(&self, from: &[Phase], next: Phase) -> bool {
        let since = self.registry.now();
        let word = Moment { phase: next, since }.to_word();
        let changed = self
            .moment
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |before| {
                from.contains(&Moment::of_word(before).phase)
                    .then_some(word)
            });
        changed.is_ok()
    }

    /// Ends the connection if it is still in this moment.
    pub(super) fn end(&self, moment: Moment) -> bool {
        let ended = Moment {
            phase: Phase::Ended,
            since: moment.since,
        };
        let (before, after) = (moment.to_word(), ended.to_word());
        let ended =
            self.moment
                .compare_exchange(before, after, Ordering::AcqRel, Ordering::Acquire);
        if ended.is_ok() {
            self.release_head();
            self.evicted.notify_one();
        }
        ended.is_ok()
    }

    /// Counts bytes that arrived. Those of a head count against the memory that heads share.
    pub(crate) fn received(&self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        match self.phase() {
            Phase::Idle | Phase::IdleProven => {
                self.advance(&[Phase::Idle, Phase::IdleProven], Phase::Head);
            }
            Phase::Head => {}
            Phase::Unproven | Phase::Proven | Phase::Ended => return,
        }
        let after = if self.head_bytes() == 0 {
            after_head(bytes)
        } else {
            0
        };
        self.after_head.store(after, Ordering::Relaxed);
        self.add_head_bytes(bytes.len());
    }

    /// A write went through, or waits for the client. HTTP may hold the rest of a response although
    /// its request has ended, so the connection is not idle before that.
    pub(crate) fn wrote(&self, all: bool) {
        self.writing.store(!all, Ordering::Relaxed);
        match self.phase() {
            idle @ (Phase::Idle | Phase::IdleProven) => {
                self.advance(&[idle], idle);
            }
            Phase::Head | Phase::Unproven | Phase::Proven | Phase::Ended => {}
        }
    }

    pub(super) fn is_writing(&self) -> bool {
        self.writing.load(Ordering::Relaxed)
    }

    /// A head is complete. False if the connection is being closed: the request must not begin,
    /// because its client would not learn the outcome. `parsed` counts as bytes of the head, too.
    pub(crate) fn begin_request(&self, parsed: usize) -> bool {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let begun = self.advance(&Phase::OPEN, Phase::Unproven);
        if begun {
            self.add_head_bytes(parsed);
        }
        begun
    }

    fn add_head_bytes(&self, bytes: usize) {
        self.head_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.registry.add_head_bytes(bytes);
    }

    /// The caller of the request is authenticated.
    ///
    /// # Errors
    /// [`Refused`], if its account has its part of the connections.
    pub(crate) fn prove(&self, account: AccountId) -> Result<(), Refused> {
        if self.account.load(Ordering::Relaxed) > 0 {
            return Ok(());
        }
        let counter = self.registry.begin_of(account)?;
        self.account.store(counter + 1, Ordering::Relaxed);
        if self.advance(&[Phase::Unproven], Phase::Proven) {
            self.proven.store(true, Ordering::Relaxed);
            self.release_head();
        } else {
            // The client is gone, and the request runs to completion without a connection.
            self.leave_account();
        }
        Ok(())
    }

    /// The request no longer counts for its account.
    fn leave_account(&self) {
        if let Some(counter) = self.account.swap(0, Ordering::Relaxed).checked_sub(1) {
            self.registry.accounts.end(counter);
        }
    }

    /// The response is sent, as far as HTTP is concerned.
    fn end_request(&self) {
        self.leave_account();
        if !self.advance(&[Phase::Proven], Phase::IdleProven) {
            self.advance(&[Phase::Unproven], Phase::Idle);
        }
        self.release_head();
    }

    /// Ends the connection, whatever it is doing.
    pub(crate) fn evict(&self) {
        self.advance(&Phase::OPEN, Phase::Ended);
        self.release_head();
        self.evicted.notify_one();
    }

    /// The address that it counts for now.
    pub(super) fn source(&self) -> Option<SourceAddress> {
        let forwarded = || {
            *self
                .forwarded
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        self.home.or_else(forwarded)
    }

    /// Counts the connection of a trusted proxy for this address, and returns the one before. Only
    /// with the lock of the registry.
    pub(super) fn set_forwarded(&self, source: Option<SourceAddress>) -> Option<SourceAddress> {
        let mut forwarded = self
            .forwarded
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *forwarded, source)
    }

    /// It is closed: nothing of it counts any more.
    pub(super) fn close(&self) {
        self.advance(&Phase::OPEN, Phase::Ended);
        self.leave_account();
        self.release_head();
    }

    fn release_head(&self) {
        let bytes = self.head_bytes.swap(0, Ordering::Relaxed);
        self.registry.release_head_bytes(bytes);
    }
}

/// How many bytes follow the first head. Line ends before a head are not part of it.
fn after_head(bytes: &[u8]) -> usize {
    let begin = bytes.iter().position(|byte| !b"\r\n".contains(byte));
    let head = begin.and_then(|begin| bytes.get(begin..));
    let head = head.unwrap_or_default();
    memmem::find(head, b"\r\n\r\n").map_or(0, |end| head.len() - end - 4)
}

/// A request on a connection. Dropping it ends the request.
#[derive(Debug)]
pub(crate) struct RequestOnConnection(pub(crate) Arc<OpenConnection>);

impl Drop for RequestOnConnection {
    fn drop(&mut self) {
        self.0.registry.return_home(&self.0);
        self.0.end_request();
    }
}
