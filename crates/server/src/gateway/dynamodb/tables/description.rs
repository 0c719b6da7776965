//! A table as the store describes it: what its record takes over.

use std::collections::BTreeMap;

use bowline_aws::error::{AwsError, Protocol};
use serde_json::Value;

/// The description of a table that an answer of the store holds.
pub(super) fn read(answer: &str) -> Result<Value, AwsError> {
    let mut answer: Value =
        serde_json::from_str(answer).map_err(|_| AwsError::internal(Protocol::DynamoDb))?;
    let mut member = |name| answer.get_mut(name).map(Value::take);
    Ok(member("TableDescription")
        .or_else(|| member("Table"))
        .unwrap_or_default())
}

/// The one attribute that is the partition key. None if there are several.
pub(super) fn partition_key(described: &Value) -> Option<String> {
    let schema = described.get("KeySchema")?.as_array()?;
    let mut keys = schema
        .iter()
        .filter(|key| key.get("KeyType").and_then(Value::as_str) == Some("HASH"))
        .filter_map(|key| key.get("AttributeName")?.as_str());
    match (keys.next(), keys.next()) {
        (Some(only), None) => Some(only.to_owned()),
        _ => None,
    }
}

/// The partition keys of its indexes that have one attribute for it, by the index's name.
pub(super) fn index_partition_keys(described: &Value) -> BTreeMap<String, String> {
    indexes(described)
        .filter_map(|(name, index)| Some((name.to_owned(), partition_key(index)?)))
        .collect()
}

/// The indexes of a table that the store describes, by name.
pub(super) fn indexes(described: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let kinds = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"];
    let indexes = kinds
        .into_iter()
        .filter_map(|kind| described.get(kind)?.as_array());
    indexes
        .flatten()
        .filter_map(|index| Some((index.get("IndexName")?.as_str()?, index)))
}
