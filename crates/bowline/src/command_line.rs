//! Reads the command line. An error in a `BOWLINE_*` variable names the variable, not its flag.

use std::{env, ffi::OsStr};

use clap::{
    Command, CommandFactory as _, Error, FromArgMatches as _,
    builder::StyledStr,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::{commands::Cli, examples};

/// The command to run. Prints help or an error and ends the process if there is none.
pub(crate) fn read() -> Cli {
    let mut command = Cli::command();
    let read = command
        .try_get_matches_from_mut(env::args_os())
        .and_then(|matches| Cli::from_arg_matches(&matches));
    read.unwrap_or_else(|mut error| {
        let example = example(&error);
        let variable = variable(&command, &error);
        if let (Some(example), ErrorKind::ValueValidation) = (example, error.kind())
            && !error.to_string().contains(examples::SHOWN)
        {
            let typed = match &variable {
                Some(variable) => format!("{variable}={}", example.value),
                None => format!("--{} {}", example.flag, example.value),
            };
            let tip = StyledStr::from(format!("for example: {typed}"));
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
        }
        if let Some(variable) = variable {
            error.insert(ContextKind::InvalidArg, ContextValue::String(variable));
        }
        error.exit()
    })
}

/// A right value of a flag.
struct Example {
    flag: String,
    value: &'static str,
}

/// A right value of the flag that an error is about.
fn example(error: &Error) -> Option<Example> {
    let flag = flag(error)?.strip_prefix("--")?;
    let value = examples::of_flag(flag)?;
    Some(Example {
        flag: flag.to_owned(),
        value,
    })
}

/// The flag that an error is about, with its dashes.
fn flag(error: &Error) -> Option<&str> {
    let Some(ContextValue::String(invalid)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    // It includes the name of its value, as in `--listen <ADDR>`.
    invalid.split(' ').next()
}

/// The variable that an invalid value comes from: a flag overrides its variable, so that is the
/// case if the flag is absent.
fn variable(command: &Command, error: &Error) -> Option<String> {
    let flag = flag(error)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config_file::ConfigFile;

    #[test]
    fn every_example_is_a_valid_configuration() {
        for text in examples::configurations() {
            assert!(text.parse::<ConfigFile>().is_ok(), "{text}");
        }
    }

    #[test]
    fn every_flag_of_the_server_with_a_value_has_an_example_that_it_takes() {
        let mut command = Cli::command();
        let serve = command.find_subcommand_mut("serve").unwrap();
        for argument in serve.get_arguments() {
            // Any text is a value of these.
            let any = [
                "data",
                "config",
                "ready-file",
                "log",
                "init",
                "help",
                "version",
            ];
            let flag = argument.get_long().unwrap();
            if any.contains(&flag) {
                continue;
            }
            let value = examples::of_flag(flag).unwrap_or_else(|| panic!("{flag} has no example"));
            let typed = if argument.get_action().takes_values() {
                format!("--{flag}={value}")
            } else {
                format!("--{flag}")
            };
            let read = Cli::command().try_get_matches_from(["bowline", "serve", &typed]);
            assert!(read.is_ok(), "{flag}: {}", read.unwrap_err());
        }
    }
}
