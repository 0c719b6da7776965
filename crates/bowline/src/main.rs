//! The `bowline` binary: a server, its demonstration, and the commands that are clients of its
//! operator API.

mod audit_settings;
mod command_line;
mod commands;
mod config_file;
mod endpoint_args;
mod error;
mod examples;
mod files;
mod limit_settings;
mod logging;
mod nearest;
mod output;
mod progress;
mod settings;
mod variables;

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// An exchange makes many small allocations and frees them at once, which this allocator does in a
/// tenth less time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match command_line::read().run() {
        Ok(code) => code,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}
