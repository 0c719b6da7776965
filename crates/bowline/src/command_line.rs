//! Reads the command line. An error in a `BOWLINE_*` variable names the variable, not its flag.

use std::{env, ffi::OsStr};

use clap::{
    Command, CommandFactory as _, Error, FromArgMatches as _,
    error::{ContextKind, ContextValue},
};

use crate::commands::Cli;

/// The command to run. Prints help or an error and ends the process if there is none.
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

/// The variable that an invalid value comes from: a flag overrides its variable, so that is the
/// case if the flag is absent.
fn variable(command: &Command, error: &Error) -> Option<String> {
    let Some(ContextValue::String(invalid)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    // It includes the name of its value, as in `--listen <ADDR>`.
    let flag = invalid.split(' ').next()?;
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
