//! Deleted tables and indexes, while others are in use.

use std::{fs, path::Path, sync::Arc};

use bowline_aws::dynamodb::Operation;
use serde_json::{Value, json};

use super::*;
use crate::upstream::tables::embedded::{
    EmbeddedTables,
    slot::{MAX_THREADS, Slot},
    tests::{done, home},
};

fn table(name: &str) -> String {
    let attribute = |name| json!({ "AttributeName": name, "AttributeType": "S" });
    let key = |name| json!([{ "AttributeName": name, "KeyType": "HASH" }]);
    json!({ "TableName": name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": key("pk"),
        "AttributeDefinitions": [attribute("pk"), attribute("g")],
        "GlobalSecondaryIndexes": [{ "IndexName": "by-group", "KeySchema": key("g"),
            "Projection": { "ProjectionType": "ALL" } }] })
    .to_string()
}

async fn put(tables: &EmbeddedTables, table: &str, pk: usize, bytes: usize) {
    let item = json!({ "pk": { "S": pk.to_string() }, "g": { "S": (pk % 3).to_string() },
        "data": { "S": "x".repeat(bytes) } });
    let body = json!({ "TableName": table, "Item": item }).to_string();
    done(tables, Operation::PutItem, &body).await;
}

async fn count(tables: &EmbeddedTables, table: &str, index: Option<&str>) -> u64 {
    let mut body = json!({ "TableName": table, "Select": "COUNT" });
    if let Some(index) = index {
        body["IndexName"] = index.into();
    }
    let mut sum = 0;
    loop {
        let page = done(tables, Operation::Scan, &body.to_string()).await;
        let page: Value = serde_json::from_str(&page).unwrap();
        sum += page["Count"].as_u64().unwrap();
        match page.get("LastEvaluatedKey") {
            Some(last) => body["ExclusiveStartKey"] = last.clone(),
            None => return sum,
        }
    }
}

/// Waits until nothing is left to be done.
async fn wait(tables: &EmbeddedTables) {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let (slot, region) = tables.acquire(&home(), MAX_THREADS).await;
        let is_working = slot.is_working.load(std::sync::atomic::Ordering::Acquire);
        if slot.is_open() && !is_working && !slot.has_chores() {
            return;
        }
        assert!(Instant::now() < deadline);
        drop(region);
        tokio::task::yield_now().await;
    }
}

fn length(folder: &Path) -> u64 {
    fs::metadata(database(folder)).unwrap().len()
}

/// Two tables, one of them large.
async fn filled(folder: &Path) -> EmbeddedTables {
    let tables = EmbeddedTables::open(folder).unwrap();
    for name in ["small", "large"] {
        done(&tables, Operation::CreateTable, &table(name)).await;
    }
    for pk in 0..100 {
        put(&tables, "large", pk, 40_000).await;
    }
    put(&tables, "small", 1, 10).await;
    tables
}

fn database(folder: &Path) -> std::path::PathBuf {
    folder.join("432797229265.us-east-1.db")
}

fn slot(folder: &Path) -> Arc<Slot> {
    Arc::new(Slot::new(database(folder), Arc::default()))
}

/// The tables and indexes of the database that begin with this.
fn schema(slot: &Slot, prefix: &str) -> Vec<String> {
    slot.execute(|engine| {
        let connection = engine.storage.conn();
        let mut statement = connection
            .prepare("SELECT name FROM sqlite_schema WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name")
            .unwrap();
        let names = statement.query_map([prefix], |row| row.get(0)).unwrap();
        Ok::<_, TableError>(names.collect::<Result<_, _>>().unwrap())
    })
    .unwrap()
}

fn is_sound(slot: &Slot) -> bool {
    slot.execute(|engine| {
        let check = "PRAGMA integrity_check";
        let found: String = engine
            .storage
            .conn()
            .query_row(check, [], |row| row.get(0))
            .unwrap();
        Ok::<_, TableError>(found == "ok")
    })
    .unwrap()
}

const DELETE: &str = r#"{"TableName": "large"}"#;

