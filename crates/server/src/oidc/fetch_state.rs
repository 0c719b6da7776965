//! What is known of the fetches of one provider's keys, and when the next may begin after a
//! failure.

use jiff::{SignedDuration, Timestamp};

use super::fetch::FetchError;

/// The least time between a failure and the next fetch, without cached keys. It doubles with each
/// failure in a row, so that providers that are gone leave the limits of fetches to the others.
pub(super) const RETRY_AFTER_FAILURE: SignedDuration = SignedDuration::from_secs(1);
const MAX_RETRY_AFTER_FAILURE: SignedDuration = SignedDuration::from_secs(30);

/// What is known of the fetches of one provider.
#[derive(Debug, Default)]
pub(super) struct FetchState {
    /// How many fetches have ended.
    pub(super) ended: u64,
    pub(super) failure: Option<(Timestamp, FetchError)>,
    /// How many fetches in a row have failed, apart from those that the limits refused.
    pub(super) failures: u32,
    pub(super) refetched: Option<Timestamp>,
    /// When the operator last had the keys fetched.
    pub(super) checked: Option<Timestamp>,
}

impl FetchState {
    /// The least time between the last failure and the next fetch, without cached keys.
    pub(super) fn retry_after(&self) -> SignedDuration {
        let doubled = 1_i32.checked_shl(self.failures.saturating_sub(1).min(16));
        let gap = RETRY_AFTER_FAILURE.saturating_mul(doubled.unwrap_or(i32::MAX));
        gap.min(MAX_RETRY_AFTER_FAILURE)
    }

    pub(super) fn failed_lately(&self, now: Timestamp, gap: SignedDuration) -> bool {
        let lately = |(at, _): &(Timestamp, FetchError)| now.duration_since(*at) < gap;
        self.failure.as_ref().is_some_and(lately)
    }
}
