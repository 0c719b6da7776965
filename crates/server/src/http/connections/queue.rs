//! The order in which connections end when there are too many: the slowest first.
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
    rank: Rank,
    connection: Arc<OpenConnection>,
    moment: Moment,
}

/// The smallest ends first: addresses with more than an equal share, then connections without an
/// authenticated caller, then those that have been in their phase for the longest time.
type Rank = (bool, bool, u64);

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
        // Others of the first kind may have come when these have ended, and end before the rest.
        let kind = |candidate: &Candidate| (candidate.rank.0, candidate.rank.1);
        if let Some(first) = self.candidates.iter().map(kind).min() {
            self.candidates.retain(|candidate| kind(candidate) == first);
        }
        self.candidates
            .sort_unstable_by_key(|candidate| Reverse(candidate.rank));
        let ended = self.end_one();
        if ended.is_none() {
            self.not_before = now + RETRY_MILLIS;
        }
        ended
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
        let proven = match moment.phase {
            Phase::Head | Phase::Unproven | Phase::Idle => false,
            Phase::IdleProven if !connection.is_writing() => true,
            Phase::IdleProven | Phase::Proven | Phase::Ended => return None,
        };
        Some(Self {
            rank: (modest, proven, moment.since),
            connection: Arc::clone(connection),
            moment,
        })
    }
}
