//! Records of tables, step by step, and the recovery of interrupted steps.

use std::sync::Arc;

use bowline_aws::dynamodb::AccountRegion;
use jiff::Timestamp;

use super::{reconcile::request_store, *};
use crate::{
    crypto::master_key::MasterKey,
    identity::{
        entity::{Account, FeatureLevel, Lease, ServerId, lease::LEASE_DURATION},
        index::IdentityState,
        store::{MemoryStore, Transaction},
    },
    upstream::{
        Upstreams,
        tables::{
            ItemShare, TableRequest,
            embedded::{EmbeddedTables, MAX_REGIONS},
        },
    },
};

mod names;

struct World {
    folder: tempfile::TempDir,
    store: Arc<EmbeddedTables>,
    upstreams: Upstreams,
    state: IdentityState,
}

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

const TABLE: &str = r#"{"TableName": "insights", "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "day", "AttributeType": "S"}],
    "GlobalSecondaryIndexes": [{"IndexName": "by-day", "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}]}"#;

impl World {
    async fn new() -> Self {
        let world = Self::without_feature_level().await;
        let newest = FeatureLevel::NEWEST;
        world.state.raise_feature_level(newest).await.unwrap();
        world
    }

    /// The identity store has the feature level of earlier builds.
    async fn without_feature_level() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(EmbeddedTables::open(folder.path()).unwrap());
        let upstreams = Upstreams::default().with_tables(EMBEDDED, store.clone());
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
            upstreams,
            state,
        }
    }

    /// A table whose record has this state, and which is in the store or not.
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
        send(&*self.store, &account_region, operation, body).await;
    }

    /// The record, and whether the store has the table.
    async fn now(&self) -> (Option<entity::Table>, bool) {
        let index = self.state.current();
        let record = index.table(table(1).account, "us-east-1", "insights");
        let in_store =
            request_store(&*self.store, &table(1), Operation::DescribeTable, json!({})).await;
        (
            record.map(|table| (*table.record).clone()),
            in_store.is_ok(),
        )
    }
}

/// Sends the store a request about tables whose names are the client's.
async fn send(
    store: &dyn TableStore,
    account_region: &AccountRegion,
    operation: Operation,
    body: &str,
) -> String {
    let request = Request::read(operation, body.as_bytes()).unwrap();
    let call = TableRequest {
        account_region,
        request: &request,
        replaced: None,
        tables: &[],
        share: &Arc::new(ItemShare::unmetered()),
    };
    store.call(call).await.unwrap()
}

