//! How many tables, items and tags a body may have, counted before anything else looks at each of them.
//!
//! What is more is refused whatever it is, so that the work for a request grows with its size and no faster.

use bowline_json::{Json, JsonMember, JsonObject};

use super::{operation::Operation, shape::present};
use crate::error::{AwsError, Code};

/// Most tables of a `BatchGetItem`, and max keys of all of them (shapes `BatchGetRequestMap` and `KeyList`).
const MAX_BATCH_GETS: usize = 100;
/// Most tables of a `BatchWriteItem`, and max writes to all of them (shapes `BatchWriteItemRequestMap` and `WriteRequests`).
const MAX_BATCH_WRITES: usize = 25;
/// Most items of a transaction (shapes `TransactGetItemList` and `TransactWriteItemList`).
const MAX_TRANSACTION_ITEMS: usize = 100;
/// Most names of `AttributesToGet`: the store compares each with each.
const MAX_ATTRIBUTES_TO_GET: usize = 256;
/// Most attributes that an index projects by their names ("Quotas in Amazon `DynamoDB`", for all indexes of a table).
const MAX_PROJECTED_ATTRIBUTES: usize = 100;
/// Most elements of the sets that the updates of a request add or take away: the store looks each up by going through the item's set.
const MAX_SET_ELEMENTS: usize = 1_000;
/// Most tags of a table, so more than that are never given ("Tagging restrictions in `DynamoDB`").
const MAX_TAGS: usize = 50;

/// Checks a body. What is not of its type is left to whoever checks that.
///
/// # Errors
/// `ValidationException`, as AWS tells of each.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the others have nothing that would have to be counted"
)]
pub(super) fn check(operation: Operation, body: &Json<'_>) -> Result<(), AwsError> {
    let Some(body) = body.as_object() else {
        return Ok(());
    };
    check_attributes_to_get(body)?;
    match operation {
        Operation::BatchGetItem => {
            let tables = batch_tables(body, MAX_BATCH_GETS)?;
            for table in tables.iter().filter_map(|table| table.value.as_object()) {
                check_attributes_to_get(table)?;
            }
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
            let items = items.unwrap_or_default().iter();
            let updates = items.filter_map(|item| item.get("Update")?.as_object());
            check_set_elements(updates.map(changed_elements).sum())?;
        }
        Operation::UpdateItem => check_set_elements(changed_elements(body))?,
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

fn check_attributes_to_get(of: &JsonObject<'_>) -> Result<(), AwsError> {
    let names = present(of, "AttributesToGet").and_then(Json::as_array);
    match names.map(<[_]>::len) {
        Some(length) if length > MAX_ATTRIBUTES_TO_GET => Err(constraint_failed(
            "attributesToGet",
            &format!("Member must have length less than or equal to {MAX_ATTRIBUTES_TO_GET}"),
        )),
        Some(_) | None => Ok(()),
    }
}

/// How many elements the sets have that an update may add or take away.
fn changed_elements(update: &JsonObject<'_>) -> usize {
    let set = |value: &Json<'_>| -> usize {
        ["SS", "NS", "BS"]
            .iter()
            .map(|kind| length(value.get(kind)))
            .sum()
    };
    let members = |name| {
        let object = present(update, name).and_then(Json::as_object);
        object.map(JsonObject::members).unwrap_or_default()
    };
    let expression = present(update, "UpdateExpression").and_then(Json::as_str);
    let by_expression = expression.is_some_and(|text| {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words
            .into_iter()
            .any(|word| word.eq_ignore_ascii_case("ADD") || word.eq_ignore_ascii_case("DELETE"))
    });
    let given = members("ExpressionAttributeValues").iter();
    let of_expression: usize = if by_expression {
        given.map(|member| set(&member.value)).sum()
    } else {
        0
    };
    let legacy = members("AttributeUpdates").iter();
    let of_legacy: usize = legacy
        .filter(|update| update.value.get("Action").and_then(Json::as_str) != Some("PUT"))
        .filter_map(|update| update.value.get("Value"))
        .map(set)
        .sum();
    of_expression + of_legacy
}

fn check_set_elements(count: usize) -> Result<(), AwsError> {
    if count > MAX_SET_ELEMENTS {
        let message = format!(
            "One or more parameter values were invalid: Too many elements of sets to add or delete: a request has {MAX_SET_ELEMENTS} at most"
        );
        return Err(AwsError::new(Code::ValidationError, message));
    }
    Ok(())
}

/// Checks the attributes that indexes project by their names.
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

/// The tables of a batch, if there are some and not too many.
fn batch_tables<'b, 'a>(
    body: &'b JsonObject<'a>,
    max: usize,
) -> Result<&'b [JsonMember<'a>], AwsError> {
    let tables = present(body, "RequestItems").and_then(Json::as_object);
    let tables = tables.map(JsonObject::members);
    check_length("requestItems", tables, max)?;
    Ok(tables.unwrap_or_default())
}

/// Nothing is allowed to nobody, so a request about nothing is told so.
fn check_length<T>(name: &str, given: Option<&[T]>, max: usize) -> Result<(), AwsError> {
    let bound = match given.map(<[T]>::len) {
        Some(0) => "greater than or equal to 1".to_owned(),
        Some(length) if length > max => format!("less than or equal to {max}"),
        Some(_) | None => return Ok(()),
    };
    Err(constraint_failed(
        name,
        &format!("Member must have length {bound}"),
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

/// As the reference of the API has it (`BatchGetItem`, Amazon `DynamoDB` API Reference), and the service says of writes too.
fn too_many(operation: Operation) -> AwsError {
    let message = format!("Too many items requested for the {operation} call");
    AwsError::new(Code::ValidationError, message)
}
