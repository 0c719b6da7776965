//! Figures as a table, and the ratios that they are judged by.

use std::fs;

use anyhow::{Context, Result};

use crate::load::Rate;

const BEGIN: &str = "<!-- figures: begin -->";
const END: &str = "<!-- figures: end -->";

pub struct Figures {
    pub bare: Rate,
    pub first: Rate,
    pub repeated: Rate,
    pub verify_micros: f64,
    pub start_millis: f64,
    pub request_bytes: usize,
    pub answer_bytes: usize,
}

impl Figures {
    /// What one core could do at most: a bare request and one verification for each exchange.
    fn bound(&self) -> f64 {
        1.0 / (1.0 / self.bare.per_second + self.verify_micros / 1e6)
    }

    pub fn to_markdown(&self) -> String {
        let bound = self.bound();
        let bound_micros = self.bare.cpu_micros + self.verify_micros;
        let row = |what: &str, rate: &Rate| {
            format!(
                "| {what} | {:.0} | {:.1} | {:.0} / {:.0} |\n",
                rate.per_second, rate.cpu_micros, rate.p50_micros, rate.p99_micros
            )
        };
        let mut text = format!(
            "Requests of {} bytes with their heads, answers of {} bytes; 16 connections; medians of five rounds.\n\n",
            self.request_bytes, self.answer_bytes
        );
        text += "| | requests/s on one core | server CPU, µs each | p50 / p99, µs |\n| --- | ---: | ---: | ---: |\n";
        text += &row("bare axum POST", &self.bare);
        text += &format!(
            "| one RS256 verification | {:.0} | {:.1} | |\n",
            1e6 / self.verify_micros,
            self.verify_micros
        );
        text += &format!("| **bound**: the two together | {bound:.0} | {bound_micros:.1} | |\n");
        text += &row(
            "AssumeRoleWithWebIdentity, first use of a token",
            &self.first,
        );
        text += &row(
            "AssumeRoleWithWebIdentity, a token seen before",
            &self.repeated,
        );
        text += "\n| ratio | by rate | by CPU | goal |\n| --- | ---: | ---: | ---: |\n";
        text += &format!(
            "| first use ÷ bound | {:.2} | {:.2} | at least 0.5 |\n",
            self.first.per_second / bound,
            bound_micros / self.first.cpu_micros
        );
        text += &format!(
            "| repeated ÷ first use | {:.2} | {:.2} | at least 1.4 |\n",
            self.repeated.per_second / self.first.per_second,
            self.first.cpu_micros / self.repeated.cpu_micros
        );
        text += &format!(
            "\n`bowline serve --store memory` answers {:.0} ms after it was started (median of 11; goal: under 100).\n",
            self.start_millis
        );
        text
    }
}

/// Puts `text` between the markers of the file at `path`.
pub fn write_into(path: &str, text: &str) -> Result<()> {
    let file = fs::read_to_string(path)?;
    let (before, rest) = file.split_once(BEGIN).context("no begin marker")?;
    let (_, after) = rest.split_once(END).context("no end marker")?;
    fs::write(path, format!("{before}{BEGIN}\n{text}{END}{after}"))?;
    Ok(())
}

/// The middle of some numbers.
pub fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut numbers: Vec<_> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}
