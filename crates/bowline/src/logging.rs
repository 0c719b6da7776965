//! The server's log: sentences on standard error, coloured on a terminal.

use std::io;

use anstream::{AutoStream, ColorChoice};
use anyhow::{Context as _, Result};
use tracing_subscriber::{
    Layer as _, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// Starts logging. `filter` is a level such as `info`, or directives such as
/// `bowline_server::oidc=debug,warn`.
///
/// # Errors
/// If the filter is invalid.
pub(crate) fn start(filter: &str) -> Result<()> {
    let targets: Targets = filter
        .parse()
        .with_context(|| format!("`{filter}` is not a log filter"))?;
    let log = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(AutoStream::choice(&io::stderr()) != ColorChoice::Never)
        .with_target(false);
    tracing_subscriber::registry()
        .with(log.with_filter(targets))
        .init();
    Ok(())
}
