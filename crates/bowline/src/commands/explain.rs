//! `bowline explain`: why a request was denied, from the server's memory or from an audit file.

mod list;

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, anyhow};
use bowline_server::config::audit_files;
use clap::{Args, Subcommand};
use serde_json::Value;

use crate::{
    endpoint_args::EndpointArgs,
    error::CommandError,
    output::{self, BAD, GOOD, QUIET, STRONG},
};

/// Most bytes of a line of an audit file. A record has far fewer.
const MAX_LINE_BYTES: u64 = 16 * 1024 * 1024;

/// Show why a request was denied: each layer, the nearest statements, expected and actual values
///
/// Every response of the server has a request id. The server keeps the latest denials in memory;
/// older ones are in the audit file. `bowline explain list` shows which there are.
#[derive(Debug, Args)]
#[command(
    group = clap::ArgGroup::new("which").required(true).multiple(false),
    subcommand_negates_reqs = true,
    args_conflicts_with_subcommands = true
)]
pub(crate) struct Explain {
    #[command(subcommand)]
    many: Option<Many>,

    /// The request id in the response
    #[arg(group = "which")]
    request_id: Option<String>,

    /// The latest denial
    #[arg(long, group = "which")]
    last: bool,

    /// Read an audit file, and the earlier ones beside it, instead of asking a server
    #[arg(long, value_name = "FILE", conflicts_with = "endpoint")]
    audit: Option<PathBuf>,

    #[command(flatten)]
    server: EndpointArgs,

    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: output::Format,
}

#[derive(Debug, Subcommand)]
enum Many {
    List(list::List),
}

