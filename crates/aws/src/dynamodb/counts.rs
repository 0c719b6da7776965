//! How many tables, items and tags a body may have, counted before anything else looks at each of them.
//!
//! What is more is refused whatever it is, so that the work for a request grows with its size and no faster.

use bowline_iam::json::{Member, Object, Value};

use super::{operation::Operation, shape::present};
use crate::error::{AwsError, Code};

/// Most tables of a `BatchGetItem`, and most keys of all of them (shapes `BatchGetRequestMap` and `KeyList`).
const MOST_GETS: usize = 100;
/// Most tables of a `BatchWriteItem`, and most writes to all of them (shapes `BatchWriteItemRequestMap` and `WriteRequests`).
const MOST_WRITES: usize = 25;
/// Most items of a transaction (shapes `TransactGetItemList` and `TransactWriteItemList`).
const MOST_OF_TRANSACTION: usize = 100;
/// Most tags of a table, so more than that are never given ("Tagging restrictions in `DynamoDB`").
const MOST_TAGS: usize = 50;

/// Checks a body. What is not of its type is left to whoever checks that.
///
/// # Errors
/// `ValidationException`, as AWS tells of each.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the others have nothing that would have to be counted"
)]
pub(super) fn check(operation: Operation, body: &Value<'_>) -> Result<(), AwsError> {
    let Some(body) = body.as_object() else {
        return Ok(());
    };
    match operation {
        Operation::BatchGetItem => {
            let tables = tables(body, MOST_GETS)?;
            let keys = tables.iter().map(|table| table.value.get("Keys"));
            if keys.map(length).sum::<usize>() > MOST_GETS {
                return Err(too_many(operation));
            }
        }
        Operation::BatchWriteItem => {
            let tables = tables(body, MOST_WRITES)?;
            let lists = tables.iter().map(|table| table.value.as_array());
            if lists.flatten().any(<[_]>::is_empty) {
                let constraint = format!(
                    "Map value must satisfy constraint: [Member must have length less than or equal to {MOST_WRITES}, Member must have length greater than or equal to 1]"
                );
                return Err(failed("requestItems", &constraint));
            }
            let writes = tables.iter().map(|table| length(Some(&table.value)));
            if writes.sum::<usize>() > MOST_WRITES {
                return Err(too_many(operation));
            }
        }
        Operation::TransactGetItems | Operation::TransactWriteItems => {
            let items = present(body, "TransactItems").and_then(Value::as_array);
            bounded("transactItems", items, MOST_OF_TRANSACTION)?;
        }
        Operation::CreateTable | Operation::TagResource
            if length(present(body, "Tags")) > MOST_TAGS =>
        {
            let message =
                "One or more parameter values were invalid: Too many tags: a table has 50 at most";
            return Err(AwsError::new(Code::ValidationError, message));
        }
        _ => {}
    }
    Ok(())
}

/// The tables of a batch, if there are some and not too many.
fn tables<'b, 'a>(body: &'b Object<'a>, most: usize) -> Result<&'b [Member<'a>], AwsError> {
    let tables = present(body, "RequestItems").and_then(Value::as_object);
    let tables = tables.map(Object::members);
    bounded("requestItems", tables, most)?;
    Ok(tables.unwrap_or_default())
}

/// Nothing is allowed to nobody, so a request about nothing is told so.
fn bounded<T>(name: &str, given: Option<&[T]>, most: usize) -> Result<(), AwsError> {
    let bound = match given.map(<[T]>::len) {
        Some(0) => "greater than or equal to 1".to_owned(),
        Some(length) if length > most => format!("less than or equal to {most}"),
        Some(_) | None => return Ok(()),
    };
    Err(failed(name, &format!("Member must have length {bound}")))
}

fn length(list: Option<&Value<'_>>) -> usize {
    list.and_then(Value::as_array).map_or(0, <[_]>::len)
}

fn failed(name: &str, constraint: &str) -> AwsError {
    AwsError::validation(&[format!(
        "Value at '{name}' failed to satisfy constraint: {constraint}"
    )])
}

/// As the reference of the API has it (`BatchGetItem`, Amazon `DynamoDB` API Reference), and the service says of writes too.
fn too_many(operation: Operation) -> AwsError {
    let message = format!("Too many items requested for the {operation} call");
    AwsError::new(Code::ValidationError, message)
}
