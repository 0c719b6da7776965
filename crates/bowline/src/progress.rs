//! The progress of a command that takes a while: a line on standard error, at most one a second.

use std::time::{Duration, Instant};

use crate::output;

/// How often progress is shown.
const INTERVAL: Duration = Duration::from_secs(1);

/// The progress of a command.
#[derive(Debug)]
pub(crate) struct Progress {
    total: Option<u64>,
    shown: Instant,
}

#[expect(
    clippy::disallowed_methods,
    reason = "how often a line is shown decides nothing"
)]
impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            total: None,
            shown: Instant::now(),
        }
    }

    /// There are about this many bytes.
    pub(crate) fn of(&mut self, total: u64) {
        self.total = Some(total);
    }

    /// This many bytes are done.
    pub(crate) fn at(&mut self, bytes: u64) {
        if self.shown.elapsed() < INTERVAL {
            return;
        }
        self.shown = Instant::now();
        output::note(line(bytes, self.total));
    }
}

fn line(bytes: u64, total: Option<u64>) -> String {
    let mebibytes = |bytes: u64| bytes >> 20;
    match total {
        Some(total) if total > 0 => format!(
            "{:>3}%  {} of about {} MiB",
            (bytes.saturating_mul(100) / total).min(99),
            mebibytes(bytes),
            mebibytes(total)
        ),
        Some(_) | None => format!("{} MiB", mebibytes(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_much_is_done() {
        insta::assert_snapshot!(line(3 << 20, Some(12 << 20)), @" 25%  3 of about 12 MiB");
        insta::assert_snapshot!(line(3 << 20, None), @"3 MiB");
        insta::assert_snapshot!(line(13 << 20, Some(12 << 20)), @" 99%  13 of about 12 MiB");
    }
}
