//! Limits of the numbers of tables, items and tags in a body.
//!
//! They are checked before the elements are, so that the work for a request grows no faster than
//! its size.

use bowline_json::{Json, JsonMember, JsonObject};

use super::{operation::Operation, shape::present};
use crate::error::{AwsError, Code};

/// Maximum number of tables of a `BatchGetItem`, and of keys in all of them (shapes
/// `BatchGetRequestMap` and `KeyList`).
const MAX_BATCH_GETS: usize = 100;
/// Maximum number of tables of a `BatchWriteItem`, and of writes to all of them (shapes
/// `BatchWriteItemRequestMap` and `WriteRequests`).
const MAX_BATCH_WRITES: usize = 25;
/// Maximum number of items of a transaction (shapes `TransactGetItemList` and
/// `TransactWriteItemList`).
const MAX_TRANSACTION_ITEMS: usize = 100;
/// Maximum number of attributes that the indexes of a table project by name ("Quotas in Amazon
/// `DynamoDB`").
const MAX_PROJECTED_ATTRIBUTES: usize = 100;
/// Maximum number of tags of a table ("Tagging restrictions in `DynamoDB`").
const MAX_TAGS: usize = 50;

/// Checks the numbers in a body. Values of another type are ignored; they are rejected elsewhere.
///
/// # Errors
/// `ValidationException`, as AWS words it.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other operations have no lists with a limit"
)]
pub(super) fn check(operation: Operation, body: &Json<'_>) -> Result<(), AwsError> {
    let Some(body) = body.as_object() else {
        return Ok(());
    };
    match operation {
        Operation::BatchGetItem => {
            let tables = batch_tables(body, MAX_BATCH_GETS)?;
            let keys = tables.iter().map(|table| table.value.get("Keys"));
            if keys.map(length).sum::<usize>() > MAX_BATCH_GETS {
                return Err(too_many(operation));
            }
        }
        Operation::BatchWriteItem => {
            let tables = batch_tables(body, MAX_BATCH_WRITES)?;
            let lists = tables.iter().map(|table| table.value.as_array());
            if lists.flatten().any(<[_]>::is_empty) {
                let constraint = format!(
                    "Map value must satisfy constraint: [Member must have length less than or equal to {MAX_BATCH_WRITES}, Member must have length greater than or equal to 1]"
                );
                return Err(constraint_failed("requestItems", &constraint));
            }
            let writes = tables.iter().map(|table| length(Some(&table.value)));
            if writes.sum::<usize>() > MAX_BATCH_WRITES {
                return Err(too_many(operation));
            }
        }
        Operation::TransactGetItems | Operation::TransactWriteItems => {
            let items = present(body, "TransactItems").and_then(Json::as_array);
            check_length("transactItems", items, MAX_TRANSACTION_ITEMS)?;
        }
        Operation::CreateTable | Operation::TagResource
            if length(present(body, "Tags")) > MAX_TAGS =>
        {
            let message =
                "One or more parameter values were invalid: Too many tags: a table has 50 at most";
            return Err(AwsError::new(Code::ValidationError, message));
        }
        _ => {}
    }
    if matches!(operation, Operation::CreateTable | Operation::UpdateTable) {
        check_projected(body)?;
    }
    Ok(())
}

/// Checks the attributes that indexes project by name.
fn check_projected(body: &JsonObject<'_>) -> Result<(), AwsError> {
    let list = |name| {
        let list = present(body, name).and_then(Json::as_array);
        list.unwrap_or_default().iter()
    };
    let made = list("GlobalSecondaryIndexUpdates").filter_map(|update| update.get("Create"));
    let indexes = list("GlobalSecondaryIndexes")
        .chain(list("LocalSecondaryIndexes"))
        .chain(made);
    let count: usize = indexes
        .filter_map(|index| index.get("Projection")?.get("NonKeyAttributes"))
        .map(|names| length(Some(names)))
        .sum();
    if count > MAX_PROJECTED_ATTRIBUTES {
        let message = format!(
            "One or more parameter values were invalid: Too many NonKeyAttributes: the indexes of a table have {MAX_PROJECTED_ATTRIBUTES} at most"
        );
        return Err(AwsError::new(Code::ValidationError, message));
    }
    Ok(())
}

/// The tables of a batch, if there is one at least and not too many.
fn batch_tables<'b, 'a>(
    body: &'b JsonObject<'a>,
    max: usize,
) -> Result<&'b [JsonMember<'a>], AwsError> {
    let tables = present(body, "RequestItems").and_then(Json::as_object);
    let tables = tables.map(JsonObject::members);
    check_length("requestItems", tables, max)?;
    Ok(tables.unwrap_or_default())
}

/// An empty list is rejected as well: a request about nothing would need no permission.
fn check_length<T>(name: &str, list: Option<&[T]>, max: usize) -> Result<(), AwsError> {
    let constraint = match list.map(<[T]>::len) {
        Some(0) => "greater than or equal to 1".to_owned(),
        Some(length) if length > max => format!("less than or equal to {max}"),
        Some(_) | None => return Ok(()),
    };
    Err(constraint_failed(
        name,
        &format!("Member must have length {constraint}"),
    ))
}

fn length(list: Option<&Json<'_>>) -> usize {
    list.and_then(Json::as_array).map_or(0, <[_]>::len)
}

fn constraint_failed(name: &str, constraint: &str) -> AwsError {
    AwsError::validation(&[format!(
        "Value at '{name}' failed to satisfy constraint: {constraint}"
    )])
}

/// The message of the API reference (`BatchGetItem`, Amazon `DynamoDB` API Reference), which the
/// service also uses for writes.
fn too_many(operation: Operation) -> AwsError {
    let message = format!("Too many items requested for the {operation} call");
    AwsError::new(Code::ValidationError, message)
}
