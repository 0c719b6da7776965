//! `bowline provider`: shows and checks an OIDC provider, and configures what IAM's API does not
//! have.

mod check;
mod configure;
mod show;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::error::CommandError;

/// OIDC providers: their settings that IAM's API does not have, and their keys
#[derive(Debug, Args)]
pub(crate) struct Provider {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(show::Show),
    Check(check::Check),
    Configure(configure::Configure),
}

impl Provider {
    pub(crate) fn run(self) -> Result<ExitCode, CommandError> {
        match self.command {
            Command::Show(show) => show.run(),
            Command::Check(check) => check.run(),
            Command::Configure(configure) => configure.run(),
        }
    }
}
