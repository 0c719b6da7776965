//! Records of tables, step by step, and what a start makes of steps that were cut short.

use jiff::Timestamp;

use super::*;
use crate::{
    crypto::master_key::MasterKey,
    identity::{
        entity::{Account, ServerId},
        store::MemoryStore,
    },
    upstream::tables::embedded::EmbeddedTables,
};

struct World {
    folder: tempfile::TempDir,
    store: EmbeddedTables,
    state: IdentityState,
}

const TABLE: &str = r#"{"TableName": "insights", "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "day", "AttributeType": "S"}],
    "GlobalSecondaryIndexes": [{"IndexName": "by-day", "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}]}"#;

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = EmbeddedTables::open(folder.path()).unwrap();
        let master_key = Arc::new(MasterKey::generate().unwrap());
        let state = IdentityState::start(
            Arc::new(MemoryStore::new()),
            master_key,
            ServerId::new([0; 16]),
        )
        .await
        .unwrap();
        let account = Account {
            id: table(1).account,
            management: true,
            created: Timestamp::UNIX_EPOCH,
        };
        let transaction = Transaction::new().create(&account);
        state.commit(transaction).await.unwrap();
        Self {
            folder,
            store,
            state,
        }
    }

    /// A table whose record is in this state, and that the store has or has not.
    async fn with(state: TableState, in_store: bool) -> Self {
        let world = Self::new().await;
        let record = entity::Table { state, ..table(1) };
        let transaction = Transaction::new().create(&record);
        world.state.commit(transaction).await.unwrap();
        if in_store {
            world.call(Operation::CreateTable, TABLE).await;
        }
        world
    }

    async fn call(&self, operation: Operation, body: &str) {
        let account_region = table(1).account_region().unwrap();
        let done = self
            .store
            .call(&account_region, operation, body.to_owned())
            .await;
        done.unwrap();
    }

    /// What the record says and whether the store has the table.
    async fn now(&self) -> (Option<entity::Table>, bool) {
        let index = self.state.current();
        let record = index.table(table(1).account, "us-east-1", "insights");
        let in_store =
            call_store(&self.store, &table(1), Operation::DescribeTable, json!({})).await;
        (
            record.map(|table| (*table.record).clone()),
            in_store.is_ok(),
        )
    }
}

/// What a request at this time would make.
fn table(nanosecond: i64) -> entity::Table {
    entity::Table {
        name: "insights".to_owned(),
        account: "432797229265".parse().unwrap(),
        region: "us-east-1".to_owned(),
        upstream: EMBEDDED.to_owned(),
        state: TableState::Creating,
        created: Timestamp::from_nanosecond(nanosecond.into()).unwrap(),
        partition_key: None,
        index_partition_keys: BTreeMap::new(),
        tags: BTreeMap::from([("team".to_owned(), "red".to_owned())]),
        lease: None,
    }
}

/// The record of another table.
fn named(name: &str, region: &str, state: TableState) -> entity::Table {
    entity::Table {
        name: name.to_owned(),
        region: region.to_owned(),
        state,
        ..table(3)
    }
}

fn code<T>(result: Result<T, AwsError>) -> Result<(), Code> {
    result.map(drop).map_err(|error| error.code())
}

#[tokio::test]
async fn a_start_gives_up_what_was_being_made_however_far_that_came() {
    for in_store in [true, false] {
        let world = World::with(TableState::Creating, in_store).await;
        // A start may be cut short itself.
        for _ in 0..2 {
            recover(&world.state, &world.store).await;
            assert_eq!(world.now().await, (None, false));
        }
        world.call(Operation::CreateTable, TABLE).await;
    }
}

