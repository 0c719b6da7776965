//! `bowline restore`: writes a backup into an empty data folder.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context as _;
use bowline_server::backup::restore::restore;
use clap::Args;
use serde_json::json;

use crate::{
    error::CommandError,
    output,
    progress::Progress,
    settings::{DataArgs, ServeArgs, resolve},
};

/// Restore a backup into an empty data folder; no server runs there
///
/// The folder may have `master.key` and `bowline.toml`. The backup opens only with the master key
/// of the server that it is of. What the server acknowledged after the backup is not in it.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The backup; - for standard input
    #[arg(long, value_name = "FILE")]
    from: PathBuf,

    #[command(flatten)]
    data: DataArgs,

    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: output::Format,
}

impl Restore {
    pub(crate) fn run(self) -> Result<ExitCode, CommandError> {
        let (config, _) = resolve(&self.data, &ServeArgs::default())?;
        let folder = config.data.display().to_string();
        let mut progress = Progress::new();
        let input: Box<dyn Read> = if self.from.as_os_str() == "-" {
            Box::new(io::stdin().lock())
        } else {
            let opening = || format!("opening `{}`", self.from.display());
            let file = File::open(&self.from).with_context(opening)?;
            progress.of(file.metadata().with_context(opening)?.len());
            Box::new(file)
        };
        let manifest = restore(config, BufReader::new(input), |bytes| progress.at(bytes))?;
        match self.output {
            output::Format::Json => {
                let manifest = serde_json::to_value(&manifest).context("writing the result")?;
                output::line(json!({ "Folder": folder, "Backup": manifest }).to_string());
            }
            output::Format::Text => {
                output::line(format!(
                    "Restored the backup of {} into `{folder}`, at revision {}.",
                    manifest.created, manifest.revision
                ));
                if let Some(audit) = &manifest.audit {
                    output::line(format!(
                        "The audit `{}` had {} bytes then: what follows is not in the backup.",
                        audit.file, audit.bytes
                    ));
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
