//! The variables that every program of a test inherits: time zone, language, temporary folder and
//! faked clock.
//!
//! All other variables are cleared. No test depends on any of these, and `tools/any-day` sets them
//! to unusual values.

use std::ffi::OsString;

const NAMES: [&str; 4] = ["TZ", "LANG", "TMPDIR", "LD_PRELOAD"];
const PREFIXES: [&str; 2] = ["LC_", "FAKETIME"];

/// The inherited variables with their values.
pub(crate) fn inherited() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| {
        let name = name.to_string_lossy();
        NAMES.contains(&&*name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    })
}

/// How many seconds `faketime` adds to the clock of this run.
pub(crate) fn clock_offset() -> i64 {
    inherited()
        .find(|(name, _)| name == "FAKETIME_TIMESTAMP_FILE")
        .map_or(0, |(_, file)| {
            let offset = std::fs::read_to_string(file).unwrap();
            offset.trim().trim_end_matches('s').parse().unwrap()
        })
}

/// Whether a test has to be skipped because it needs a program written in Go and the clock is
/// faked. Go reads the clock from the kernel without the C library, so `faketime` has no effect on
/// it.
#[expect(
    clippy::print_stderr,
    reason = "a skipped test says why it was skipped"
)]
pub(crate) fn go_reads_another_clock(what: &str) -> bool {
    let another = clock_offset() != 0;
    if another {
        eprintln!("skipped: {what}: `faketime` does not reach programs written in Go");
    }
    another
}
