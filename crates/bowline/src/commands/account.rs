//! `bowline account`: creates and lists accounts, rotates their root access keys, and changes their
//! quotas.

mod quota;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::{endpoint_args::EndpointArgs, error::CommandError, output};

/// The accounts of the server; only the management account creates them and changes their quotas
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
    Quota(quota::Quota),
}

/// Create an account and print its root access key, which is not shown again
#[derive(Debug, Args)]
struct Create {
    /// The id of the account, twelve digits [default: random]
    #[arg(long, value_name = "ACCOUNT")]
    id: Option<String>,

    #[command(flatten)]
    server: EndpointArgs,

    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: output::Format,
}

/// List the accounts
#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    server: EndpointArgs,

    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: output::Format,
}

/// Create a new root access key for an account and print it, which is not shown again
///
/// The previous root access key stays valid: delete it when the new one is in use, or at once with
/// --revoke.
#[derive(Debug, Args)]
struct RotateRoot {
    /// The account
    account: String,

    /// Delete the previous root access keys at once
    #[arg(long)]
    revoke: bool,

    #[command(flatten)]
    server: EndpointArgs,

    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: output::Format,
}

impl Account {
    pub(crate) fn run(self) -> Result<ExitCode, CommandError> {
        match self.command {
            Command::Create(create) => create.run(),
            Command::List(list) => list.run(),
            Command::RotateRoot(rotate) => rotate.run(),
            Command::Quota(quota) => quota.run(),
        }
    }
}

impl Create {
    fn run(self) -> Result<ExitCode, CommandError> {
        let input = self
            .id
            .map_or_else(|| json!({}), |id| json!({ "AccountId": id }));
        let response = self.server.call("CreateAccount", &input)?;
        print(&response, self.output)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl RotateRoot {
    fn run(self) -> Result<ExitCode, CommandError> {
        let input = json!({ "AccountId": self.account, "Revoke": self.revoke });
        let response = self.server.call("RotateRootAccessKey", &input)?;
        print(&response, self.output)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Prints a root access key: for people as a profile of the shared credentials file.
fn print(response: &Value, format: output::Format) -> Result<()> {
    let text = |name: &str| {
        let value = response.get(name).and_then(Value::as_str);
        value.with_context(|| format!("the response has no {name}"))
    };
    let (account, id) = (text("AccountId")?, text("AccessKeyId")?);
    let secret = text("SecretAccessKey")?;
    match format {
        output::Format::Json => output::line(
            json!({ "accountId": account, "accessKeyId": id, "secretAccessKey": secret })
                .to_string(),
        ),
        output::Format::Text => {
            output::line(format!("[bowline-{account}]"));
            output::line(format!("aws_access_key_id = {id}"));
            output::line(format!("aws_secret_access_key = {secret}"));
            output::note(format!(
                "\nThis is the root of account {account}. The secret is not shown again: put the lines above into the\n~/.aws/credentials of the account's administrator, readable by its owner alone. AWS_PROFILE=bowline-{account} then selects it."
            ));
        }
    }
    Ok(())
}

impl List {
    fn run(self) -> Result<ExitCode, CommandError> {
        let accounts = self.server.list("ListAccounts", "Accounts")?;
        match self.output {
            output::Format::Json => {
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
            output::Format::Text => {
                for account in accounts {
                    let text = |name: &str| {
                        account
                            .get(name)
                            .and_then(Value::as_str)
                            .unwrap_or_default()
                    };
                    let is_management = account.get("Management") == Some(&Value::Bool(true));
                    output::line(format!(
                        "{}  created {}{}",
                        text("AccountId"),
                        text("Created"),
                        if is_management {
                            "  management account"
                        } else {
                            ""
                        }
                    ));
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
