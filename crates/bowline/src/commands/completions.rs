//! `bowline completions`: prints completions for a shell.

use std::process::ExitCode;

use clap::{Args, Command};
use clap_complete::{Shell, generate};

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
    /// Prints the completions of this command.
    pub(crate) fn run(self, command: &mut Command) -> ExitCode {
        let mut script = Vec::new();
        generate(self.shell, command, "bowline", &mut script);
        output::raw(&script);
        ExitCode::SUCCESS
    }
}
