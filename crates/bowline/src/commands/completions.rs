//! `bowline completions`: prints completions for a shell.

use std::process::ExitCode;

use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};

use super::Cli;
use crate::output;

/// Print completions for a shell
///
/// For bash, in ~/.bashrc: source <(bowline completions bash)
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> ExitCode {
        let mut script = Vec::new();
        generate(self.shell, &mut Cli::command(), "bowline", &mut script);
        output::raw(&script);
        ExitCode::SUCCESS
    }
}
