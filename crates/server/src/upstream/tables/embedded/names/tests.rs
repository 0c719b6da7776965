//! Names of the engine: distinct, not reserved, and translated wherever they stand.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::identity::entity::{TableState, UpstreamNames};

/// Names that the service allows, most of them similar to each other.
fn name() -> impl Strategy<Value = String> {
    let prefix = prop_oneof![
        Just(""),
        Just("_"),
        Just("__"),
        Just("x."),
        Just("X."),
        Just("sqlite_"),
        Just("SQLite_"),
        Just("pragma_"),
    ];
    prop_oneof![
        (prefix, "[aAbB_.]{3,5}").prop_map(|(prefix, rest)| format!("{prefix}{rest}")),
        "[aA]{250,255}",
        "[a-zA-Z0-9_.-]{3,255}",
    ]
}

proptest! {
    #[test]
    fn names_are_distinct_and_not_reserved_whatever_their_case(names in prop::collection::btree_set(name(), 1..40)) {
        let mut taken: Vec<String> = Vec::new();
        for name in &names {
            let others: Vec<_> = taken.iter().map(String::as_str).collect();
            let upstream = new_name(NameOf::Table, name, &others).unwrap_or_else(|| name.clone());
            prop_assert!(upstream.parse::<TableName>().is_ok(), "{}", upstream);
            prop_assert!(!is_reserved(&upstream), "{}", upstream);
            prop_assert!(!upstream.bytes().any(|byte| byte.is_ascii_uppercase()), "{}", upstream);
            taken.push(upstream);
        }
        let distinct: BTreeSet<_> = taken.iter().map(|name| name.to_ascii_lowercase()).collect();
        prop_assert_eq!(distinct.len(), names.len());
    }

    #[test]
    fn a_name_does_not_depend_on_the_other_new_tables(names in prop::collection::btree_set(name(), 2..20)) {
        let mut taken: Vec<String> = Vec::new();
        for name in &names {
            let others: Vec<_> = taken.iter().map(String::as_str).collect();
            let upstream = new_name(NameOf::Table, name, &others);
            prop_assert_eq!(&upstream, &new_name(NameOf::Table, name, &[]));
            taken.push(upstream.unwrap_or_else(|| name.clone()));
        }
    }

    #[test]
    fn names_give_way_to_those_of_earlier_builds(
        earlier in prop::collection::btree_map("[a-c]{3}", "[abcABC]{3}", 1..20),
        name in "[abcABC]{3}",
    ) {
        // Earlier builds had one table for each name, ignoring case.
        let earlier: BTreeMap<_, _> = earlier.values().map(|name| (name.to_ascii_lowercase(), name)).collect();
        let others: Vec<_> = earlier.values().map(|name| name.as_str()).collect();
        prop_assume!(!others.contains(&name.as_str()));
        let upstream = new_name(NameOf::Table, &name, &others).unwrap_or(name);
        prop_assert!(is_distinct(NameOf::Table, &upstream, &others));
    }
}

#[test]
fn names_that_the_engine_cannot_use_are_escaped() {
    let renamed = |name: &str| new_name(NameOf::Table, name, &[]).unwrap_or_default();
    insta::assert_snapshot!(renamed("orders"), @"");
    insta::assert_snapshot!(renamed("orders.v2_x-1"), @"");
    insta::assert_snapshot!(renamed("Orders.v2"), @"x.91c8ccdac8c903d023bd995ffa150b34.orders-v2");
    insta::assert_snapshot!(renamed("sqlite_master"), @"x.b05a420245ea37ac8a17765ca6182bcb.sqlite_master");
    // An index may begin like the engine's own tables.
    assert_eq!(new_name(NameOf::Index, "_config", &[]), None);
    assert!(new_name(NameOf::Index, "Config", &[]).is_some());
    // The engine rejects it.
    insta::assert_snapshot!(renamed("a/B"), @"");
    assert!(renamed(&"O".repeat(255)).len() <= 255);
}

fn table() -> entity::Table {
    entity::Table {
        name: "Orders".to_owned(),
        account: "432797229265".parse().unwrap(),
        region: "us-east-1".to_owned(),
        upstream: "embedded".to_owned(),
        upstream_names: UpstreamNames {
            table: Some("x.1.orders".to_owned()),
            indexes: BTreeMap::from([("By-Day".to_owned(), "x.2.by-day".to_owned())]),
        },
        state: TableState::Active,
        created: Timestamp::UNIX_EPOCH,
        partition_key: None,
        index_partition_keys: BTreeMap::new(),
        tags: BTreeMap::new(),
        lease: None,
    }
}

