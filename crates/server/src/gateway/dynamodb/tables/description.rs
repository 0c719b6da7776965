//! What a record takes from a store's description of its table.

use std::collections::BTreeMap;

use bowline_aws::error::{AwsError, Protocol};
use serde_json::Value;

/// The description of a table in the body of a response.
pub(super) fn parse(body: &str) -> Result<Value, AwsError> {
    let mut body: Value =
        serde_json::from_str(body).map_err(|_| AwsError::internal(Protocol::DynamoDb))?;
    let mut member = |name| body.get_mut(name).map(Value::take);
    Ok(member("TableDescription")
        .or_else(|| member("Table"))
        .unwrap_or_default())
}

/// The attribute that is the partition key. `None` if there are several.
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

/// The partition keys of the indexes whose partition key is one attribute, by the index's name.
pub(super) fn index_partition_keys(described: &Value) -> BTreeMap<String, String> {
    indexes(described)
        .filter_map(|(name, index)| Some((name.to_owned(), partition_key(index)?)))
        .collect()
}

/// The indexes of a described table, by name.
pub(super) fn indexes(described: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let kinds = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"];
    let indexes = kinds
        .into_iter()
        .filter_map(|kind| described.get(kind)?.as_array());
    indexes
        .flatten()
        .filter_map(|index| Some((index.get("IndexName")?.as_str()?, index)))
}
