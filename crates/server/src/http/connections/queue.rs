//! The order in which connections end when there are too many: the slowest first, of those that do
//! what most do.
//!
//! A look at all connections makes the order, and it serves many evictions. A connection that has
//! made progress since then is passed over.

use std::{cmp::Reverse, sync::Arc};

use super::state::{Moment, OpenConnection, Phase};

/// How long after a look that found nothing the next one may follow, in milliseconds.
const RETRY_MILLIS: u64 = 20;

/// Connections in the order in which they end, the first one last.
#[derive(Debug, Default)]
pub(super) struct Queue {
    candidates: Vec<Candidate>,
    not_before: u64,
}

/// A connection that may end.
#[derive(Debug)]
pub(super) struct Candidate {
    /// Whether its address has no more than an equal share.
    modest: bool,
    kind: Kind,
    moment: Moment,
    connection: Arc<OpenConnection>,
}

/// What a connection is doing that may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Nothing, and no caller was authenticated on it.
    Silent,
    /// Part of a head has arrived.
    Head,
    /// The caller of its request is not authenticated.
    Unproven,
    /// Nothing since the request of an authenticated caller.
    IdleProven,
}

impl Queue {
    /// Ends the first connection and returns it. `look` finds the connections that may end.
    pub(super) fn next(
        &mut self,
        now: u64,
        look: impl FnOnce() -> Vec<Candidate>,
    ) -> Option<Arc<OpenConnection>> {
        if let Some(ended) = self.end_one() {
            return Some(ended);
        }
        if now < self.not_before {
            return None;
        }
        self.candidates = look();
        self.keep_first();
        let ended = self.end_one();
        if ended.is_none() {
            self.not_before = now + RETRY_MILLIS;
        }
        ended
    }

    /// Keeps those that end before all others, the slowest last: of addresses with more than an
    /// equal share, if there are any; without an authenticated caller, if there are any; and doing
    /// what most of these do, since that is what there is too much of. Others of them may have come
    /// when these have ended.
    fn keep_first(&mut self) {
        let candidates = &mut self.candidates;
        let group = |candidate: &Candidate| (candidate.modest, candidate.kind == Kind::IdleProven);
        let Some(first) = candidates.iter().map(group).min() else {
            return;
        };
        candidates.retain(|candidate| group(candidate) == first);
        let count = |kind: Kind| candidates.iter().filter(|one| one.kind == kind).count();
        let kinds = [Kind::IdleProven, Kind::Unproven, Kind::Silent, Kind::Head];
        let most = kinds.into_iter().max_by_key(|kind| count(*kind));
        candidates.retain(|candidate| Some(candidate.kind) == most);
        candidates.sort_unstable_by_key(|candidate| Reverse(candidate.moment.since));
    }

    fn end_one(&mut self) -> Option<Arc<OpenConnection>> {
        while let Some(candidate) = self.candidates.pop() {
            // It fails if the connection has made progress.
            if candidate.connection.end(candidate.moment) {
                return Some(candidate.connection);
            }
        }
        None
    }
}

impl Candidate {
    /// A connection that may end, unless an authenticated caller has a request on it.
    pub(super) fn of(connection: &Arc<OpenConnection>, modest: bool) -> Option<Self> {
        let moment = connection.moment();
        let kind = match moment.phase {
            Phase::Head if connection.head_bytes() > 0 => Kind::Head,
            Phase::Head | Phase::Idle => Kind::Silent,
            Phase::Unproven => Kind::Unproven,
            Phase::IdleProven if !connection.is_writing() => Kind::IdleProven,
            Phase::IdleProven | Phase::Proven | Phase::Ended => return None,
        };
        Some(Self {
            modest,
            kind,
            moment,
            connection: Arc::clone(connection),
        })
    }
}