#[tokio::test]
async fn a_deleted_tables_name_is_free_at_once_and_its_pages_return() {
    let folder = tempfile::tempdir().unwrap();
    let tables = filled(folder.path()).await;
    let deleted = done(&tables, Operation::DeleteTable, DELETE).await;
    assert!(deleted.contains(r#""TableStatus":"DELETING""#), "{deleted}");
    let gone = tables
        .run(&home(), Operation::DescribeTable, DELETE.into())
        .await;
    assert!(matches!(gone, Err(TableError::NotFound(_))), "{gone:?}");
    // What the old table had is not in the new one, nor in its index.
    done(&tables, Operation::CreateTable, &table("large")).await;
    put(&tables, "large", 7, 10).await;
    for name in ["large", "small"] {
        assert_eq!(count(&tables, name, None).await, 1);
        assert_eq!(count(&tables, name, Some("by-group")).await, 1);
    }
    // The work goes on without requests, and the file shrinks.
    wait(&tables).await;
    let length = length(folder.path());
    assert!(length < 1 << 20, "{length}");
    drop(tables);
    let slot = slot(folder.path());
    let of_large = schema(&slot, "large");
    let expected = [
        "large",
        "large::gsi::by-group",
        "large::gsi::by-group::base_key",
    ];
    assert_eq!(of_large, expected);
    assert!(is_sound(&slot));
}

#[tokio::test]
async fn a_deleted_index_is_removed_in_steps_and_its_name_is_free_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let tables = filled(folder.path()).await;
    let update = |update: Value| {
        json!({ "TableName": "large",
            "AttributeDefinitions": [{ "AttributeName": "g", "AttributeType": "S" }],
            "GlobalSecondaryIndexUpdates": [update] })
        .to_string()
    };
    let delete = update(json!({ "Delete": { "IndexName": "by-group" } }));
    done(&tables, Operation::UpdateTable, &delete).await;
    let create = update(json!({ "Create": { "IndexName": "by-group",
        "KeySchema": [{ "AttributeName": "g", "KeyType": "HASH" }],
        "Projection": { "ProjectionType": "KEYS_ONLY" } } }));
    done(&tables, Operation::UpdateTable, &create).await;
    loop {
        let described = done(&tables, Operation::DescribeTable, DELETE).await;
        if !described.contains("UPDATING") {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(count(&tables, "large", Some("by-group")).await, 100);
    wait(&tables).await;
    drop(tables);
    let slot = slot(folder.path());
    assert!(schema(&slot, "_bowline_trash_").is_empty());
    assert!(is_sound(&slot));
}

#[tokio::test]
async fn a_removal_that_was_cut_short_goes_on_when_the_database_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    drop(filled(folder.path()).await);
    let before = slot(folder.path());
    let trash = |engine: &mut Engine| {
        in_transaction(engine, |connection| discard(connection, "large"))?;
        engine.storage.delete_table_metadata("large").unwrap();
        remove_some(engine);
        Ok::<_, TableError>(())
    };
    before.execute(trash).unwrap();
    assert_eq!(schema(&before, "_bowline_trash_").len(), 3);
    assert!(is_sound(&before));
    drop(before);
    // It is noticed when the database is opened, and the first request begins the work.
    let tables = EmbeddedTables::open(folder.path()).unwrap();
    assert_eq!(count(&tables, "small", Some("by-group")).await, 1);
    wait(&tables).await;
    let length = length(folder.path());
    assert!(length < 1 << 20, "{length}");
    drop(tables);
    let after = slot(folder.path());
    assert!(schema(&after, "large").is_empty() && schema(&after, "_bowline_trash_").is_empty());
    assert!(is_sound(&after));
}

/// Removes one row, as a step does whose time is over.
fn remove_some(engine: &Engine) {
    let ends = Instant::now();
    let removed = in_transaction(engine, |connection| {
        remove_rows(connection, &renamed(1), ends).map_err(sqlite)
    });
    assert!(!removed.unwrap());
}

#[tokio::test]
async fn a_protected_table_is_not_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let tables = filled(folder.path()).await;
    let protect = r#"{"TableName": "large", "DeletionProtectionEnabled": true}"#;
    done(&tables, Operation::UpdateTable, protect).await;
    let rejected = tables
        .run(&home(), Operation::DeleteTable, DELETE.into())
        .await;
    let is_protected = matches!(rejected, Err(TableError::DeletionProtected(_)));
    assert!(is_protected, "{rejected:?}");
    assert_eq!(count(&tables, "large", Some("by-group")).await, 100);
}
