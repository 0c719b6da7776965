//! `bowline provider check`: fetches an OIDC provider's keys as the server does for a token.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::show::{left_out, members, text};
use crate::{
    endpoint_args::EndpointArgs,
    error::CommandError,
    output::{self, BAD, GOOD},
};

/// Fetch a provider's keys as the server would for a token, and show each step
///
/// The status is 1 if a step fails.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The provider, such as arn:aws:iam::111122223333:oidc-provider/issuer.example.com
    arn: String,

    #[command(flatten)]
    server: EndpointArgs,

    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: output::Format,
}

impl Check {
    pub(super) fn run(self) -> Result<ExitCode, CommandError> {
        let input = json!({ "Arn": self.arn });
        let response = self.server.call("CheckProvider", &input)?;
        match self.output {
            output::Format::Json => output::line(response.to_string()),
            output::Format::Text => {
                for check in members(&response, "Checks") {
                    let (name, detail) = (text(check, "Name"), text(check, "Detail"));
                    if is_passed(check) {
                        output::line(format!("{GOOD}ok{GOOD:#}      {name:<19} {detail}"));
                    } else {
                        output::line(format!("{BAD}failed{BAD:#}  {name:<19} {detail}"));
                        if let Some(hint) = check.get("Hint").and_then(Value::as_str) {
                            output::line(format!("        hint: {hint}"));
                        }
                    }
                }
                if let Some(provider) = response.get("Provider") {
                    left_out(provider);
                }
            }
        }
        Ok(if is_passed(&response) {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

fn is_passed(value: &Value) -> bool {
    value.get("Passed") == Some(&Value::Bool(true))
}
