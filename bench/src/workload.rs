//! The requests' content: tokens, an object, a table with an item.

use bowline_testkit::{issuer::Issuer, token::SUBJECT};
use serde_json::{Value, json};

/// Bytes of the object.
pub const OBJECT_BYTES: usize = 4_096;
/// The bucket of the object, as a path.
pub const BUCKET: &str = "/insights";
/// The object.
pub const OBJECT: &str = "/insights/reports/today.txt";

/// A token of the shape and size that a kube-apiserver issues, for [`SUBJECT`]. Each number gives
/// another token.
pub fn token(issuer: &Issuer, now: i64, number: usize) -> String {
    issuer
        .token_at(now)
        .claim("jti", format!("5b1f3a52-3c7e-4f0e-9a51-{number:012x}"))
        .claim("kubernetes.io", json!({
            "namespace": "gbot-dev",
            "node": { "name": "worker-3.example.internal", "uid": "0a3f2c77-14a5-4b35-b7f6-3c2e1f6c2f10" },
            "pod": { "name": "bot-builder-insight-generator-7d9c6b5f4-x2x7k", "uid": "5a1d0f6e-9a3f-4c52-8c5b-4b8d6f0f9d21" },
            "serviceaccount": { "name": "bot-builder-insight-generator", "uid": "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798" },
        }))
        .claim("sub", SUBJECT)
        .sign(&issuer.key)
}

/// The input of CreateTable.
pub fn table_definition() -> Value {
    json!({
        "TableName": "insights",
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
        "BillingMode": "PAY_PER_REQUEST",
    })
}

/// The input of PutItem.
pub fn whole_item() -> Value {
    json!({ "TableName": "insights", "Item": {
        "id": { "S": "today" }, "count": { "N": "42" }, "text": { "S": "x".repeat(200) },
    } })
}

/// The input of GetItem.
pub fn item_key() -> Value {
    json!({ "TableName": "insights", "Key": { "id": { "S": "today" } } })
}
