//! Indexes that are added to tables with items, while these change.

use std::collections::BTreeMap;

use bowline_aws::dynamodb::Operation;
use serde_json::{Value, json};

use super::super::{
    EmbeddedTables, TableError,
    tests::{done, home},
};

const TABLE: &str = r#"{"TableName": "orders", "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}"#;

async fn call(tables: &EmbeddedTables, operation: Operation, body: Value) -> Value {
    serde_json::from_str(&done(tables, operation, &body.to_string()).await).unwrap()
}

async fn put(tables: &EmbeddedTables, pk: usize, group: &Value, bytes: usize) {
    let item =
        json!({ "pk": { "S": pk.to_string() }, "g": group, "data": { "S": "x".repeat(bytes) } });
    call(
        tables,
        Operation::PutItem,
        json!({ "TableName": "orders", "Item": item }),
    )
    .await;
}

/// A table of 1,200 items, some of them large, and every tenth without a key of the index.
async fn filled(folder: &tempfile::TempDir) -> EmbeddedTables {
    let tables = EmbeddedTables::open(folder.path()).unwrap();
    done(&tables, Operation::CreateTable, TABLE).await;
    for pk in 0..1_200 {
        let group = if pk % 10 == 0 {
            json!({ "N": "1" })
        } else {
            json!({ "S": (pk % 3).to_string() })
        };
        put(
            &tables,
            pk,
            &group,
            if pk % 100 == 7 { 100_000 } else { 10 },
        )
        .await;
    }
    tables
}

fn add(index: &str) -> Value {
    json!({ "TableName": "orders",
        "AttributeDefinitions": [{ "AttributeName": "g", "AttributeType": "S" }],
        "GlobalSecondaryIndexUpdates": [{ "Create": { "IndexName": index,
            "KeySchema": [{ "AttributeName": "g", "KeyType": "HASH" }],
            "Projection": { "ProjectionType": "KEYS_ONLY" } } }] })
}

/// The table's status, and that of its first index.
fn status(described: &Value) -> String {
    let table = described
        .get("Table")
        .unwrap_or(&described["TableDescription"]);
    let index = &table["GlobalSecondaryIndexes"][0];
    format!(
        "{} {} {}",
        table["TableStatus"], index["IndexStatus"], index["Backfilling"]
    )
}

