//! `bowline account quota`: how many entities of each kind an account may have.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::{endpoint_args::EndpointArgs, error::CommandError, output};

/// How many roles, users, buckets and so on an account may have
#[derive(Debug, Args)]
pub(crate) struct Quota {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(List),
    Set(Set),
    Reset(Reset),
}

/// List the quotas of an account, and how much of each it uses
#[derive(Debug, Args)]
struct List {
    /// The account [default: that of the credentials]
    account: Option<String>,

    #[command(flatten)]
    server: EndpointArgs,

    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: output::Format,
}

/// Allow an account more, or fewer, than the default
///
/// What the account has beyond a lower quota stays.
#[derive(Debug, Args)]
struct Set {
    /// The account
    account: String,

    /// The name of the quota, as `list` shows it
    quota: String,

    /// How many the account may have
    value: u32,

    #[command(flatten)]
    server: EndpointArgs,
}

/// Give an account the default again
#[derive(Debug, Args)]
struct Reset {
    /// The account
    account: String,

    /// The name of the quota, as `list` shows it
    quota: String,

    #[command(flatten)]
    server: EndpointArgs,
}

impl Quota {
    pub(crate) fn run(self) -> Result<ExitCode, CommandError> {
        match self.command {
            Command::List(list) => list.run(),
            Command::Set(set) => {
                let input = json!({
                    "AccountId": set.account, "Quota": set.quota, "Value": set.value,
                });
                set.server.call("PutAccountQuota", &input)?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Reset(reset) => {
                let input = json!({ "AccountId": reset.account, "Quota": reset.quota });
                reset.server.call("DeleteAccountQuota", &input)?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

impl List {
    fn run(self) -> Result<ExitCode, CommandError> {
        let input = self
            .account
            .map_or_else(|| json!({}), |id| json!({ "AccountId": id }));
        let listed = self.server.call("ListAccountQuotas", &input)?;
        let quotas = listed.get("Quotas").and_then(Value::as_array);
        let quotas = quotas.into_iter().flatten();
        let of = |quota: &Value, name: &str| quota.get(name).cloned().unwrap_or_default();
        match self.output {
            output::Format::Json => {
                let shown = quotas.map(|quota| {
                    json!({
                        "quota": of(quota, "Quota"),
                        "value": of(quota, "Value"),
                        "default": of(quota, "Default"),
                        "maximum": of(quota, "Maximum"),
                        "used": of(quota, "Used"),
                    })
                });
                output::line(Value::Array(shown.collect()).to_string());
            }
            output::Format::Text => {
                for quota in quotas {
                    let name = of(quota, "Quota");
                    let (value, default) = (of(quota, "Value"), of(quota, "Default"));
                    let used = of(quota, "Used").as_u64();
                    let used = used.map_or_else(|| "-".to_owned(), |used| used.to_string());
                    let changed = if value == default {
                        String::new()
                    } else {
                        format!("  default {default}")
                    };
                    let name = name.as_str().unwrap_or_default();
                    output::line(format!("{name:<32} {used:>8} of {value}{changed}"));
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
