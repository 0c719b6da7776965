//! The server's log: sentences on standard error, coloured on a terminal.

use std::io;

use anstream::{AutoStream, ColorChoice};
use anyhow::{Context as _, Result};
use tracing_subscriber::EnvFilter;

/// Starts logging. `filter` is a level such as `info`, or directives such as
/// `bowline_server::oidc=debug,warn`.
///
/// # Errors
/// If the filter is invalid.
pub(crate) fn start(filter: &str) -> Result<()> {
    let filter =
        EnvFilter::try_new(filter).with_context(|| format!("`{filter}` is not a log filter"))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(AutoStream::choice(&io::stderr()) != ColorChoice::Never)
        .with_target(false)
        .init();
    Ok(())
}
