//! Names that the store of tables can tell apart.
//!
//! The embedded engine gives names of tables and indexes to SQLite as they are. SQLite takes no notice of the case of ASCII letters, and
//! has names of its own, as the engine has. Two tables that differ by case alone would be one there, and whoever removes one would take
//! the other's items along.

use std::collections::BTreeSet;

use bowline_aws::{
    dynamodb::Request,
    error::{AwsError, Code},
};
use bowline_json::Json;
use serde_json::Value as Described;

use super::description;
use crate::identity::{entity, index::Index};

/// How the names of tables begin that are not the client's: the engine's own, and what SQLite keeps or answers by itself. A table
/// called `pragma_table_info` stands before the function that the engine calls when it opens a database.
const RESERVED: [&str; 3] = ["_", "sqlite_", "pragma_"];

/// Refuses a table that the store could not keep apart from another one, or from what is its own.
///
/// # Errors
/// `ValidationException` for a name that is reserved, `ResourceInUseException` if another table there has it, however it is written.
pub(super) fn check(index: &Index, table: &entity::Table) -> Result<(), AwsError> {
    let name = &table.name;
    if is_reserved(name) {
        return Err(invalid(&format!(
            "Table names that begin with _, sqlite_ or pragma_ are reserved: {name}"
        )));
    }
    let mut others = index.tables(table.account, &table.region, None);
    match others
        .find(|other| !other.record.is(table) && other.record.name.eq_ignore_ascii_case(name))
    {
        Some(other) => Err(exists(&other.record.name)),
        None => Ok(()),
    }
}

/// The answer to whoever wants a name that a table has already.
pub(super) fn exists(name: &str) -> AwsError {
    let message = format!("Table already exists: {name}");
    AwsError::new(Code::ResourceInUse, message)
}

fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|start| {
        let begins = name.get(..start.len());
        begins.is_some_and(|begins| begins.eq_ignore_ascii_case(start))
    })
}

/// Refuses to make indexes whose names differ by case alone.
///
/// # Errors
/// `ValidationException`.
pub(super) fn check_new_indexes(request: &Request<'_>) -> Result<(), AwsError> {
    let mut seen = BTreeSet::new();
    for name in new_indexes(request) {
        if !seen.insert(name.to_ascii_lowercase()) {
            return Err(invalid(&format!("Duplicate index name: {name}")));
        }
    }
    Ok(())
}

/// Refuses to make an index that a table, as the store describes it, has already, however its name is written.
///
/// # Errors
/// `ValidationException`.
pub(super) fn check_added_indexes(
    request: &Request<'_>,
    table: &Described,
) -> Result<(), AwsError> {
    let taken: BTreeSet<String> = description::indexes(table)
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    match new_indexes(request).find(|name| taken.contains(&name.to_ascii_lowercase())) {
        Some(name) => Err(invalid(&format!("Index already exists: {name}"))),
        None => Ok(()),
    }
}

/// The names of the indexes that a request wants to be made.
pub(super) fn new_indexes<'r>(request: &'r Request<'_>) -> impl Iterator<Item = &'r str> {
    let lists = [
        ("GlobalSecondaryIndexes", None),
        ("LocalSecondaryIndexes", None),
        ("GlobalSecondaryIndexUpdates", Some("Create")),
    ];
    let listed = |list| request.get(list).and_then(Json::as_array);
    lists.into_iter().flat_map(move |(list, within)| {
        let indexes = listed(list).unwrap_or_default().iter();
        indexes.filter_map(move |index| {
            let index = within.map_or(Some(index), |within| index.get(within))?;
            index.get("IndexName")?.as_str()
        })
    })
}

fn invalid(what: &str) -> AwsError {
    let message = format!("One or more parameter values were invalid: {what}");
    AwsError::new(Code::ValidationError, message)
}
