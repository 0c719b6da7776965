//! Figures as tables.

use std::fs;

use anyhow::{Context, Result};

use crate::load::Rate;

/// The head of a table of rates.
pub const HEAD: &str = "| | requests/s on one core | server CPU, µs each | p50 / p99, µs |\n| --- | ---: | ---: | ---: |\n";

/// A line of it.
pub fn row(what: &str, rate: &Rate) -> String {
    format!(
        "| {what} | {:.0} | {:.1} | {:.0} / {:.0} |\n",
        rate.per_second, rate.cpu_micros, rate.p50_micros, rate.p99_micros
    )
}

/// Puts `text` between the markers of this name in the file at `path`.
pub fn write_into(path: &str, name: &str, text: &str) -> Result<()> {
    let (begin, end) = (
        format!("<!-- {name}: begin -->"),
        format!("<!-- {name}: end -->"),
    );
    let file = fs::read_to_string(path)?;
    let (before, rest) = file.split_once(&begin).context("no begin marker")?;
    let (_, after) = rest.split_once(&end).context("no end marker")?;
    fs::write(path, format!("{before}{begin}\n{text}{end}{after}"))?;
    Ok(())
}

/// The middle of each figure.
pub fn middle(rates: &[Rate]) -> Rate {
    Rate {
        per_second: median(rates.iter().map(|r| r.per_second)),
        cpu_micros: median(rates.iter().map(|r| r.cpu_micros)),
        p50_micros: median(rates.iter().map(|r| r.p50_micros)),
        p99_micros: median(rates.iter().map(|r| r.p99_micros)),
    }
}

/// The middle of some numbers.
pub fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut numbers: Vec<_> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}
