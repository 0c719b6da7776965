//! Rewrites names and ARNs in the store's responses.

use std::collections::BTreeMap;

use bowline_aws::error::{AwsError, Protocol};
use serde::de::DeserializeOwned;
use serde_json::{
    Map, Value,
    value::{RawValue, to_raw_value},
};

use crate::{
    http::response::{self, Response},
    identity::entity,
};

/// A successful response with this body.
pub(super) fn ok(body: String) -> Response {
    response::ok("application/x-amz-json-1.0", body)
}

/// The body with the ARNs that the table and its indexes have here. The store has an account and
/// region of its own.
pub(super) fn with_table_arns(body: &str, table: &entity::Table) -> Result<String, AwsError> {
    let mut body = parse(body)?;
    for member in ["Table", "TableDescription"] {
        if let Some(Value::Object(description)) = body.get_mut(member) {
            set_arns(description, table);
        }
    }
    Ok(Value::Object(body).to_string())
}

fn set_arns(description: &mut Map<String, Value>, table: &entity::Table) {
    let arn = table.arn();
    // Streams are not built.
    for member in [
        "LatestStreamArn",
        "LatestStreamLabel",
        "StreamSpecification",
    ] {
        description.remove(member);
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

/// The body of a response to a batch: tables that the request named by ARN have their ARNs again.
pub(super) fn with_requested_names(body: String, arns: &[&str]) -> Result<String, AwsError> {
    if arns.is_empty() {
        return Ok(body);
    }
    // Items are not parsed: they can take many times the memory of their text.
    let mut body: BTreeMap<String, Box<RawValue>> = read(&body)?;
    for member in [
        "Responses",
        "UnprocessedKeys",
        "UnprocessedItems",
        "ItemCollectionMetrics",
    ] {
        let Some(text) = body.get_mut(member) else {
            continue;
        };
        let mut tables: BTreeMap<String, Box<RawValue>> = read(text.get())?;
        for arn in arns {
            let name = arn.rsplit('/').next().unwrap_or_default();
            if let Some(of_table) = tables.remove(name) {
                tables.insert((*arn).to_owned(), of_table);
            }
        }
        *text = to_raw_value(&tables).map_err(|error| invalid(&error))?;
    }
    serde_json::to_string(&body).map_err(|error| invalid(&error))
}

fn parse(body: &str) -> Result<Map<String, Value>, AwsError> {
    read(body)
}

fn read<T: DeserializeOwned>(body: &str) -> Result<T, AwsError> {
    serde_json::from_str(body).map_err(|error| invalid(&error))
}

fn invalid(error: &serde_json::Error) -> AwsError {
    tracing::error!(%error, "A response of the table store is not valid JSON");
    AwsError::internal(Protocol::DynamoDb)
}
