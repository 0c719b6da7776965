//! `bowline keyring`: rotates the keys that session tokens are sealed under.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::{endpoint_args::EndpointArgs, error::CommandError, output};

/// The keys that session tokens are sealed under
#[derive(Debug, Args)]
pub(crate) struct Keyring {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Rotate(Rotate),
}

/// Seal new sessions under a new key
///
/// Existing sessions stay valid until they expire. With --revoke all of them end at once, and every
/// workload must exchange its token again.
#[derive(Debug, Args)]
struct Rotate {
    /// End all sessions at once
    #[arg(long)]
    revoke: bool,

    #[command(flatten)]
    server: EndpointArgs,

    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: output::Format,
}

impl Keyring {
    pub(crate) fn run(self) -> Result<ExitCode, CommandError> {
        match self.command {
            Command::Rotate(rotate) => rotate.run(),
        }
    }
}

impl Rotate {
    fn run(self) -> Result<ExitCode, CommandError> {
        let input = json!({ "Revoke": self.revoke });
        let response = self.server.call("RotateKeyring", &input)?;
        match self.output {
            output::Format::Json => output::line(response.to_string()),
            output::Format::Text => {
                for key in response
                    .get("Keys")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                {
                    let text = |name: &str| key.get(name).and_then(Value::as_str);
                    let until = text("NotAfter")
                        .map(|end| format!(", valid until {end}"))
                        .unwrap_or_default();
                    output::line(format!(
                        "{}  {:<9}  created {}{until}",
                        text("Id").unwrap_or_default(),
                        text("State").unwrap_or_default(),
                        text("Created").unwrap_or_default()
                    ));
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
