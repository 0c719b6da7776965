//! The shapes of DynamoDB's requests, as the tables that `bowline_aws::dynamodb` reads bodies by.
//!
//! Only the operations that are served have shapes. The body of another operation is not parsed.

use std::{collections::BTreeSet, fmt::Write as _};

use anyhow::{Context as _, Result};

use crate::{
    facts::{Kind, Service},
    names::snake,
};

/// Members that no operation supports, and of which no value asks for nothing. A request with one is
/// refused; the member is never dropped.
const NOT_HONOURED: &[(&str, &str)] = &[
    ("CreateTableInput", "GlobalTableSettingsReplicationMode"),
    ("CreateTableInput", "GlobalTableSourceArn"),
    ("CreateTableInput", "ResourcePolicy"),
    ("CreateTableInput", "VectorIndexes"),
    ("UpdateTableInput", "GlobalTableSettingsReplicationMode"),
    ("UpdateTableInput", "GlobalTableWitnessUpdates"),
    ("UpdateTableInput", "MultiRegionConsistency"),
    ("UpdateTableInput", "ReplicaUpdates"),
    ("UpdateTableInput", "VectorIndexUpdates"),
];

/// Members that no operation supports, but that may say `false` or -1. A request with another value
/// is refused.
const NEUTRAL: &[(&str, &str)] = &[
    ("CreateGlobalSecondaryIndexAction", "OnDemandThroughput"),
    ("CreateGlobalSecondaryIndexAction", "WarmThroughput"),
    ("CreateTableInput", "SSESpecification"),
    ("CreateTableInput", "StreamSpecification"),
    ("CreateTableInput", "WarmThroughput"),
    ("GlobalSecondaryIndex", "OnDemandThroughput"),
    ("GlobalSecondaryIndex", "WarmThroughput"),
    ("UpdateGlobalSecondaryIndexAction", "OnDemandThroughput"),
    ("UpdateGlobalSecondaryIndexAction", "WarmThroughput"),
    ("UpdateTableInput", "DisassociationProtectionEnabled"),
    ("UpdateTableInput", "SSESpecification"),
    ("UpdateTableInput", "StreamSpecification"),
    ("UpdateTableInput", "WarmThroughput"),
];

/// Members with limits of something new, where -1 stands for none.
const NEW_LIMITS: &[(&str, &str)] = &[("CreateTableInput", "OnDemandThroughput")];

/// Shapes of expressions. A filter is a `ConditionExpression` in the model.
const EXPRESSIONS: &[&str] = &[
    "ConditionExpression",
    "KeyExpression",
    "ProjectionExpression",
    "UpdateExpression",
];

/// The file with the shapes of these operations.
pub(crate) fn file(facts: &Service, built: &[&str]) -> Result<(String, String)> {
    let mut inputs = Vec::new();
    for operation in built {
        let found = facts.operations.get(*operation);
        let found = found.with_context(|| format!("`{operation}` is not in the model"))?;
        let input = found.input.as_deref();
        inputs.push((
            *operation,
            input.with_context(|| format!("`{operation}` has no input"))?,
        ));
    }
    let mut out = String::from(
        "//! Written by `cargo run -p bowline-generate` from `tools/facts`; not edited by hand.\n\nuse super::shape::{Member, Shape};\n\n",
    );
    out.push_str("/// The shape of an operation's body.\n#[rustfmt::skip]\npub(super) fn input(operation: &str) -> Option<&'static Shape> {\n    Some(match operation {\n");
    for (operation, input) in &inputs {
        let _ = writeln!(
            out,
            "        {operation:?} => &{},",
            snake(input).to_uppercase()
        );
    }
    out.push_str("        _ => return None,\n    })\n}\n");
    let mut written = BTreeSet::new();
    for (_, input) in &inputs {
        write(facts, input, &mut out, &mut written)?;
    }
    Ok(("crates/aws/src/dynamodb/generated.rs".to_owned(), out))
}

/// Writes a shape's table and those of the shapes in it, unless a predefined shape serves.
fn write<'f>(
    facts: &'f Service,
    name: &'f str,
    out: &mut String,
    written: &mut BTreeSet<&'f str>,
) -> Result<()> {
    if plain(facts, name)?.is_some() || !written.insert(name) {
        return Ok(());
    }
    let shape = facts.shape(name)?;
    let body = match shape.kind {
        Kind::Structure => {
            let mut members = String::new();
            for member in &shape.members {
                let named = (name, &*member.name);
                let honoured = !NOT_HONOURED.contains(&named);
                let of = if !honoured {
                    "&Shape::NotHonoured".to_owned()
                } else if NEUTRAL.contains(&named) {
                    format!("&Shape::Neutral({})", reference(facts, &member.shape)?)
                } else if NEW_LIMITS.contains(&named) {
                    format!("&Shape::NewLimits({})", reference(facts, &member.shape)?)
                } else {
                    reference(facts, &member.shape)?
                };
                let _ = write!(
                    members,
                    "\n    Member {{ name: {:?}, shape: {of}, required: {} }},",
                    member.name, member.required
                );
                if honoured {
                    write(facts, &member.shape, out, written)?;
                }
            }
            format!("Structure(&[{members}\n])")
        }
        Kind::List => {
            let of = shape.member.as_deref().context("a list of nothing")?;
            write(facts, of, out, written)?;
            format!("List({})", reference(facts, of)?)
        }
        Kind::Map => {
            let (key, of) = shape
                .key
                .as_deref()
                .zip(shape.value.as_deref())
                .context("a map of nothing")?;
            write(facts, of, out, written)?;
            let kind = if is_table(key) { "Tables" } else { "Map" };
            format!("{kind}({})", reference(facts, of)?)
        }
        Kind::String => format!("Choice(&{:?})", shape.values),
        Kind::Blob
        | Kind::Integer
        | Kind::Long
        | Kind::Double
        | Kind::Boolean
        | Kind::Timestamp => anyhow::bail!("`{name}` is plain"),
    };
    let _ = write!(
        out,
        "\n#[rustfmt::skip]\nstatic {}: Shape = Shape::{body};\n",
        snake(name).to_uppercase()
    );
    Ok(())
}

fn reference(facts: &Service, name: &str) -> Result<String> {
    Ok(match plain(facts, name)? {
        Some(plain) => format!("&Shape::{plain}"),
        None => format!("&{}", snake(name).to_uppercase()),
    })
}

/// The predefined shape, if the shape needs no table.
fn plain(facts: &Service, name: &str) -> Result<Option<&'static str>> {
    if name == "AttributeValue" {
        return Ok(Some("AttributeValue"));
    }
    if EXPRESSIONS.contains(&name) {
        return Ok(Some("Expression"));
    }
    if is_table(name) {
        return Ok(Some("Table"));
    }
    let shape = facts.shape(name)?;
    Ok(match shape.kind {
        Kind::String if shape.values.is_empty() => Some("Text"),
        Kind::String | Kind::Structure | Kind::List | Kind::Map => None,
        Kind::Integer | Kind::Long => Some("Integer"),
        Kind::Boolean => Some("Bool"),
        Kind::Double | Kind::Blob | Kind::Timestamp => {
            anyhow::bail!("`{name}` is of a kind that no request here has")
        }
    })
}

/// Whether the text names a table that the operation acts on, by name or ARN. The start of a page
/// is a `TableName`.
fn is_table(shape: &str) -> bool {
    shape == "TableArn"
}
