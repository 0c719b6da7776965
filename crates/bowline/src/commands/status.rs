//! `bowline status`: whether a server is ready, and what it has to do.

use std::{collections::BTreeMap, process::ExitCode};

use anyhow::{Context as _, Result};
use bowline_client::{Client, Endpoint, Request, Transport};
use clap::Args;
use serde_json::{Number, json};

use super::runtime;
use crate::{
    error::CommandError,
    output::{self, BAD, GOOD, STRONG},
};

/// Show whether a server is ready, its warnings, and what is in use
///
/// Reads the listener for health and metrics, which needs no credentials. The status is 1 if the
/// server is not ready.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The listener for health and metrics
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9401")]
    ops: String,

    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: output::Format,
}

/// What a server says of itself.
pub(super) struct Read {
    pub(super) is_ready: bool,
    /// Why it is not ready.
    pub(super) problem: String,
    pub(super) warnings: Vec<String>,
    /// The metrics without labels, by name without the prefix.
    metrics: BTreeMap<String, Number>,
}

/// The lines of the text form: a name, and the metrics that it shows.
const LINES: &[(&str, &[&str])] = &[
    (
        "connections",
        &[
            "connections_authenticated",
            "connections_unauthenticated",
            "connections_reading_head",
            "connections_idle",
            "connections_limit",
        ],
    ),
    (
        "identity data",
        &["roles", "index_revision", "accounts_near_quota"],
    ),
    (
        "issuers",
        &["oidc_fetches_total", "oidc_failed_fetches_total"],
    ),
    ("damage", &["damaged_objects_total", "damaged_table_files"]),
    ("quotas", &["quota_refusals_total"]),
];

impl Status {
    pub(crate) fn run(self) -> Result<ExitCode, CommandError> {
        let status = read(&self.ops).map_err(|error| {
            CommandError::with_hint(
                error,
                "is the server running? --ops names its listener for health and metrics, `ops_listen` in its settings",
            )
        })?;
        match self.output {
            output::Format::Json => output::line(
                json!({
                    "ready": status.is_ready,
                    "problem": (!status.is_ready).then_some(&status.problem),
                    "warnings": status.warnings,
                    "metrics": status.metrics,
                })
                .to_string(),
            ),
            output::Format::Text => status.print(),
        }
        Ok(if status.is_ready {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

impl Read {
    fn print(&self) {
        if self.is_ready {
            output::line(format!("{GOOD}ready{GOOD:#}"));
        } else {
            output::line(format!("{BAD}not ready{BAD:#}: {}", self.problem));
        }
        for warning in &self.warnings {
            output::line(format!("{STRONG}warning{STRONG:#}: {warning}"));
        }
        for (name, metrics) in LINES {
            let shown = metrics.iter().filter_map(|metric| {
                let value = self.metrics.get(*metric)?;
                let metric = metric.trim_end_matches("_total").replace('_', " ");
                Some(format!(
                    "{value} {}",
                    metric.trim_start_matches("connections ")
                ))
            });
            let shown: Vec<_> = shown.collect();
            output::line(format!("  {name:<14} {}", shown.join(", ")));
        }
    }
}

/// Reads the readiness and the metrics of a server.
pub(super) fn read(url: &str) -> Result<Read> {
    let endpoint: Endpoint = url.parse().with_context(|| format!("reading `{url}`"))?;
    let client = Client::anonymous(Transport::plain_http()?, endpoint, "us-east-1");
    let get = |target: &str| Request {
        method: http::Method::GET,
        target: target.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    let (readiness, metrics) = runtime().map_err(|error| error.error)?.block_on(async {
        let readiness = client.send("ops", get("/readyz")).await?;
        let metrics = client.send("ops", get("/metrics")).await?;
        anyhow::Ok((readiness, metrics))
    })?;
    let text = readiness.text();
    let warnings = text
        .lines()
        .filter_map(|line| line.strip_prefix("warning: "));
    let metrics = metrics.text();
    let metrics = metrics.lines().filter_map(|line| {
        let (name, value) = line.strip_prefix("bowline_")?.split_once(' ')?;
        // Those with labels are for a monitoring system.
        (!name.contains('{')).then_some((name.to_owned(), value.parse().ok()?))
    });
    Ok(Read {
        is_ready: readiness.status == 200,
        problem: text.lines().next().unwrap_or_default().to_owned(),
        warnings: warnings.map(str::to_owned).collect(),
        metrics: metrics.collect(),
    })
}