impl Explain {
    pub(crate) fn run(self) -> Result<ExitCode, CommandError> {
        if let Some(Many::List(list)) = &self.many {
            return list.run();
        }
        let explanation = match &self.audit {
            Some(file) => self.read_audit(file)?,
            None => self.server.explain(self.request_id.as_deref())?,
        };
        match self.output {
            output::Format::Json => output::line(format!("{explanation:#}")),
            output::Format::Text => {
                for line in describe(&explanation) {
                    output::line(line);
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The last explanation that matches in an audit file, or else in those before it.
    fn read_audit(&self, path: &Path) -> Result<Value, CommandError> {
        let mut files = audit_files(path)
            .with_context(|| format!("reading the folder of `{}`", path.display()))?;
        files.push(path.to_owned());
        for file in files.iter().rev() {
            match self.read_audit_file(file) {
                Ok(None) => {}
                Ok(Some(found)) => return Ok(found),
                // The server may have deleted an earlier file meanwhile.
                Err(_) if file != path && !file.exists() => {}
                Err(error) => return Err(error),
            }
        }
        let which = match &self.request_id {
            Some(id) => format!("no denial of the request `{id}`"),
            None => "no denial".to_owned(),
        };
        Err(CommandError::with_hint(
            anyhow!("{which} is in `{}`", path.display()),
            "look into the other audit files, or leave out --audit to ask the server",
        ))
    }

    /// The last explanation in this file that matches.
    fn read_audit_file(&self, path: &Path) -> Result<Option<Value>, CommandError> {
        let reading = || format!("reading `{}`", path.display());
        let file = File::open(path).with_context(reading)?;
        let mut lines = BufReader::new(file);
        let mut found = None;
        let mut line = Vec::new();
        loop {
            line.clear();
            let mut bounded = lines.by_ref().take(MAX_LINE_BYTES);
            if bounded.read_until(b'\n', &mut line).with_context(reading)? == 0 {
                break;
            }
            let needle = self.request_id.as_deref().unwrap_or("\"explanation\"");
            if !str::from_utf8(&line).is_ok_and(|line| line.contains(needle)) {
                continue;
            }
            // A full disk truncates a line; the whole record then follows it.
            let Ok(mut record) = serde_json::from_slice::<Value>(&line) else {
                continue;
            };
            let explanation = record.pointer_mut("/additionalEventData/explanation");
            let Some(explanation) = explanation else {
                continue;
            };
            let id = explanation.get("requestId").and_then(Value::as_str);
            let filter = self.request_id.as_deref();
            if id.is_some() && (filter.is_none() || filter == id) {
                found = Some(explanation.take());
            }
        }
        Ok(found)
    }
}

/// An explanation for people, line by line.
pub(crate) fn describe(explanation: &Value) -> Vec<String> {
    let text = |name: &str| member(explanation, name);
    let what = match optional(explanation, "operation") {
        Some(operation) => format!("{}:{operation}", text("service")),
        None => format!("a request to {}", text("service")),
    };
    let mut lines = vec![format!(
        "{STRONG}{what}{STRONG:#} was denied at {}",
        text("time")
    )];
    let mut fact = |name: &str, value: &str| lines.push(format!("  {name:<9} {value}"));
    fact("request", &text("requestId"));
    let caller = optional(explanation, "caller").unwrap_or_else(|| "anonymous".to_owned());
    fact("caller", &format!("{caller} from {}", text("sourceIp")));
    let (status, code) = (number(explanation, "status"), text("code"));
    fact("response", &format!("{status} {code}: {}", text("message")));
    if let Some(reason) = optional(explanation, "reason") {
        fact("reason", &reason);
    }
    if let Some(signature) = explanation.get("signature") {
        lines.extend(describe_signature(signature));
    }
    for decision in list(explanation, "decisions") {
        lines.extend(describe_decision(decision));
    }
    lines
}

/// What the server saw of a request whose signature does not match.
fn describe_signature(signature: &Value) -> Vec<String> {
    let host = optional(signature, "host").unwrap_or_else(|| "(none)".to_owned());
    let mut lines = vec![
        format!("  host      {host}"),
        format!("  path      {}", member(signature, "path")),
        format!("  hint      {}", member(signature, "hint")),
        String::new(),
        format!("{STRONG}canonical request{STRONG:#} that the server computed"),
    ];
    let canonical = signature.get("canonicalRequest").and_then(Value::as_str);
    let canonical = canonical.unwrap_or_default().split('\n');
    lines.extend(canonical.map(|line| format!("  {}", visible(line))));
    lines
}

fn describe_decision(decision: &Value) -> Vec<String> {
    let text = |name: &str| member(decision, name);
    let mut lines = vec![
        String::new(),
        format!(
            "{STRONG}{}{STRONG:#} on {}",
            text("action"),
            text("resource")
        ),
        format!("  as {}", text("principal")),
    ];
    for layer in list(decision, "layers") {
        lines.extend(describe_layer(layer));
    }
    lines
}

fn describe_layer(layer: &Value) -> Vec<String> {
    let text = |name: &str| member(layer, name);
    let result = match &*text("result") {
        "allows" => format!("{GOOD}allows{GOOD:#}"),
        "denies" => format!("{BAD}denies{BAD:#}"),
        "unreadable" => format!("{BAD}cannot be read{BAD:#}"),
        _ => format!("{BAD}does not allow{BAD:#}"),
    };
    let level = optional(layer, "level")
        .map(|level| format!(" ({level})"))
        .unwrap_or_default();
    let mut lines = vec![format!("  {}{level}: {result}", text("layer"))];
    for policy in list(layer, "unreadablePolicies") {
        lines.push(format!("    `{}` cannot be read", show(policy)));
    }
    for statement in list(layer, "statements") {
        lines.extend(describe_statement(statement));
    }
    let others = layer.get("otherStatements").and_then(Value::as_u64);
    if let Some(others) = others.filter(|others| *others > 0) {
        let are = if others == 1 {
            "statement is"
        } else {
            "statements are"
        };
        lines.push(format!(
            "    {QUIET}{others} more {are} about other requests{QUIET:#}"
        ));
    } else if list(layer, "statements").next().is_none() {
        lines.push(format!("    {QUIET}there is no statement{QUIET:#}"));
    }
    lines
}

fn describe_statement(statement: &Value) -> Vec<String> {
    let name = match optional(statement, "sid") {
        Some(sid) => format!("statement `{sid}`"),
        None => format!("statement {}", number(statement, "statement")),
    };
    let policy = optional(statement, "policyArn").unwrap_or_else(|| member(statement, "policy"));
    let (effect, line) = (member(statement, "effect"), number(statement, "line"));
    let subject = format!("{effect}: {name} of `{policy}`, line {line}");
    if let Some(failure) = statement.get("failure") {
        return describe_element(&format!("{subject} does not apply:"), failure);
    }
    let doubts: Vec<_> = list(statement, "doubts").collect();
    if doubts.is_empty() {
        return vec![format!("    {subject} applies")];
    }
    let in_doubt =
        |element| describe_element(&format!("{subject} applies because of doubt:"), element);
    doubts.into_iter().flat_map(in_doubt).collect()
}

fn describe_element(subject: &str, element: &Value) -> Vec<String> {
    let name = match (optional(element, "operator"), optional(element, "key")) {
        (Some(operator), Some(key)) => format!("{operator} of {key}"),
        _ => format!("its {}", member(element, "element")),
    };
    let mut lines = vec![
        format!("    {subject} {STRONG}{name}{STRONG:#}"),
        format!("      expected  {}", values(element.get("expected"))),
        format!("      actual    {}", values(element.get("actual"))),
    ];
    let missing: Vec<_> = list(element, "missingVariables").map(show).collect();
    if !missing.is_empty() {
        lines.push(format!("      no value for {}", missing.join(", ")));
    }
    if let Some(doubt) = optional(element, "doubt") {
        lines.push(format!("      in doubt  {doubt}"));
    }
    lines
}

/// A string, or the empty one.
fn member(value: &Value, name: &str) -> String {
    optional(value, name).unwrap_or_default()
}

fn optional(value: &Value, name: &str) -> Option<String> {
    let text = value.get(name).filter(|text| text.is_string());
    text.map(show)
}

fn number(value: &Value, name: &str) -> String {
    value.get(name).map(show).unwrap_or_default()
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn values(values: Option<&Value>) -> String {
    match values.and_then(Value::as_array) {
        None => "(the request has no such key)".to_owned(),
        Some(values) if values.is_empty() => "(nothing)".to_owned(),
        Some(values) => values.iter().map(show).collect::<Vec<_>>().join(", "),
    }
}

/// A text whose control characters are visible, so that a terminal does not execute them.
fn show(value: &Value) -> String {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    visible(&text)
}

fn visible(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let visible: Vec<char> = if c.is_control() {
                c.escape_debug().collect()
            } else {
                vec![c]
            };
            visible
        })
        .collect()
}
