//! Names of tables and indexes in the store.

use super::*;

#[tokio::test]
async fn a_name_is_reserved_once() {
    let world = World::new().await;
    assert!(reserve(&world, &table(1)).await.is_ok());
    for again in [table(1), table(2)] {
        let error = reserve(&world, &again).await.unwrap_err();
        assert_eq!(error, Code::ResourceInUse);
    }
    for (name, region) in [
        ("Insights", "us-east-1"),
        ("Insights", "eu-west-1"),
        ("Insight", "us-east-1"),
    ] {
        let other = named(name, region, TableState::Creating);
        assert!(reserve(&world, &other).await.is_ok(), "{name}");
    }
    let index = world.state.current();
    let names = index.tables(table(1).account, "us-east-1", None);
    let names: Vec<_> = names.map(|table| table.record.name.clone()).collect();
    assert_eq!(names, ["Insight", "Insights", "insights"]);
    let rest = index.tables(table(1).account, "us-east-1", Some("Insights"));
    assert_eq!(rest.count(), 1);
}

#[tokio::test]
async fn names_that_the_store_cannot_use_get_others_in_the_store() {
    let world = World::new().await;
    for (name, is_renamed) in [
        ("_tables", true),
        ("_Config", true),
        ("_stream_records", true),
        ("___", true),
        ("sqlite_master", true),
        ("SQLite_x", true),
        ("pragma_table_info", true),
        ("PRAGMA_x", true),
        ("Orders", true),
        ("x.orders", true),
        ("orders", false),
        ("sqlite", false),
        ("sqlite-x", false),
        ("my_tables", false),
        ("pragma", false),
    ] {
        let table = named(name, "us-east-1", TableState::Creating);
        let reserved = reserve(&world, &table).await.unwrap();
        assert_eq!(
            reserved.upstream_names.table.is_some(),
            is_renamed,
            "{name}"
        );
    }
}

/// The record of a table as earlier builds stored it, whose name is the store's whatever its case.
const EARLIER: &str = r#"{"name": "Orders", "account": "432797229265", "region": "us-east-1", "upstream": "embedded",
    "state": "active", "created": "2026-11-01T00:00:00Z", "partition_key": "pk",
    "index_partition_keys": {"By-Day": "day"}, "tags": {}}"#;

