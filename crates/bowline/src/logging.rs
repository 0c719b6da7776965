//! The server's log: sentences on standard error, coloured on a terminal. It is bounded, whatever
//! clients send.

mod bounded;

use std::io;

use anstream::{AutoStream, ColorChoice};
use bounded::BoundedLog;
use bowline_server::clock::Clock;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::{error::CommandError, nearest::nearest};

/// The filter is not one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FilterError {
    /// A part that is neither a level nor the name of a module.
    #[error("`{0}` is not a log level")]
    Level(String),
    /// A part with `=` and no level behind it.
    #[error("`{part}` is not a log filter: `{level}` is not a log level")]
    ModuleLevel { part: String, level: String },
    /// A part that is something else.
    #[error("`{0}` is not a log filter")]
    Part(String),
}

/// The levels, from none to all.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

impl FilterError {
    /// What to write.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Level(level) | Self::ModuleLevel { level, .. } => format!(
                "did you mean `{}`? The levels are {}; `bowline_server::oidc=debug,info` sets one for a module",
                meant(level),
                LEVELS.join(", ")
            ),
            Self::Part(_) => {
                "write a level such as `debug`, or levels of modules such as `bowline_server::oidc=debug,info`"
                    .to_owned()
            }
        }
    }
}

/// The level that a word of another program stands for, or the one that is spelled most like it.
fn meant(word: &str) -> &'static str {
    match word.to_ascii_lowercase().as_str() {
        "verbose" | "all" | "fine" | "5" => "debug",
        "silly" | "finest" | "full" => "trace",
        "notice" | "normal" | "default" => "info",
        "critical" | "fatal" | "err" | "panic" => "error",
        "quiet" | "silent" | "none" | "false" | "disabled" => "off",
        other => nearest(other, LEVELS).unwrap_or("info"),
    }
}

/// Starts logging. `filter` is a level such as `info`, or directives such as
/// `bowline_server::oidc=debug,warn`.
///
/// # Errors
/// If the filter is invalid.
pub(crate) fn start(filter: &str) -> Result<(), CommandError> {
    let targets = parse(filter).map_err(|error| {
        let hint = error.hint();
        CommandError::with_hint(error, hint)
    })?;
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
fn parse(filter: &str) -> Result<Targets, FilterError> {
    let parts = filter
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let mut targets = Targets::new();
    let mut empty = true;
    for part in parts {
        empty = false;
        targets = match part.split_once('=') {
            Some((module, level)) if is_module(module) => {
                let unknown = || FilterError::ModuleLevel {
                    part: part.to_owned(),
                    level: level.to_owned(),
                };
                let level: LevelFilter = level.parse().map_err(|_| unknown())?;
                targets.with_target(module, level)
            }
            Some(_) => return Err(FilterError::Part(part.to_owned())),
            None => match part.parse::<LevelFilter>() {
                Ok(level) => targets.with_default(level),
                // A module without a level logs everything. Other words are misspelled levels.
                Err(_) if part.starts_with("bowline") || part.contains("::") => {
                    targets.with_target(part, LevelFilter::TRACE)
                }
                Err(_) => return Err(FilterError::Level(part.to_owned())),
            },
        };
    }
    Ok(if empty {
        targets.with_default(LevelFilter::ERROR)
    } else {
        targets
    })
}

fn is_module(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':'))
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
        assert_eq!(enabled("bowline_server::oidc", Level::TRACE), [true, false]);
    }

    #[test]
    fn a_word_that_is_no_level_is_an_error_with_a_suggestion() {
        let said = |filter: &str| {
            let error = parse(filter).unwrap_err();
            format!("{error}; {}", error.hint())
        };
        insta::assert_snapshot!(said("verbose"), @"`verbose` is not a log level; did you mean `debug`? The levels are off, error, warn, info, debug, trace; `bowline_server::oidc=debug,info` sets one for a module");
        insta::assert_snapshot!(said("info,wran"), @"`wran` is not a log level; did you mean `warn`? The levels are off, error, warn, info, debug, trace; `bowline_server::oidc=debug,info` sets one for a module");
        insta::assert_snapshot!(said("bowline=loud"), @"`bowline=loud` is not a log filter: `loud` is not a log level; did you mean `info`? The levels are off, error, warn, info, debug, trace; `bowline_server::oidc=debug,info` sets one for a module");
        insta::assert_snapshot!(said("a b=info"), @"`a b=info` is not a log filter; write a level such as `debug`, or levels of modules such as `bowline_server::oidc=debug,info`");
    }
}
