//! The only place that reads the time.
//!
//! A [`Clock`] is passed to whoever needs it and read once per request, so that every step of a request sees one time and
//! a test can choose it. There is no global clock, and nothing outside the process moves one.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Where the time comes from.
#[derive(Clone, Copy, Debug)]
pub struct Clock(TimeSource);

#[derive(Clone, Copy, Debug)]
enum TimeSource {
    System,
    Fixed(Timestamp),
}

impl Clock {
    /// The operating system's time.
    pub fn system() -> Self {
        Self(TimeSource::System)
    }

    /// A clock that stands still, for tests.
    pub fn fixed(now: Timestamp) -> Self {
        Self(TimeSource::Fixed(now))
    }

    /// The time now.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one reading of the time that all others go through"
    )]
    pub fn now(&self) -> Timestamp {
        match self.0 {
            TimeSource::System => Timestamp::now(),
            TimeSource::Fixed(now) => now,
        }
    }
}

/// Measures how long something takes, for metrics. Nothing is decided by it.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Clock {
    /// Starts to measure.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where durations are measured"
    )]
    pub fn stopwatch(&self) -> Stopwatch {
        Stopwatch(Instant::now())
    }
}

impl Stopwatch {
    /// The time since it was started.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
