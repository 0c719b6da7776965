//! Waits for a condition, never for a time.

use std::time::{Duration, Instant};

/// Polls until there is a value, and panics with `what` if there is none within `limit`.
#[expect(
    clippy::disallowed_methods,
    reason = "a deadline for another process: no clock of ours is involved"
)]
pub fn wait_for<T>(what: &str, limit: Duration, mut poll: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = poll() {
            return value;
        }
        assert!(start.elapsed() < limit, "{what}: not within {limit:?}");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

/// The wall clock in whole seconds since 1970, for the claims of tokens.
#[expect(
    clippy::disallowed_methods,
    reason = "the server under test runs on the real clock"
)]
pub fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