#[test]
fn requests_have_the_engines_names_where_they_name_tables_and_indexes() {
    let table = table();
    let names = NameMap::new(&[&table]);
    let request = |body: &str| names.request(body.to_owned()).unwrap();
    insta::assert_snapshot!(request(r#"{"IndexName":"By-Day","TableName":"Orders"}"#), @r#"{"IndexName":"x.2.by-day","TableName":"x.1.orders"}"#);
    insta::assert_snapshot!(request(r#"{"Item":{"TableName":{"S":"Orders"}},"TableName":"Orders"}"#), @r#"{"Item":{"TableName":{"S":"Orders"}},"TableName":"x.1.orders"}"#);
    insta::assert_snapshot!(request(r#"{"RequestItems":{"Orders":{"Keys":[]},"orders":{"Keys":[]}}}"#), @r#"{"RequestItems":{"orders":{"Keys":[]},"x.1.orders":{"Keys":[]}}}"#);
    insta::assert_snapshot!(request(r#"{"TransactItems":[{"Put":{"Item":{},"TableName":"Orders"}},{"Delete":{"Key":{},"TableName":"other"}}]}"#), @r#"{"TransactItems":[{"Put":{"Item":{},"TableName":"x.1.orders"}},{"Delete":{"Key":{},"TableName":"other"}}]}"#);
    insta::assert_snapshot!(request(r#"{"GlobalSecondaryIndexes":[{"IndexName":"By-Day"},{"IndexName":"other"}],"LocalSecondaryIndexes":[{"IndexName":"By-Day"}],"TableName":"Orders"}"#), @r#"{"GlobalSecondaryIndexes":[{"IndexName":"x.2.by-day"},{"IndexName":"other"}],"LocalSecondaryIndexes":[{"IndexName":"x.2.by-day"}],"TableName":"x.1.orders"}"#);
    insta::assert_snapshot!(request(r#"{"GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"By-Day"}},{"Delete":{"IndexName":"other"}}],"TableName":"Orders"}"#), @r#"{"GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"x.2.by-day"}},{"Delete":{"IndexName":"other"}}],"TableName":"x.1.orders"}"#);
}

#[test]
fn responses_have_the_clients_names_where_they_name_tables_and_indexes() {
    let table = table();
    let names = NameMap::new(&[&table]);
    let response = |body: &str| names.response(body.to_owned()).unwrap();
    insta::assert_snapshot!(response(r#"{"Table":{"GlobalSecondaryIndexes":[{"IndexName":"x.2.by-day"}],"TableName":"x.1.orders"}}"#), @r#"{"Table":{"GlobalSecondaryIndexes":[{"IndexName":"By-Day"}],"TableName":"Orders"}}"#);
    insta::assert_snapshot!(response(r#"{"ConsumedCapacity":{"GlobalSecondaryIndexes":{"x.2.by-day":{"CapacityUnits":1.0}},"TableName":"x.1.orders"},"Item":{"pk":{"S":"x.1.orders"}}}"#), @r#"{"ConsumedCapacity":{"GlobalSecondaryIndexes":{"By-Day":{"CapacityUnits":1.0}},"TableName":"Orders"},"Item":{"pk":{"S":"x.1.orders"}}}"#);
    insta::assert_snapshot!(response(r#"{"ConsumedCapacity":[{"TableName":"x.1.orders"},{"TableName":"other"}]}"#), @r#"{"ConsumedCapacity":[{"TableName":"Orders"},{"TableName":"other"}]}"#);
    insta::assert_snapshot!(response(r#"{"ItemCollectionMetrics":{"x.1.orders":[]},"UnprocessedItems":{"x.1.orders":[]}}"#), @r#"{"ItemCollectionMetrics":{"Orders":[]},"UnprocessedItems":{"Orders":[]}}"#);
    insta::assert_snapshot!(names.message("Requested resource not found: Table: x.1.orders not found, x.2.by-day".to_owned()), @"Requested resource not found: Table: Orders not found, By-Day");
    // Items are not rewritten.
    let item = r#"{"Item":{"pk":{"S":"x.1.orders"}}}"#;
    assert_eq!(response(item), item);
}
