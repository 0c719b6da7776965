//! Reads the command line. A mistake in a `BOWLINE_*` variable is told as one of the variable, not of the flag that nobody typed.

use std::{env, ffi::OsStr};

use clap::{
    Command, CommandFactory as _, Error, FromArgMatches as _,
    error::{ContextKind, ContextValue},
};

use crate::commands::Cli;

/// The command to run; or the end of the process, with help or with what is wrong.
pub(crate) fn read() -> Cli {
    let mut command = Cli::command();
    let read = command
        .try_get_matches_from_mut(env::args_os())
        .and_then(|matches| Cli::from_arg_matches(&matches));
    read.unwrap_or_else(|mut error| {
        if let Some(variable) = variable(&command, &error) {
            error.insert(ContextKind::InvalidArg, ContextValue::String(variable));
        }
        error.exit()
    })
}

/// The variable that a wrong value came from: a flag goes before its variable, so it came from there if the flag is not typed.
fn variable(command: &Command, error: &Error) -> Option<String> {
    let Some(ContextValue::String(wrong)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    // It is shown with the name of its value, as in `--listen <ADDR>`.
    let flag = wrong.split(' ').next()?;
    let is_typed = |typed: &OsStr| {
        let rest = typed.to_str().and_then(|typed| typed.strip_prefix(flag));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    };
    if env::args_os().any(|typed| is_typed(&typed)) {
        return None;
    }
    let mut arguments = command.get_subcommands().flat_map(Command::get_arguments);
    let long = flag.strip_prefix("--")?;
    let argument = arguments.find(|argument| argument.get_long() == Some(long))?;
    Some(argument.get_env()?.to_str()?.to_owned())
}
