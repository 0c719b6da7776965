//! The table of operations in `docs/compatibility.md`.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use crate::facts::Service;

const BEGIN: &str = "<!-- generated:operations -->";
const END: &str = "<!-- /generated:operations -->";

/// The service's title.
fn title(name: &str) -> String {
    match name {
        "dynamodb" => "DynamoDB".to_owned(),
        _ => name.to_uppercase(),
    }
}

/// The document with a new table between the markers.
pub(crate) fn replace(document: &str, services: &[(&str, Service, Vec<&str>)]) -> Result<String> {
    let (before, rest) = document
        .split_once(BEGIN)
        .with_context(|| format!("`{BEGIN}` is missing"))?;
    let (_, after) = rest
        .split_once(END)
        .with_context(|| format!("`{END}` is missing"))?;
    let mut table = String::new();
    for (name, facts, built) in services {
        let _ = write!(
            table,
            "\n### {} {}\n\n{} of {} operations are built.\n\n| Operation | Built |\n| --- | --- |\n",
            title(name),
            facts.version,
            built.len(),
            facts.operations.len()
        );
        for operation in facts.operations.keys() {
            let state = if built.contains(&operation.as_str()) {
                "yes"
            } else {
                "no"
            };
            let _ = writeln!(table, "| {operation} | {state} |");
        }
    }
    Ok(format!("{before}{BEGIN}\n{table}\n{END}{after}"))
}
