//! `bowline store`: looks at a data folder whose server is stopped.

use std::process::ExitCode;

use bowline_server::{
    clock::Clock,
    store_check::{IndexRepair, check},
};
use clap::{Args, Subcommand};
use serde_json::json;

use super::runtime;
use crate::{
    error::CommandError,
    output::{self, BAD, GOOD},
    progress::Progress,
    settings::{DataArgs, ServeArgs, resolve},
};

/// The stored data; the server is stopped
#[derive(Debug, Args)]
pub(crate) struct Store {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(Check),
}

/// Read everything in a data folder, and name what is damaged
///
/// It reads identity data, every table database and every object, objects of earlier versions
/// compared with their MD5, and looks for the file of every object. It exits with 1 if anything is
/// damaged.
#[derive(Debug, Args)]
struct Check {
    #[command(flatten)]
    data: DataArgs,

    /// Rebuild the index of objects from their files, and forget the objects that have lost theirs
    #[arg(long)]
    repair_index: bool,

    /// Output format; JSON is one line for each finding, and a summary
    #[arg(long, value_enum, default_value_t)]
    output: output::Format,
}

impl Store {
    pub(crate) fn run(self) -> Result<ExitCode, CommandError> {
        match self.command {
            Command::Check(check) => check.run(),
        }
    }
}

impl Check {
    fn run(self) -> Result<ExitCode, CommandError> {
        let (config, _) = resolve(&self.data, &ServeArgs::default())?;
        let runtime = runtime()?;
        let format = self.output;
        let mut progress = Progress::new();
        let checked = runtime.block_on(check(
            config,
            Clock::system(),
            if self.repair_index {
                IndexRepair::Rebuild
            } else {
                IndexRepair::Never
            },
            |finding| match format {
                output::Format::Json => output::line(
                    json!({ "Path": finding.path, "Problem": finding.problem, "Accepted": finding.accepted }).to_string(),
                ),
                output::Format::Text if finding.accepted => output::line(format!(
                    "accepted: `{}`: {}",
                    finding.path, finding.problem
                )),
                output::Format::Text => output::line(format!(
                    "{BAD}damaged:{BAD:#} `{}`: {}",
                    finding.path, finding.problem
                )),
            },
            |bytes| progress.at(bytes),
        ))?;
        match format {
            output::Format::Json => output::line(
                json!({
                    "Revision": checked.revision,
                    "TableFiles": checked.table_files,
                    "Objects": checked.objects,
                    "ObjectBytes": checked.bytes,
                    "Damaged": checked.damaged,
                    "Accepted": checked.accepted,
                })
                .to_string(),
            ),
            output::Format::Text => {
                let mut outcome = match checked.damaged {
                    0 => format!("{GOOD}nothing is damaged{GOOD:#}"),
                    damaged => format!("{BAD}{damaged} damaged{BAD:#}"),
                };
                if self.repair_index {
                    let accepted = checked.accepted;
                    outcome = format!(
                        "{outcome}; the index of objects is rebuilt and accepts {accepted} losses"
                    );
                }
                output::line(format!(
                    "Checked identity data at revision {}, {} files of tables and {} objects with {} bytes: {outcome}.",
                    checked.revision, checked.table_files, checked.objects, checked.bytes
                ));
            }
        }
        Ok(if checked.damaged == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}
