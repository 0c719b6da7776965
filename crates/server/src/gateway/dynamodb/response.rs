//! Answers: the store's, with what is ours in it.

use bowline_aws::error::{AwsError, Protocol};
use serde_json::{Map, Value};

use crate::{
    http::response::{self, Response},
    identity::entity,
};

/// A good answer with this body.
pub(super) fn ok(body: String) -> Response {
    response::ok("application/x-amz-json-1.0", body)
}

/// The answer with the ARNs that the table and its indexes have here. The store has a place of its own for all tables.
pub(super) fn with_table_arns(answer: &str, table: &entity::Table) -> Result<String, AwsError> {
    let mut answer = read(answer)?;
    for member in ["Table", "TableDescription"] {
        if let Some(Value::Object(description)) = answer.get_mut(member) {
            add_arns(description, table);
        }
    }
    Ok(Value::Object(answer).to_string())
}

fn add_arns(description: &mut Map<String, Value>, table: &entity::Table) {
    let arn = table.arn();
    // Streams are not served.
    for internal in [
        "LatestStreamArn",
        "LatestStreamLabel",
        "StreamSpecification",
    ] {
        description.remove(internal);
    }
    for indexes in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
        let indexes = description.get_mut(indexes).and_then(Value::as_array_mut);
        for index in indexes.into_iter().flatten() {
            let name = index.get("IndexName").and_then(Value::as_str);
            let arn = format!("{arn}/index/{}", name.unwrap_or_default());
            if let Value::Object(index) = index {
                index.insert("IndexArn".to_owned(), arn.into());
            }
        }
    }
    description.insert("TableArn".to_owned(), arn.into());
}

/// The answer to a batch, whose tables are called what the request has called them.
pub(super) fn with_requested_names(answer: String, arns: &[&str]) -> Result<String, AwsError> {
    if arns.is_empty() {
        return Ok(answer);
    }
    let mut answer = read(&answer)?;
    for member in [
        "Responses",
        "UnprocessedKeys",
        "UnprocessedItems",
        "ItemCollectionMetrics",
    ] {
        let Some(Value::Object(tables)) = answer.get_mut(member) else {
            continue;
        };
        for arn in arns {
            let name = arn.rsplit('/').next().unwrap_or_default();
            if let Some(of_table) = tables.remove(name) {
                tables.insert((*arn).to_owned(), of_table);
            }
        }
    }
    Ok(Value::Object(answer).to_string())
}

fn read(answer: &str) -> Result<Map<String, Value>, AwsError> {
    serde_json::from_str(answer).map_err(|error| {
        tracing::error!(%error, "An answer of the store of tables cannot be read");
        unreadable()
    })
}

fn unreadable() -> AwsError {
    AwsError::internal(Protocol::DynamoDb)
}
