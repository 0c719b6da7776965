//! The server's log: sentences on standard error, coloured on a terminal. It is bounded, whatever
//! clients send.

mod bounded;

use std::io;

use anstream::{AutoStream, ColorChoice};
use anyhow::{Context as _, Result};
use bounded::BoundedLog;
use bowline_server::clock::Clock;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// Starts logging. `filter` is a level such as `info`, or directives such as
/// `bowline_server::oidc=debug,warn`.
///
/// # Errors
/// If the filter is invalid.
pub(crate) fn start(filter: &str) -> Result<()> {
    let targets = parse(filter)?;
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(BoundedLog::new(io::stderr, Clock::system()))
        .with_ansi(AutoStream::choice(&io::stderr()) != ColorChoice::Never)
        .with_target(false)
        .finish()
        .with(targets)
        .init();
    Ok(())
}

/// Nothing logs in spans or filters by fields, so levels of targets are all that a filter needs.
fn parse(filter: &str) -> Result<Targets> {
    filter
        .split(',')
        .map(str::trim)
        .filter(|directive| !directive.is_empty())
        .collect::<Vec<_>>()
        .join(",")
        .parse()
        .with_context(|| format!("`{filter}` is not a log filter"))
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn a_filter_is_a_level_and_levels_of_targets() {
        let enabled = |filter: &str, level: Level| {
            let targets = parse(filter).unwrap();
            ["bowline_server::oidc::fetch", "bowline"]
                .map(|target| targets.would_enable(target, &level))
        };
        assert_eq!(enabled("info", Level::INFO), [true, true]);
        assert_eq!(enabled("info", Level::DEBUG), [false, false]);
        assert_eq!(enabled("off", Level::ERROR), [false, false]);
        let narrow = "bowline_server::oidc=debug, warn,";
        assert_eq!(enabled(narrow, Level::DEBUG), [true, false]);
        assert_eq!(enabled(narrow, Level::WARN), [true, true]);
        assert_eq!(enabled(narrow, Level::INFO), [true, false]);
        assert_eq!(enabled("", Level::ERROR), [true, true]);
        assert_eq!(enabled("", Level::WARN), [false, false]);
        insta::assert_snapshot!(parse("bowline=loud").unwrap_err(), @"`bowline=loud` is not a log filter");
    }
}