#[tokio::test]
async fn a_table_of_an_earlier_build_is_found_under_its_name() {
    let world = World::new().await;
    let earlier: entity::Table = serde_json::from_str(EARLIER).unwrap();
    assert_eq!(
        serde_json::to_value(&earlier).unwrap(),
        serde_json::from_str::<serde_json::Value>(EARLIER).unwrap()
    );
    let transaction = Transaction::new().create(&earlier);
    world.state.commit(transaction).await.unwrap();
    let account_region = earlier.account_region().unwrap();
    let body = TABLE
        .replace("insights", "Orders")
        .replace("by-day", "By-Day");
    // Names are the client's if the store gets no records.
    send(
        &*world.store,
        &account_region,
        Operation::CreateTable,
        &body,
    )
    .await;
    let described = describe(&*world.store, &earlier).await.unwrap();
    assert_eq!(described["TableName"], "Orders");
    assert_eq!(
        described["GlobalSecondaryIndexes"][0]["IndexName"],
        "By-Day"
    );
    // Another table of almost the same name is another one to the store as well.
    let table = reserve(&world, &named("orders", "us-east-1", TableState::Creating))
        .await
        .unwrap();
    let outcome = describe(&*world.store, &table).await;
    assert!(
        matches!(outcome, Err(TableError::NotFound(_))),
        "{outcome:?}"
    );
    let body = json!({ "KeySchema": described["KeySchema"], "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }] });
    request_store(&*world.store, &table, Operation::CreateTable, body)
        .await
        .unwrap();
    // An index may have the name of an earlier one in another case.
    let body = r#"{"TableName": "Orders", "GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "by-day", "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}}]}"#;
    let request = Request::read(Operation::UpdateTable, body.as_bytes()).unwrap();
    let mut updated = earlier.clone();
    name_indexes(
        &world.state.current(),
        &*world.store,
        &request,
        &["By-Day"],
        &mut updated,
    )
    .unwrap();
    assert_ne!(updated.upstream_index_name("by-day"), "by-day");
    assert_eq!(updated.upstream_index_name("By-Day"), "By-Day");
    // Deleting the new one leaves the earlier one.
    remove_unannounced(&world.state, &*world.store, &table)
        .await
        .unwrap();
    assert!(describe(&*world.store, &earlier).await.is_ok());
}

#[tokio::test]
async fn a_name_gives_way_to_that_of_a_table_of_an_earlier_build() {
    let world = World::new().await;
    // Earlier builds used the client's names, whatever their case.
    let earlier = named("Orders", "us-east-1", TableState::Active);
    let transaction = Transaction::new().create(&earlier);
    world.state.commit(transaction).await.unwrap();
    let table = named("orders", "us-east-1", TableState::Creating);
    let reserved = reserve(&world, &table).await.unwrap();
    assert!(reserved.upstream_names.table.is_some());
}

#[tokio::test]
async fn names_are_the_clients_while_servers_of_an_earlier_build_may_read_them() {
    let world = World::without_feature_level().await;
    let reserved = |name| {
        let table = named(name, "us-east-1", TableState::Creating);
        let world = &world;
        async move { reserve(world, &table).await }
    };
    let orders = reserved("Orders").await.unwrap();
    assert!(orders.upstream_names.is_empty() && orders.lease.is_none());
    for name in ["orders", "_tables"] {
        assert_eq!(reserved(name).await.map(drop), Err(Code::ValidationError));
    }
}

#[tokio::test]
async fn a_start_finds_tables_under_the_names_of_the_store() {
    let world = World::new().await;
    let body = TABLE
        .replace("insights", "Orders")
        .replace("by-day", "By-Day");
    let request = Request::read(Operation::CreateTable, body.as_bytes()).unwrap();
    let mut orders = named("Orders", "us-east-1", TableState::Creating);
    let index = world.state.current();
    name_indexes(&index, &*world.store, &request, &[], &mut orders).unwrap();
    let create = async || {
        let creating = reserve(&world, &orders).await.unwrap();
        let body = serde_json::from_str(&body).unwrap();
        request_store(&*world.store, &creating, Operation::CreateTable, body)
            .await
            .unwrap();
        creating
    };
    let record = || {
        let index = world.state.current();
        let found = index.table(orders.account, &orders.region, &orders.name);
        found.map(|table| (*table.record).clone())
    };
    // One that was being created is removed.
    let creating = create().await;
    assert!(creating.upstream_names.table.is_some());
    assert_eq!(creating.upstream_names.indexes.len(), 1);
    recover(&world.state, &world.upstreams, NOW).await;
    assert_eq!(record(), None);
    let gone = describe(&*world.store, &creating).await;
    assert!(matches!(gone, Err(TableError::NotFound(_))), "{gone:?}");
    // One that was being updated has the keys of its indexes under the client's names.
    let creating = create().await;
    change_state(&world.state, &creating, TableState::Updating, NOW)
        .await
        .unwrap();
    recover(&world.state, &world.upstreams, NOW).await;
    let active = record().unwrap();
    assert_eq!(active.state, TableState::Active);
    let by_day = BTreeMap::from([("By-Day".to_owned(), "day".to_owned())]);
    assert_eq!(active.index_partition_keys, by_day);
    assert_eq!(active.upstream_names, creating.upstream_names);
    // One that was being deleted is deleted.
    change_state(&world.state, &active, TableState::Deleting, NOW)
        .await
        .unwrap();
    recover(&world.state, &world.upstreams, NOW).await;
    assert_eq!(record(), None);
    let gone = describe(&*world.store, &active).await;
    assert!(matches!(gone, Err(TableError::NotFound(_))), "{gone:?}");
}
