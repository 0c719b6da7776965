//! Programs of others that a test drives: found where `make test` puts them, or said to be missing.

use std::path::{Path, PathBuf};

use super::bowline::BINARY;

/// The path, or nothing if the program is missing and may be.
///
/// # Panics
/// When it is missing and `CI=true`.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "whether a test may be skipped is the test runner's to say"
)]
pub(crate) fn or_skip<T>(found: Option<T>, what: &str) -> Option<T> {
    if found.is_none() {
        let hint = format!("{what}: `make test` installs what it can, and says what it cannot");
        assert!(
            std::env::var_os("CI").is_none_or(|ci| ci != "true"),
            "{hint}"
        );
        eprintln!("skipped: {hint}");
    }
    found
}

/// The folder that a variable names, or else the default.
#[expect(
    clippy::disallowed_methods,
    reason = "where programs are installed is the test runner's to say"
)]
pub(crate) fn folder(variable: &str, usual: &Path) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| usual.to_owned(), PathBuf::from)
}

/// Where everything built is, programs of others too.
pub(crate) fn built() -> &'static Path {
    Path::new(BINARY).parent().unwrap().parent().unwrap()
}