#[tokio::test]
async fn a_start_gives_up_a_table_that_is_there_in_part_and_protected() {
    let world = World::with(TableState::Creating, true).await;
    let protect = r#"{"TableName": "insights", "DeletionProtectionEnabled": true}"#;
    world.call(Operation::UpdateTable, protect).await;
    let file = world.folder.path().join("432797229265.us-east-1.db");
    let database = rusqlite::Connection::open(file).unwrap();
    database.execute_batch(r#"DROP TABLE "insights""#).unwrap();
    drop(database);
    recover(&world.state, &world.store).await;
    assert_eq!(world.now().await, (None, false));
    world.call(Operation::CreateTable, TABLE).await;
    let item = r#"{"TableName": "insights", "Item": {"pk": {"S": "a"}}}"#;
    world.call(Operation::PutItem, item).await;
}

#[tokio::test]
async fn a_start_does_not_remove_what_the_store_would_not_have_removed() {
    let world = World::with(TableState::Deleting, true).await;
    let protect = r#"{"TableName": "insights", "DeletionProtectionEnabled": true}"#;
    world.call(Operation::UpdateTable, protect).await;
    recover(&world.state, &world.store).await;
    let (record, in_store) = world.now().await;
    let record = record.unwrap();
    assert_eq!(record.state, TableState::Active);
    assert_eq!(record.partition_key.as_deref(), Some("pk"));
    let day = BTreeMap::from([("by-day".to_owned(), "day".to_owned())]);
    assert_eq!(record.index_partition_keys, day);
    assert_eq!(record.tags, table(1).tags);
    assert!(in_store);
}

#[tokio::test]
async fn a_start_ends_a_removal() {
    for in_store in [true, false] {
        let world = World::with(TableState::Deleting, in_store).await;
        recover(&world.state, &world.store).await;
        assert_eq!(world.now().await, (None, false));
    }
}

#[tokio::test]
async fn a_start_takes_the_keys_of_a_table_that_was_being_changed_from_the_store() {
    let world = World::with(TableState::Updating, true).await;
    let dropped = r#"{"TableName": "insights", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by-day"}}]}"#;
    world.call(Operation::UpdateTable, dropped).await;
    recover(&world.state, &world.store).await;
    let record = world.now().await.0.unwrap();
    assert_eq!(record.state, TableState::Active);
    assert_eq!(record.partition_key.as_deref(), Some("pk"));
    assert_eq!(record.index_partition_keys, BTreeMap::new());
}

#[tokio::test]
async fn a_creation_that_failed_leaves_the_name_free_and_nothing_in_the_store() {
    for in_store in [true, false] {
        let world = World::with(TableState::Creating, in_store).await;
        rollback_create(&world.state, &world.store, &table(1)).await;
        assert_eq!(world.now().await, (None, false));
    }
}

#[tokio::test]
async fn a_name_is_taken_once_however_it_is_written() {
    let world = World::new().await;
    let take = |table: entity::Table| {
        let state = &world.state;
        async move { code(update_index(state, |index| reserve_name(index, &table)).await) }
    };
    assert_eq!(take(table(1)).await, Ok(()));
    assert_eq!(take(table(1)).await, Err(Code::ResourceInUse));
    assert_eq!(take(table(2)).await, Err(Code::ResourceInUse));
    let other = |name: &str, region: &str| named(name, region, TableState::Creating);
    for name in ["Insights", "INSIGHTS", "insightS"] {
        let taken = take(other(name, "us-east-1")).await;
        assert_eq!(taken, Err(Code::ResourceInUse), "{name}");
    }
    assert_eq!(take(other("Insights", "eu-west-1")).await, Ok(()));
    assert_eq!(take(other("Insight", "us-east-1")).await, Ok(()));
    let index = world.state.current();
    let names = index.tables(table(1).account, "us-east-1", None);
    let names: Vec<_> = names.map(|table| table.record.name.clone()).collect();
    assert_eq!(names, ["Insight", "insights"]);
    let rest = index.tables(table(1).account, "us-east-1", Some("Insight"));
    assert_eq!(rest.count(), 1);
}

#[tokio::test]
async fn names_of_the_engine_and_of_sqlite_are_nobodys() {
    let world = World::new().await;
    for (name, expected) in [
        ("_tables", Err(Code::ValidationError)),
        ("_Config", Err(Code::ValidationError)),
        ("_stream_records", Err(Code::ValidationError)),
        ("___", Err(Code::ValidationError)),
        ("sqlite_master", Err(Code::ValidationError)),
        ("SQLite_x", Err(Code::ValidationError)),
        ("pragma_table_info", Err(Code::ValidationError)),
        ("PRAGMA_x", Err(Code::ValidationError)),
        ("sqlite", Ok(())),
        ("sqlite-x", Ok(())),
        ("my_tables", Ok(())),
        ("pragma", Ok(())),
    ] {
        let table = named(name, "us-east-1", TableState::Creating);
        let taken = update_index(&world.state, |index| reserve_name(index, &table)).await;
        assert_eq!(code(taken), expected, "{name}");
    }
}

#[tokio::test]
async fn a_start_leaves_alone_what_it_cannot_settle_and_settles_the_rest() {
    // In one place the file is no database.
    let world = World::with(TableState::Creating, true).await;
    let file = world.folder.path().join("432797229265.eu-west-1.db");
    std::fs::write(file, "no database").unwrap();
    let broken = [
        named("making", "eu-west-1", TableState::Creating),
        named("removing", "eu-west-1", TableState::Deleting),
        // No other version of the program would have taken these two, of which the second is the first to the store.
        named("sqlite_master", "us-east-1", TableState::Creating),
        named("INSIGHTS", "us-west-1", TableState::Creating),
    ];
    let kept = named("insights", "us-west-1", TableState::Active);
    for record in broken.iter().chain([&kept]) {
        let transaction = Transaction::new().create(record);
        world.state.commit(transaction).await.unwrap();
    }
    let account_region = kept.account_region().unwrap();
    for (operation, body) in [
        (Operation::CreateTable, TABLE),
        (
            Operation::PutItem,
            r#"{"TableName": "insights", "Item": {"pk": {"S": "a"}}}"#,
        ),
    ] {
        let done = world
            .store
            .call(&account_region, operation, body.to_owned());
        done.await.unwrap();
    }
    recover(&world.state, &world.store).await;
    assert_eq!(world.now().await, (None, false));
    let index = world.state.current();
    for record in &broken {
        let now = index.table(record.account, &record.region, &record.name);
        assert_eq!(now.unwrap().record.state, record.state, "{}", record.name);
    }
    let get = r#"{"TableName": "insights", "Key": {"pk": {"S": "a"}}}"#.to_owned();
    let item = world
        .store
        .call(&account_region, Operation::GetItem, get)
        .await;
    assert_eq!(item.unwrap(), r#"{"Item":{"pk":{"S":"a"}}}"#);
}

#[tokio::test]
async fn what_was_known_of_a_table_changes_nothing_of_the_next_of_its_name() {
    let world = World::with(TableState::Active, true).await;
    let known = entity::Table {
        state: TableState::Active,
        ..table(2)
    };
    let late = change_state(&world.state, &known, TableState::Deleting).await;
    assert_eq!(code(late), Err(Code::ResourceInUse));
    // To whoever removes it, it is gone.
    delete_record(&world.state, &world.store, &known)
        .await
        .unwrap();
    let record = world.now().await.0.unwrap();
    assert_eq!(record.state, TableState::Active);
}

#[tokio::test]
async fn an_account_has_tables_in_so_many_regions() {
    let world = World::new().await;
    for n in 0..=MAX_REGIONS {
        let table = entity::Table {
            region: format!("r{n}"),
            ..table(1)
        };
        let taken = update_index(&world.state, |index| reserve_name(index, &table)).await;
        let expected = if n < MAX_REGIONS {
            Ok(())
        } else {
            Err(Code::LimitExceeded)
        };
        assert_eq!(code(taken), expected);
    }
}
