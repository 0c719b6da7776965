//! Reads the time. No other file does.
//!
//! A [`Clock`] is an argument and is read once per request, so that every step of a request sees
//! the same time and a test can choose it. There is no global clock, and no request can change one.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// The source of the time.
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

    /// A clock that always shows the same time, for tests.
    pub fn fixed(now: Timestamp) -> Self {
        Self(TimeSource::Fixed(now))
    }

    /// The time now.
    #[expect(
        clippy::disallowed_methods,
        reason = "every reading of the time goes through here"
    )]
    pub fn now(&self) -> Timestamp {
        match self.0 {
            TimeSource::System => Timestamp::now(),
            TimeSource::Fixed(now) => now,
        }
    }
}

/// Measures a duration, for metrics only.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Clock {
    /// Starts a measurement.
    #[expect(clippy::disallowed_methods, reason = "every measurement starts here")]
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
