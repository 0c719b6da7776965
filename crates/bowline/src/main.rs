//! The `bowline` binary: a server, its demonstration, and the commands that are clients of its operator API.

mod client;
mod commands;
mod config_file;
mod error;
mod logging;
mod output;
mod settings;

use std::process::ExitCode;

use clap::Parser as _;

use crate::commands::Cli;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(code) => code,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}
