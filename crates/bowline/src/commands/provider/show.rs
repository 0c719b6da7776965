//! `bowline provider show`: an OIDC provider, and what the server knows of its keys.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::{
    endpoint_args::EndpointArgs,
    error::CommandError,
    output::{self, BAD, QUIET},
};

/// Show a provider's settings and keys
///
/// Fetches nothing: shows the keys that the server has, their age, and why the last fetch failed.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// The provider, such as arn:aws:iam::111122223333:oidc-provider/issuer.example.com
    arn: String,

    #[command(flatten)]
    server: EndpointArgs,

    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: output::Format,
}

impl Show {
    pub(super) fn run(self) -> Result<ExitCode, CommandError> {
        let input = json!({ "Arn": self.arn });
        let provider = self.server.call("DescribeProvider", &input)?;
        match self.output {
            output::Format::Json => output::line(provider.to_string()),
            output::Format::Text => {
                settings(&provider);
                keys(&provider);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Prints the settings of a provider.
pub(super) fn settings(provider: &Value) {
    let is = |name: &str| provider.get(name) == Some(&Value::Bool(true));
    output::line(text(provider, "Arn"));
    line("issuer", text(provider, "Issuer"));
    if let Some(clients) = provider.get("ClientIds").and_then(Value::as_array) {
        let clients: Vec<_> = clients.iter().filter_map(Value::as_str).collect();
        line("audiences", &clients.join(", "));
    }
    line(
        "keys",
        if is("HasJwks") {
            "uploaded"
        } else {
            "fetched from the issuer"
        },
    );
    line(
        "authorities",
        if is("HasCaBundle") {
            "its own"
        } else {
            "public"
        },
    );
}

/// Prints what the server knows of a provider's keys.
fn keys(provider: &Value) {
    if let Some(fetched) = provider.get("Fetched") {
        line("fetched", text(fetched, "At"));
        line("fresh until", text(fetched, "FreshUntil"));
        line(
            "used until",
            &format!(
                "{}, if the issuer cannot be reached",
                text(fetched, "UsableUntil")
            ),
        );
    } else if provider.get("HasJwks") == Some(&Value::Bool(false)) {
        line(
            "fetched",
            "not yet: the first token causes it, or `bowline provider check`",
        );
    }
    for key in members(provider, "Keys") {
        let kid = match text(key, "Kid") {
            "" => "without `kid`",
            kid => kid,
        };
        let algorithms: Vec<_> = members(key, "Algorithms")
            .filter_map(Value::as_str)
            .collect();
        line(
            "key",
            &format!("{kid}  {QUIET}{}{QUIET:#}", algorithms.join(", ")),
        );
    }
    left_out(provider);
    if let Some(failure) = provider.get("Failure") {
        output::line(format!(
            "  {BAD}last fetch{BAD:#}   failed at {}: {}",
            text(failure, "At"),
            text(failure, "Reason")
        ));
        if let Some(hint) = failure.get("Hint").and_then(Value::as_str) {
            line("hint", hint);
        }
    }
}

/// Prints the keys that verify no token.
pub(super) fn left_out(provider: &Value) {
    for key in members(provider, "LeftOut").filter_map(Value::as_str) {
        line("left out", key);
    }
}

fn line(name: &str, value: &str) {
    output::line(format!("  {name:<12} {value}"));
}

pub(super) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn members<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    let members = value.get(name).and_then(Value::as_array);
    members.into_iter().flatten()
}