async fn wait(tables: &EmbeddedTables) {
    loop {
        let described = call(
            tables,
            Operation::DescribeTable,
            json!({ "TableName": "orders" }),
        )
        .await;
        if status(&described) == r#""ACTIVE" "ACTIVE" null"# {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// All keys of a query or scan, each with its group.
async fn keys(
    tables: &EmbeddedTables,
    operation: Operation,
    mut request: Value,
) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    loop {
        let page = call(tables, operation, request.clone()).await;
        for item in page["Items"].as_array().unwrap() {
            found.insert(
                item["pk"]["S"].as_str().unwrap().to_owned(),
                item["g"].clone(),
            );
        }
        match page.get("LastEvaluatedKey") {
            Some(last) => request["ExclusiveStartKey"] = last.clone(),
            None => return found,
        }
    }
}

/// Compares the index with the table.
async fn check(tables: &EmbeddedTables) {
    let mut expected = keys(tables, Operation::Scan, json!({ "TableName": "orders" })).await;
    expected.retain(|_, group| group.get("S").is_some());
    assert!(expected.len() > 1_000, "{}", expected.len());
    let indexed = keys(
        tables,
        Operation::Scan,
        json!({ "TableName": "orders", "IndexName": "by-group" }),
    )
    .await;
    assert_eq!(indexed, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_written_while_an_index_is_built_and_the_index_has_every_item_then() {
    let folder = tempfile::tempdir().unwrap();
    let tables = filled(&folder).await;
    let updated = call(&tables, Operation::UpdateTable, add("by-group")).await;
    assert_eq!(status(&updated), r#""UPDATING" "CREATING" true"#);
    for pk in (0..1_200).step_by(50) {
        put(&tables, pk, &json!({ "S": "moved" }), 10).await;
        let key = json!({ "TableName": "orders", "Key": { "pk": { "S": (pk + 1).to_string() } } });
        call(&tables, Operation::DeleteItem, key).await;
        put(&tables, 5_000 + pk, &json!({ "S": "new" }), 10).await;
    }
    wait(&tables).await;
    check(&tables).await;
}

#[tokio::test]
async fn a_build_that_was_cut_short_goes_on_when_the_database_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let tables = filled(&folder).await;
    // Building takes several steps, and on one thread none of them runs before the first `await`
    // that waits.
    let updated = tables
        .run(&home(), Operation::UpdateTable, add("by-group").to_string())
        .await;
    let updated: Value = serde_json::from_str(&updated.unwrap()).unwrap();
    assert_eq!(status(&updated), r#""UPDATING" "CREATING" true"#);
    let other = tables
        .run(&home(), Operation::UpdateTable, add("other").to_string())
        .await;
    assert!(matches!(other, Err(TableError::Rejected(_))), "{other:?}");
    let copied = tempfile::tempdir().unwrap();
    // What a crash leaves: the files as they are now.
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copied.path().join(file.file_name())).unwrap();
    }
    let again = EmbeddedTables::open(copied.path()).unwrap();
    let described = call(
        &again,
        Operation::DescribeTable,
        json!({ "TableName": "orders" }),
    )
    .await;
    assert_eq!(status(&described), r#""UPDATING" "CREATING" true"#);
    let page = json!({ "TableName": "orders", "IndexName": "by-group" });
    let refused = again.run(&home(), Operation::Scan, page.to_string()).await;
    let Err(TableError::Rejected(error)) = refused else {
        panic!("{refused:?}");
    };
    insta::assert_snapshot!(error.message(), @"Cannot read from backfilling global secondary index: by-group");
    wait(&again).await;
    check(&again).await;
}

#[tokio::test]
async fn an_index_or_a_table_can_be_deleted_while_it_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let tables = filled(&folder).await;
    call(&tables, Operation::UpdateTable, add("by-group")).await;
    let delete = json!({ "TableName": "orders", "GlobalSecondaryIndexUpdates": [{ "Delete": { "IndexName": "by-group" } }] });
    let updated = call(&tables, Operation::UpdateTable, delete).await;
    assert_eq!(updated["TableDescription"]["TableStatus"], "ACTIVE");
    call(&tables, Operation::UpdateTable, add("by-group")).await;
    call(
        &tables,
        Operation::DeleteTable,
        json!({ "TableName": "orders" }),
    )
    .await;
    done(&tables, Operation::CreateTable, TABLE).await;
    put(&tables, 1, &json!({ "S": "a" }), 10).await;
    let described = call(
        &tables,
        Operation::DescribeTable,
        json!({ "TableName": "orders" }),
    )
    .await;
    assert_eq!(described["Table"]["TableStatus"], "ACTIVE");
}

#[tokio::test]
async fn a_description_counts_for_a_limited_time() {
    let folder = tempfile::tempdir().unwrap();
    let slot = std::sync::Arc::new(super::Slot::new(
        folder.path().join("a.db"),
        std::sync::Arc::default(),
    ));
    slot.execute(|engine| {
        let count = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        let counted = |engine: &super::Engine| {
            engine.storage.conn().query_row(count, [], |row| row.get::<_, i64>(0))
        };
        {
            let _limit = engine.end_after(std::time::Duration::from_millis(1));
            assert!(counted(engine).is_err());
        }
        // The limit ended.
        let some = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) SELECT count(*) FROM n";
        let found: i64 = engine.storage.conn().query_row(some, [], |row| row.get(0)).unwrap();
        assert_eq!(found, 100_000);
        Ok::<_, TableError>(())
    })
    .unwrap();
}
