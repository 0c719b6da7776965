//! `bowline backup`: writes everything that a running server has into one sealed file.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, anyhow};
use bowline_server::{
    backup::{SIZE_HEADER, check::FrameCheck},
    clock::Clock,
};
use clap::Args;
use serde_json::json;

use crate::{endpoint_args::EndpointArgs, error::CommandError, output, progress::Progress};

/// Back up a running server into one file, sealed under its master key
///
/// The file has identity data, tables and objects at one moment. It opens only with the master key,
/// which it does not have: keep both, apart from each other. Only the management account can make
/// one. The command checks what it receives, and a file that is complete replaces `NAME.partial`.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The file, which must not exist, or a folder, in which the file is named by the time
    #[arg(long, value_name = "DIR|FILE")]
    to: PathBuf,

    #[command(flatten)]
    server: EndpointArgs,

    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: output::Format,
}

impl Backup {
    pub(crate) fn run(self) -> Result<ExitCode, CommandError> {
        let path = if self.to.is_dir() {
            self.to
                .join(format!("bowline-{}.backup", time_for_a_name()))
        } else {
            self.to.clone()
        };
        if path.symlink_metadata().is_ok() {
            return Err(anyhow!("`{}` exists already", path.display()).into());
        }
        let mut partial = path.clone().into_os_string();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let file = create(&partial)?;
        let written = self.write(file, &partial);
        let bytes = match written {
            Ok(bytes) => bytes,
            Err(error) => {
                // It is no backup, and its name says so if it stays.
                let _ = fs::remove_file(&partial);
                return Err(error);
            }
        };
        let moved = fs::hard_link(&partial, &path).and_then(|()| fs::remove_file(&partial));
        moved.with_context(|| format!("writing `{}`", path.display()))?;
        match self.output {
            output::Format::Json => output::line(
                json!({ "File": path.display().to_string(), "Bytes": bytes }).to_string(),
            ),
            output::Format::Text => {
                output::line(format!("Wrote `{}`: {bytes} bytes.", path.display()));
                output::line(
                    "It opens only with the master key: keep a copy of that apart from it.",
                );
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Writes the backup, and returns its length.
    fn write(&self, mut file: File, path: &Path) -> Result<u64, CommandError> {
        let mut check = FrameCheck::default();
        let mut progress = Progress::new();
        let mut bytes = 0;
        self.server.stream("Backup", &json!({}), |head, piece| {
            if let Some(total) = head.header(SIZE_HEADER).and_then(|size| size.parse().ok()) {
                progress.of(total);
            }
            check.add(piece)?;
            file.write_all(piece)?;
            bytes += piece.len() as u64;
            progress.at(bytes);
            Ok(())
        })?;
        check.end().context(
            "the server ended the connection before the end of the backup; its log says why",
        )?;
        file.sync_all()
            .with_context(|| format!("writing `{}`", path.display()))?;
        Ok(bytes)
    }
}

/// Creates a file for its owner alone. One that exists is not touched.
fn create(path: &Path) -> Result<File, CommandError> {
    let mut options = File::options();
    let created = options.write(true).create_new(true).mode(0o600).open(path);
    created.map_err(|error| {
        let exists = error.kind() == io::ErrorKind::AlreadyExists;
        let error = anyhow::Error::from(error).context(format!("creating `{}`", path.display()));
        if exists {
            let hint = "if no other backup is being written to it, it was interrupted: remove it";
            CommandError::with_hint(error, hint)
        } else {
            error.into()
        }
    })
}

/// The time, in letters that file names can have.
fn time_for_a_name() -> String {
    let now = Clock::system().now();
    now.strftime("%Y%m%dT%H%M%SZ").to_string()
}