/// The record that a request at this time creates.
fn table(nanosecond: i64) -> entity::Table {
    entity::Table {
        name: "insights".to_owned(),
        account: "432797229265".parse().unwrap(),
        region: "us-east-1".to_owned(),
        upstream: EMBEDDED.to_owned(),
        upstream_names: UpstreamNames::default(),
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

/// Reserves the name of a table.
async fn reserve(world: &World, table: &entity::Table) -> Result<entity::Table, Code> {
    let store = &*world.store;
    let reserved = update_index(&world.state, |index| reserve_name(index, store, table)).await;
    reserved.map_err(|error| error.code())
}

#[tokio::test]
async fn a_start_leaves_alone_what_another_server_is_changing() {
    let world = World::new().await;
    let other = Lease::new(ServerId::new([1; 16]), NOW);
    for state in [TableState::Creating, TableState::Deleting] {
        let record = entity::Table {
            state,
            lease: Some(other),
            ..table(1)
        };
        let transaction = Transaction::new().create(&record);
        world.state.commit(transaction).await.unwrap();
        recover(&world.state, &world.upstreams, NOW).await;
        assert_eq!(world.now().await.0, Some(record.clone()));
        let reloaded = reload_unchanged(&world.state, &record, NOW);
        assert_eq!(code(reloaded), Err(Code::ResourceInUse));
        // A lease that has expired is resumed.
        let expired = NOW + LEASE_DURATION;
        assert!(reload_unchanged(&world.state, &record, expired).is_ok());
        recover(&world.state, &world.upstreams, expired).await;
        assert_eq!(world.now().await, (None, false));
    }
    // One of this server's own is resumed at once: the process that had it has ended.
    let record = entity::Table {
        lease: world.state.lease(NOW),
        ..table(1)
    };
    assert!(record.lease.is_some());
    let transaction = Transaction::new().create(&record);
    world.state.commit(transaction).await.unwrap();
    recover(&world.state, &world.upstreams, NOW).await;
    assert_eq!(world.now().await, (None, false));
}

#[tokio::test]
async fn a_start_undoes_an_interrupted_creation() {
    for in_store in [true, false] {
        let world = World::with(TableState::Creating, in_store).await;
        // A start may be interrupted as well.
        for _ in 0..2 {
            recover(&world.state, &world.upstreams, NOW).await;
            assert_eq!(world.now().await, (None, false));
        }
        world.call(Operation::CreateTable, TABLE).await;
    }
}

#[tokio::test]
async fn a_start_removes_a_partially_created_table_even_if_it_is_protected() {
    let world = World::with(TableState::Creating, true).await;
    let protect = r#"{"TableName": "insights", "DeletionProtectionEnabled": true}"#;
    world.call(Operation::UpdateTable, protect).await;
    let file = world.folder.path().join("432797229265.us-east-1.db");
    let database = rusqlite::Connection::open(file).unwrap();
    database.execute_batch(r#"DROP TABLE "insights""#).unwrap();
    drop(database);
    recover(&world.state, &world.upstreams, NOW).await;
    assert_eq!(world.now().await, (None, false));
    world.call(Operation::CreateTable, TABLE).await;
    let item = r#"{"TableName": "insights", "Item": {"pk": {"S": "a"}}}"#;
    world.call(Operation::PutItem, item).await;
}

#[tokio::test]
async fn a_start_keeps_a_protected_table() {
    let world = World::with(TableState::Deleting, true).await;
    let protect = r#"{"TableName": "insights", "DeletionProtectionEnabled": true}"#;
    world.call(Operation::UpdateTable, protect).await;
    recover(&world.state, &world.upstreams, NOW).await;
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
async fn a_start_completes_a_deletion() {
    for in_store in [true, false] {
        let world = World::with(TableState::Deleting, in_store).await;
        recover(&world.state, &world.upstreams, NOW).await;
        assert_eq!(world.now().await, (None, false));
    }
}

#[tokio::test]
async fn a_start_takes_the_keys_of_a_table_that_was_being_updated_from_the_store() {
    let world = World::with(TableState::Updating, true).await;
    let dropped = r#"{"TableName": "insights", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by-day"}}]}"#;
    world.call(Operation::UpdateTable, dropped).await;
    recover(&world.state, &world.upstreams, NOW).await;
    let record = world.now().await.0.unwrap();
    assert_eq!(record.state, TableState::Active);
    assert_eq!(record.partition_key.as_deref(), Some("pk"));
    assert_eq!(record.index_partition_keys, BTreeMap::new());
}

#[tokio::test]
async fn rolling_back_a_creation_frees_the_name_and_the_store() {
    for in_store in [true, false] {
        let world = World::with(TableState::Creating, in_store).await;
        rollback_create(&world.state, &*world.store, &table(1)).await;
        assert_eq!(world.now().await, (None, false));
    }
}

#[tokio::test]
async fn a_table_that_cannot_be_recovered_stays_as_it_is_and_the_others_are_recovered() {
    // One file is not a database.
    let world = World::with(TableState::Creating, true).await;
    let file = world.folder.path().join("432797229265.eu-west-1.db");
    std::fs::write(file, "no database").unwrap();
    let broken = [
        named("creating", "eu-west-1", TableState::Creating),
        named("deleting", "eu-west-1", TableState::Deleting),
        // No build creates these. The second is `insights` to the store.
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
        send(&*world.store, &account_region, operation, body).await;
    }
    recover(&world.state, &world.upstreams, NOW).await;
    assert_eq!(world.now().await, (None, false));
    let index = world.state.current();
    for record in &broken {
        let now = index.table(record.account, &record.region, &record.name);
        assert_eq!(now.unwrap().record.state, record.state, "{}", record.name);
    }
    let get = r#"{"TableName": "insights", "Key": {"pk": {"S": "a"}}}"#;
    let item = send(&*world.store, &account_region, Operation::GetItem, get).await;
    assert_eq!(item, r#"{"Item":{"pk":{"S":"a"}}}"#);
}

#[tokio::test]
async fn a_stale_record_does_not_change_a_new_table_of_the_same_name() {
    let world = World::with(TableState::Active, true).await;
    let known = entity::Table {
        state: TableState::Active,
        ..table(2)
    };
    let late = change_state(&world.state, &known, TableState::Deleting, NOW).await;
    assert_eq!(code(late), Err(Code::ResourceInUse));
    // A request that deletes it finds nothing to do.
    delete_record(&world.state, &*world.store, &known)
        .await
        .unwrap();
    let record = world.now().await.0.unwrap();
    assert_eq!(record.state, TableState::Active);
}

#[tokio::test]
async fn an_account_has_tables_in_a_limited_number_of_regions() {
    let world = World::new().await;
    for n in 0..=MAX_REGIONS {
        let table = entity::Table {
            region: format!("r{n}"),
            ..table(1)
        };
        let reserved = reserve(&world, &table).await.map(drop);
        let expected = if n < MAX_REGIONS {
            Ok(())
        } else {
            Err(Code::LimitExceeded)
        };
        assert_eq!(reserved, expected);
    }
}
