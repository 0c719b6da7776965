//! Waits for a condition, never for a time.

use std::time::{Duration, Instant};

/// Asks until there is an answer, and panics with `what` if there is none within `limit`.
///
/// # Panics
/// When the time is up.
#[expect(
    clippy::disallowed_methods,
    reason = "a deadline for another process: no clock of ours is involved"
)]
pub(crate) fn wait_for<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
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
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
