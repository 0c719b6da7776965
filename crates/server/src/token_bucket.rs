//! A budget of bytes that fills again with time.
//!
//! Exact and without floating point. A caller reads the clock; time that runs backwards fills
//! nothing.

use jiff::Timestamp;

/// How much a bucket holds, and how fast it fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Bytes of a full bucket.
    pub burst: u64,
    /// Bytes that come back in a second.
    pub per_second: u64,
}

/// A bucket of bytes.
#[derive(Clone, Copy, Debug)]
pub struct TokenBucket {
    /// Bytes that are left. A record that is larger than the rest makes it negative.
    left: i64,
    /// When `left` was true.
    at: Timestamp,
}

impl TokenBucket {
    /// A full bucket.
    pub fn full(rate: Rate, now: Timestamp) -> Self {
        Self {
            left: signed(rate.burst),
            at: now,
        }
    }

    /// Whether anything is left.
    pub fn has_any(&mut self, rate: Rate, now: Timestamp) -> bool {
        self.fill(rate, now);
        self.left > 0
    }

    /// Whether nothing is missing.
    pub fn is_full(&mut self, rate: Rate, now: Timestamp) -> bool {
        self.fill(rate, now);
        self.left >= signed(rate.burst)
    }

    /// Takes bytes, also those that are not there: what follows waits for them.
    pub fn take(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(signed(bytes as u64));
    }

    /// The same, but so many at most are missing afterwards, unless more were before.
    pub fn take_within(&mut self, bytes: usize, max_missing: u64) {
        let before = self.left;
        self.take(bytes);
        self.left = self.left.max(before.min(-signed(max_missing)));
    }

    fn fill(&mut self, rate: Rate, now: Timestamp) {
        let elapsed = now.as_nanosecond() - self.at.as_nanosecond();
        if elapsed <= 0 {
            // The clock was set back. What is left stays, and fills from here on.
            self.at = now;
            return;
        }
        let gained = elapsed.saturating_mul(i128::from(rate.per_second)) / 1_000_000_000;
        if gained == 0 {
            // The fraction is kept: `at` stays.
            return;
        }
        let gained = i64::try_from(gained).unwrap_or(i64::MAX);
        self.left = self.left.saturating_add(gained).min(signed(rate.burst));
        self.at = now;
    }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    const RATE: Rate = Rate {
        burst: 4_000,
        per_second: 100,
    };

    #[test]
    fn a_bucket_holds_its_burst_and_fills_at_its_rate() {
        let start = Timestamp::UNIX_EPOCH;
        let mut bucket = TokenBucket::full(RATE, start);
        bucket.take(3_999);
        assert!(bucket.has_any(RATE, start));
        bucket.take(51);
        assert!(!bucket.has_any(RATE, start + SignedDuration::from_millis(500)));
        assert!(bucket.has_any(RATE, start + SignedDuration::from_millis(510)));
        assert!(!bucket.is_full(RATE, start + SignedDuration::from_secs(40)));
        assert!(bucket.is_full(RATE, start + SignedDuration::from_secs(41)));
    }

    #[test]
    fn a_clock_that_is_set_back_takes_nothing_away() {
        let start = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1);
        let mut bucket = TokenBucket::full(RATE, start);
        bucket.take(4_000);
        assert!(!bucket.has_any(RATE, Timestamp::UNIX_EPOCH));
        let later = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1);
        assert!(bucket.has_any(RATE, later));
    }

    proptest! {
        /// Whatever the moments and sizes, no more is taken than burst, time and one record allow.
        #[test]
        fn no_more_is_admitted_than_the_burst_and_the_time_allow(
            steps in prop::collection::vec((0_i64..2_000, 1_usize..900), 1..200)
        ) {
            let start = Timestamp::UNIX_EPOCH;
            let (mut now, mut admitted) = (start, 0);
            let mut bucket = TokenBucket::full(RATE, start);
            for (millis, bytes) in steps {
                now += SignedDuration::from_millis(millis);
                if bucket.has_any(RATE, now) {
                    bucket.take(bytes);
                    admitted += bytes as u128;
                }
                let elapsed = u128::try_from(now.as_millisecond()).unwrap();
                prop_assert!(admitted <= 4_000 + elapsed * 100 / 1_000 + 900);
            }
        }
    }
}
