//! The only place that reads the time.
//!
//! A [`Clock`] is passed to whoever needs it and read once per request, so that every step of a request sees one time and
//! a test can choose it. There is no global clock, and nothing outside the process moves one.

use jiff::Timestamp;

/// Where the time comes from.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Source);

#[derive(Clone, Copy, Debug)]
enum Source {
    System,
    Fixed(Timestamp),
}

impl Clock {
    /// The operating system's time.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still, for tests.
    pub fn fixed(now: Timestamp) -> Self {
        Self(Source::Fixed(now))
    }

    /// The time now.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one reading of the time that all others go through"
    )]
    pub fn now(&self) -> Timestamp {
        match self.0 {
            Source::System => Timestamp::now(),
            Source::Fixed(now) => now,
        }
    }
}
