//! Prints the steps: for people, or as JSON with one line per step.

use serde::Serialize;

use crate::output::{self, BAD, Format, GOOD, QUIET, STRONG};

/// A step and its outcome.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    /// What it shows, in a sentence.
    #[serde(rename = "step")]
    pub(super) title: &'static str,
    /// Whether the outcome is the expected one.
    pub(super) ok: bool,
    /// The request.
    pub(super) request: String,
    /// The expected outcome.
    pub(super) expected: String,
    /// The outcome.
    pub(super) actual: String,
    /// Why.
    pub(super) reason: String,
}

/// Prints and counts steps as they happen.
#[derive(Debug)]
pub(super) struct Reporter {
    format: Format,
    steps: usize,
    failed: usize,
}

impl Reporter {
    pub(super) fn new(format: Format) -> Self {
        Self {
            format,
            steps: 0,
            failed: 0,
        }
    }

    /// Prints the title, for people only.
    pub(super) fn title(&self) {
        if self.format == Format::Text {
            output::line(format!(
                "{STRONG}A pod, its bucket and its table; an instance, a function, and a neighbour.{STRONG:#} A server and the issuer of a cluster, both on loopback.\n"
            ));
        }
    }

    /// Prints a step.
    pub(super) fn report(&mut self, step: &Step) {
        self.steps += 1;
        if !step.ok {
            self.failed += 1;
        }
        match self.format {
            Format::Json => {
                output::line(serde_json::to_string(step).unwrap_or_default());
            }
            Format::Text => {
                let (style, word) = if step.ok {
                    (GOOD, "ok")
                } else {
                    (BAD, "FAILED")
                };
                let number = self.steps;
                output::line(format!(
                    "{style}{word}{style:#} {number:>2}. {STRONG}{}{STRONG:#}",
                    step.title
                ));
                let detail = |name: &str, text: &str| {
                    let text = text.replace('\n', "\n                ");
                    output::line(format!("       {QUIET}{name}{QUIET:#} {text}"));
                };
                detail("request ", &step.request);
                if !step.ok {
                    detail("expected", &step.expected);
                }
                detail("response", &step.actual);
                detail("reason  ", &step.reason);
                output::line("");
            }
        }
    }

    /// Prints a line that belongs to no step, for people only.
    pub(super) fn say(&self, line: impl AsRef<str>) {
        if self.format == Format::Text {
            output::line(line);
        }
    }

    /// Whether every step had its expected outcome.
    pub(super) fn all_ok(&self) -> bool {
        self.failed == 0
    }
}
