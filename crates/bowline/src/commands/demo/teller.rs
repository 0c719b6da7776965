//! Tells the story: for people, step by step, or as JSON, a line a step.

use serde::Serialize;

use crate::{
    commands::Format,
    output::{self, BAD, GOOD, QUIET, STRONG},
};

/// What came of a step.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    /// What it is about, in a sentence.
    #[serde(rename = "step")]
    pub(super) title: &'static str,
    /// Whether it ended as it must.
    pub(super) ok: bool,
    /// What was sent.
    pub(super) request: String,
    /// How it was to end.
    pub(super) expected: String,
    /// How it ended.
    pub(super) actual: String,
    /// Why.
    pub(super) reason: String,
}

/// Tells steps as they happen.
#[derive(Debug)]
pub(super) struct Teller {
    format: Format,
    told: usize,
    failed: usize,
}

impl Teller {
    pub(super) fn new(format: Format) -> Self {
        Self {
            format,
            told: 0,
            failed: 0,
        }
    }

    pub(super) fn opening(&self) {
        if self.format == Format::Text {
            output::line(format!(
                "{STRONG}A pod, its bucket and its table; an instance, a function, and a neighbour.{STRONG:#} A server and the issuer of a cluster, both on loopback.\n"
            ));
        }
    }

    /// Tells a step.
    pub(super) fn tell(&mut self, step: &Step) {
        self.told += 1;
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
                let number = self.told;
                output::line(format!(
                    "{style}{word}{style:#} {number:>2}. {STRONG}{}{STRONG:#}",
                    step.title
                ));
                let told = |name: &str, text: &str| {
                    let text = text.replace('\n', "\n                ");
                    output::line(format!("       {QUIET}{name}{QUIET:#} {text}"));
                };
                told("sent    ", &step.request);
                if !step.ok {
                    told("expected", &step.expected);
                }
                told("answered", &step.actual);
                told("because ", &step.reason);
                output::line("");
            }
        }
    }

    /// Tells something that is no step, to people alone.
    pub(super) fn say(&self, line: impl AsRef<str>) {
        if self.format == Format::Text {
            output::line(line);
        }
    }

    /// Whether every step has ended as it must.
    pub(super) fn all_good(&self) -> bool {
        self.failed == 0
    }
}
