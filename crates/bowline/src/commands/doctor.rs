//! `bowline doctor`: looks at everything that a server needs, and says what to do.

use std::process::ExitCode;

use bowline_server::{
    clock::Clock,
    doctor::{Check, Running, Verdict, examine},
};
use clap::Args;
use serde_json::{Value, json};

use super::status;
use crate::{
    endpoint_args::EndpointArgs,
    output::{self, BAD, GOOD, STRONG},
    settings::{DataArgs, ServeArgs, resolve},
};

/// Look for faults: settings, data folder, key, clock, listeners, limits, disk, and issuers
///
/// Takes the flags, variables and configuration file of `bowline serve`, and changes nothing. If the
/// server runs, its readiness is read too, and with AWS credentials in the environment the keys of
/// the account's OIDC providers are fetched as the server would fetch them. The status is 1 if
/// something does not work.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    data: DataArgs,

    #[command(flatten)]
    settings: ServeArgs,

    #[command(flatten)]
    server: EndpointArgs,

    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: output::Format,
}

impl Doctor {
    pub(crate) fn run(self) -> ExitCode {
        let mut checks = Vec::new();
        match resolve(&self.data, &self.settings) {
            Ok((config, _temporary)) => {
                checks.push(Check::good("settings", "they can be read"));
                let examination = examine(&config, Clock::system().now());
                checks.extend(examination.checks);
                if examination.running == Running::Yes {
                    checks.extend(readiness(&format!("http://{}", config.ops_listen)));
                    checks.extend(self.providers());
                }
            }
            Err(error) => {
                let check = Check::bad("settings", error.with_causes());
                checks.push(match error.hint {
                    Some(hint) => check.hint(hint),
                    None => check,
                });
            }
        }
        match self.output {
            output::Format::Json => {
                let checks: Value = checks.iter().map(to_json).collect();
                output::line(checks.to_string());
            }
            output::Format::Text => checks.iter().for_each(print),
        }
        let is_bad = checks.iter().any(|check| check.verdict == Verdict::Bad);
        if is_bad {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }

    /// The issuers of the caller's account, as the server sees them.
    fn providers(&self) -> Vec<Check> {
        const NAME: &str = "providers";
        let listed = match self.server.iam("ListOpenIDConnectProviders") {
            Ok(listed) if listed.is_success() => listed,
            Ok(refused) => {
                return vec![Check::warning(
                    NAME,
                    refused.element("Message").unwrap_or_else(|| refused.text()),
                )];
            }
            Err(error) => {
                let check = Check::warning(NAME, format_args!("not checked: {error}"));
                return vec![match error.hint {
                    Some(hint) => check.hint(hint),
                    None => check,
                }];
            }
        };
        let text = listed.text();
        let arns = text.split("<Arn>").skip(1).filter_map(|rest| {
            let (arn, _) = rest.split_once("</Arn>")?;
            Some(arn.to_owned())
        });
        let checks: Vec<_> = arns.map(|arn| self.provider(&arn)).collect();
        if checks.is_empty() {
            return vec![Check::good(NAME, "the account has none")];
        }
        checks
    }

    fn provider(&self, arn: &str) -> Check {
        const NAME: &str = "provider";
        let name = arn
            .split_once(":oidc-provider/")
            .map_or(arn, |(_, name)| name);
        let checked = match self.server.call("CheckProvider", &json!({ "Arn": arn })) {
            Ok(checked) => checked,
            Err(error) => {
                return Check::warning(NAME, format_args!("{name}: not checked: {error}"));
            }
        };
        let failed = checked
            .get("Checks")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .find(|check| check.get("Passed") != Some(&Value::Bool(true)));
        let text = |value: &Value, name: &str| {
            let text = value.get(name).and_then(Value::as_str);
            text.map(str::to_owned)
        };
        match failed {
            Some(failed) => {
                let detail = text(failed, "Detail").unwrap_or_default();
                let check = Check::bad(NAME, format_args!("{name}: {detail}"));
                match text(failed, "Hint") {
                    Some(hint) => check.hint(hint),
                    None => check,
                }
            }
            None => Check::good(NAME, format_args!("{name}: {}", age(&checked))),
        }
    }
}

/// Where the keys of a provider that passed come from.
fn age(checked: &Value) -> String {
    let fetched = checked.pointer("/Provider/Fetched/FreshUntil");
    match fetched.and_then(Value::as_str) {
        Some(until) => format!("its keys were fetched now, and are fresh until {until}"),
        None => "its keys were uploaded".to_owned(),
    }
}

/// What the listener for health and metrics says.
fn readiness(url: &str) -> Vec<Check> {
    const NAME: &str = "readiness";
    match status::read(url) {
        Ok(status) if !status.is_ready => vec![Check::bad(NAME, status.problem)],
        Ok(status) if status.warnings.is_empty() => vec![Check::good(NAME, "ready")],
        Ok(status) => {
            let warnings = status.warnings.into_iter();
            warnings
                .map(|warning| Check::warning(NAME, warning))
                .collect()
        }
        Err(error) => vec![Check::bad(NAME, format_args!("{url}: {error}"))],
    }
}

fn print(check: &Check) {
    let Check { name, found, .. } = check;
    match check.verdict {
        Verdict::Good => output::line(format!("{GOOD}ok{GOOD:#}       {name:<12} {found}")),
        Verdict::Warning => output::line(format!("{STRONG}warning{STRONG:#}  {name:<12} {found}")),
        Verdict::Bad => output::line(format!("{BAD}failed{BAD:#}   {name:<12} {found}")),
    }
    if let Some(hint) = &check.hint {
        output::line(format!("                      hint: {hint}"));
    }
}

fn to_json(check: &Check) -> Value {
    let verdict = match check.verdict {
        Verdict::Good => "ok",
        Verdict::Warning => "warning",
        Verdict::Bad => "failed",
    };
    json!({ "name": check.name, "verdict": verdict, "found": check.found, "hint": check.hint })
}
