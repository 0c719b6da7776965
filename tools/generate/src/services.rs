//! The table of the services that Bowline does not serve: their names in signatures, their protocols
//! and the variables that set their endpoints.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use anyhow::{Result, bail};

/// The names in signatures that are Bowline's own.
const SERVED: [&str; 4] = ["dynamodb", "iam", "s3", "sts"];

/// The file with the table: its path and its text.
pub(crate) fn file(facts: &str) -> Result<(String, String)> {
    let rows: Vec<[String; 3]> = serde_json::from_str(facts)?;
    let mut table: BTreeMap<(&str, &str), BTreeSet<String>> = BTreeMap::new();
    for [signing, protocol, id] in &rows {
        let protocol = match protocol.as_str() {
            "ec2" => "Ec2",
            // The request says which of them the client speaks.
            "json" | "smithy-rpc-v2-cbor" => "Rpc",
            "query" => "Query",
            "rest-json" => "RestJson",
            "rest-xml" => "RestXml",
            other => bail!("`{signing}` has the unknown protocol `{other}`"),
        };
        if !SERVED.contains(&signing.as_str()) {
            let variable = id.to_uppercase().replace(' ', "_");
            table
                .entry((signing, protocol))
                .or_default()
                .insert(variable);
        }
    }
    let mut out = String::from(
        "//! Written by `cargo run -p bowline-generate` from `tools/facts`; not edited by hand.\n\nuse super::{\n    Family::{Ec2, Query, RestJson, RestXml, Rpc},\n    Row,\n};\n\n/// Sorted by name.\n#[rustfmt::skip]\npub(super) static ROWS: &[Row] = &[\n",
    );
    for ((signing, protocol), variables) in table {
        let variables: Vec<String> = variables.into_iter().collect();
        let _ = writeln!(out, "    Row({signing:?}, {protocol}, &{variables:?}),");
    }
    out.push_str("];\n");
    Ok(("crates/aws/src/other_service/table.rs".to_owned(), out))
}
