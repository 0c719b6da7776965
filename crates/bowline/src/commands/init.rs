//! `bowline init`: creates a data folder with master key and root credentials.

use std::process::ExitCode;

use anyhow::anyhow;
use bowline_client::Environment;
use bowline_server::{clock::Clock, config::StoreKind, server};
use clap::Args;

use super::runtime;
use crate::{
    error::CommandError,
    output::{self, STRONG},
    settings::{DataArgs, ServeArgs, resolve},
    variables,
};

/// Create a data folder: master key, first account, root credentials
///
/// The folder is readable by you alone. Its `credentials` file has the root user's access key in
/// the format of the AWS clients: point AWS_SHARED_CREDENTIALS_FILE at it. Keep a copy of
/// `master.key` elsewhere: without it the data cannot be opened.
#[derive(Debug, Args)]
pub(crate) struct Init {
    #[command(flatten)]
    data: DataArgs,
}

impl Init {
    pub(crate) fn run(self) -> Result<ExitCode, CommandError> {
        for warning in variables::warnings(&Environment::Process.names(variables::PREFIX)) {
            output::warning(warning);
        }
        let settings = ServeArgs {
            init: true,
            ..ServeArgs::default()
        };
        let (config, _) = resolve(&self.data, &settings)?;
        let folder = config.data.clone();
        let creates_key = config.master_key.is_none();
        if config.store == StoreKind::Memory {
            let error = anyhow!("the store is in memory, so there is nothing to create");
            return Err(CommandError::with_hint(
                error,
                "bowline serve --store memory",
            ));
        }
        if folder.join("store").exists() && !folder.join("initializing").exists() {
            let error = anyhow!("there is data in `{}` already", folder.display());
            let hint = format!("bowline serve --data {}", folder.display());
            return Err(CommandError::with_hint(error, hint));
        }
        let runtime = runtime()?;
        let notes = runtime.block_on(server::init(config, Clock::system()))?;
        output::line(format!(
            "Created `{}`, readable by you alone.",
            folder.display()
        ));
        match notes.generated {
            Some(account) => {
                let file = folder.join("credentials");
                output::line(format!(
                    "The root credentials of account {account} are in `{}`.",
                    file.display()
                ));
            }
            None => output::line("Created the declared accounts."),
        }
        let key = if creates_key {
            format!("`{}`", folder.join("master.key").display())
        } else {
            "the master key".to_owned()
        };
        output::line(format!(
            "Keep a copy of {key} elsewhere: without it the data cannot be opened."
        ));
        output::line("");
        output::line(format!(
            "{STRONG}Next:{STRONG:#} bowline serve --data {}",
            folder.display()
        ));
        Ok(ExitCode::SUCCESS)
    }
}
