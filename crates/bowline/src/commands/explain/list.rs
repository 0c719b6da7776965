//! `bowline explain list`: the latest requests that ended with an error, one a line.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value, json};

use super::{member, number, optional, show};
use crate::{
    endpoint_args::EndpointArgs,
    error::CommandError,
    output::{self, QUIET, STRONG},
};

/// List the latest requests that ended with an error, the latest first
#[derive(Debug, Args)]
pub(super) struct List {
    /// A part of the caller: of an ARN, an access key id or a subject
    #[arg(long, value_name = "TEXT")]
    caller: Option<String>,

    /// The name or ARN of a role, of the caller's session or to be assumed
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,

    /// An action such as s3:PutObject, or the beginning of one such as s3:*
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,

    /// What the client got: rejected, failed, broken, a code such as AccessDenied, or a status
    #[arg(long, value_name = "OUTCOME")]
    outcome: Option<String>,

    /// Not before this time, such as 2026-11-25T03:00:00Z, or 15m for the last 15 minutes
    #[arg(long, value_name = "TIME")]
    since: Option<String>,

    /// Not after this time, in the same forms
    #[arg(long, value_name = "TIME")]
    until: Option<String>,

    /// Most of them, at most 1000
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    max: u16,

    #[command(flatten)]
    server: EndpointArgs,

    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: output::Format,
}

impl List {
    pub(super) fn run(&self) -> Result<ExitCode, CommandError> {
        let filters = [
            ("Caller", &self.caller),
            ("Role", &self.role),
            ("Action", &self.action),
            ("Outcome", &self.outcome),
            ("Since", &self.since),
            ("Until", &self.until),
        ];
        let filters = filters.into_iter().filter_map(|(name, value)| {
            let value = value.as_ref()?;
            Some((name.to_owned(), json!(value)))
        });
        let mut input: Map<String, Value> = filters.collect();
        input.insert("List".to_owned(), json!(true));
        input.insert("MaxItems".to_owned(), json!(self.max));
        let response = self.server.call("Explain", &Value::Object(input))?;
        let listed = response.get("Explanations").unwrap_or(&Value::Null);
        match self.output {
            output::Format::Json => output::line(format!("{listed:#}")),
            output::Format::Text => {
                let all = listed.as_array().into_iter().flatten();
                for explanation in all {
                    describe(explanation);
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn describe(explanation: &Value) {
    let text = |name: &str| member(explanation, name);
    let operation = optional(explanation, "operation").unwrap_or_else(|| "-".to_owned());
    let caller = optional(explanation, "caller").unwrap_or_else(|| "anonymous".to_owned());
    output::line(format!(
        "{STRONG}{}{STRONG:#} {} {} {} {}:{operation} by {caller} from {}",
        text("requestId"),
        text("time"),
        number(explanation, "status"),
        text("code"),
        text("service"),
        text("sourceIp")
    ));
    if let Some(reason) = explanation
        .get("reason")
        .filter(|reason| reason.is_string())
    {
        output::line(format!("  {QUIET}{}{QUIET:#}", show(reason)));
    }
}
