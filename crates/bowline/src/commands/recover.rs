//! `bowline recover`: new root credentials for the one who has the data folder and the master key.

use std::process::ExitCode;

use bowline_iam::account::AccountId;
use bowline_server::{clock::Clock, recovery::recover_root};
use clap::{Args, Subcommand};
use serde_json::json;

use super::runtime;
use crate::{
    error::CommandError,
    output,
    settings::{DataArgs, ServeArgs, resolve},
};

/// Get in again after the root credentials were lost; the server is stopped
#[derive(Debug, Args)]
pub(crate) struct Recover {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Root(Root),
}

/// Make a new root access key for an account, and delete the earlier ones
///
/// It needs the data folder and its master key, and no credentials. The new key is in the file
/// `credentials` of the data folder, and the audit records the recovery.
#[derive(Debug, Args)]
struct Root {
    /// The account [default: the management account]
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<AccountId>,

    #[command(flatten)]
    data: DataArgs,

    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: output::Format,
}

impl Recover {
    pub(crate) fn run(self) -> Result<ExitCode, CommandError> {
        match self.command {
            Command::Root(root) => root.run(),
        }
    }
}

impl Root {
    fn run(self) -> Result<ExitCode, CommandError> {
        let (config, _) = resolve(&self.data, &ServeArgs::default())?;
        let runtime = runtime()?;
        let done = runtime.block_on(recover_root(config, Clock::system(), self.account))?;
        let file = done.credentials.display().to_string();
        match self.output {
            output::Format::Json => output::line(
                json!({
                    "AccountId": done.account.as_str(),
                    "AccessKeyId": done.access_key_id,
                    "DeletedAccessKeys": done.deleted,
                    "CredentialsFile": file,
                })
                .to_string(),
            ),
            output::Format::Text => {
                output::line(format!(
                    "The new root credentials of account {} are in `{file}`.",
                    done.account
                ));
                output::line(format!(
                    "Deleted {} earlier root access keys.",
                    done.deleted
                ));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
