//! `bowline account`: the accounts of a server.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::{endpoint_args::EndpointArgs, error::CommandError, output};

/// The accounts of the server, which the management account makes
#[derive(Debug, Args)]
pub(crate) struct Account {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(Create),
    List(List),
    RotateRoot(RotateRoot),
}

/// Make an account, and show the access key of its root this once
#[derive(Debug, Args)]
struct Create {
    /// The id that it is to have, twelve digits; a random one otherwise
    #[arg(long, value_name = "ACCOUNT")]
    id: Option<String>,

    #[command(flatten)]
    server: EndpointArgs,

    /// How to show the access key
    #[arg(long, value_enum, default_value_t)]
    output: super::Format,
}

/// List the accounts
#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    server: EndpointArgs,

    /// How to show the accounts
    #[arg(long, value_enum, default_value_t)]
    output: super::Format,
}

/// Make a new access key for the root of an account, and show it this once
///
/// The access key that the root had still works: delete it when the new one is in use, or end it at once with --revoke.
#[derive(Debug, Args)]
struct RotateRoot {
    /// The account
    account: String,

    /// Ends the access keys that the root had
    #[arg(long)]
    revoke: bool,

    #[command(flatten)]
    server: EndpointArgs,

    /// How to show the access key
    #[arg(long, value_enum, default_value_t)]
    output: super::Format,
}

impl Account {
    pub(crate) fn run(self) -> Result<ExitCode, CommandError> {
        match self.command {
            Command::Create(create) => create.run(),
            Command::List(list) => list.run(),
            Command::RotateRoot(rotate) => rotate.run(),
        }
    }
}

impl Create {
    fn run(self) -> Result<ExitCode, CommandError> {
        let input = self
            .id
            .map_or_else(|| json!({}), |id| json!({ "AccountId": id }));
        let answer = self.server.call("CreateAccount", &input)?;
        show(&answer, self.output)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl RotateRoot {
    fn run(self) -> Result<ExitCode, CommandError> {
        let input = json!({ "AccountId": self.account, "Revoke": self.revoke });
        let answer = self.server.call("RotateRootAccessKey", &input)?;
        show(&answer, self.output)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Shows a root access key: its three parts, or for people a profile of the AWS clients' credentials file.
fn show(answer: &Value, format: super::Format) -> Result<()> {
    let text = |name: &str| {
        let value = answer.get(name).and_then(Value::as_str);
        value.with_context(|| format!("the answer has no {name}"))
    };
    let (account, id) = (text("AccountId")?, text("AccessKeyId")?);
    let secret = text("SecretAccessKey")?;
    match format {
        super::Format::Json => output::line(
            json!({ "accountId": account, "accessKeyId": id, "secretAccessKey": secret })
                .to_string(),
        ),
        super::Format::Text => {
            output::line(format!("[bowline-{account}]"));
            output::line(format!("aws_access_key_id = {id}"));
            output::line(format!("aws_secret_access_key = {secret}"));
            output::note(format!(
                "\nThis is the root of account {account}. Its secret is shown this once: put the lines above into the\n~/.aws/credentials of whoever runs the account, readable by them alone. AWS_PROFILE=bowline-{account} is then its root."
            ));
        }
    }
    Ok(())
}

impl List {
    fn run(self) -> Result<ExitCode, CommandError> {
        let accounts = self.server.list("ListAccounts", "Accounts")?;
        match self.output {
            super::Format::Json => {
                let of = |account: &Value, name: &str| account.get(name).cloned();
                let shown = accounts.iter().map(|account| {
                    json!({
                        "accountId": of(account, "AccountId"),
                        "management": of(account, "Management"),
                        "created": of(account, "Created"),
                    })
                });
                output::line(Value::Array(shown.collect()).to_string());
            }
            super::Format::Text => {
                for account in accounts {
                    let text = |name: &str| {
                        account
                            .get(name)
                            .and_then(Value::as_str)
                            .unwrap_or_default()
                    };
                    let manages = account.get("Management") == Some(&Value::Bool(true));
                    output::line(format!(
                        "{}  made {}{}",
                        text("AccountId"),
                        text("Created"),
                        if manages { "  manages the server" } else { "" }
                    ));
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
