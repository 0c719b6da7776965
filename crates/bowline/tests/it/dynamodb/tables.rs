//! What the store of tables must not come to mean to others: names that it cannot tell apart, and one place that is broken.

use std::{fs, path::PathBuf};

use super::*;

/// The file of a place's tables.
fn file(world: &World, region: &str) -> PathBuf {
    let tables = world.server.data().join("tables");
    tables.join(format!("{ACCOUNT}.{region}.db"))
}

/// A call of the root to a region.
fn at(world: &World, region: &str, operation: &str, body: &Value) -> Response {
    let port = world.server.port;
    let signed = Signer::new(&Bowline::root(), "dynamodb")
        .region(region)
        .sign(request(operation, &body.to_string()), port);
    signed.send(port)
}

fn named(name: &str) -> Value {
    json!({ "TableName": name })
}

#[test]
fn a_name_in_another_case_does_not_reach_a_table() {
    let mut world = World::without_roles(Launch::sqlite(), Issuer::start());
    fill(&world);
    let root = Bowline::root();
    for _ in 0..2 {
        let refused = told(&call(&world, &root, "CreateTable", &table("Insights")));
        assert_eq!(refused, "ResourceInUseException");
        for (operation, body) in [
            ("DescribeTable", named("Insights")),
            ("GetItem", get("Insights", "a")),
            ("PutItem", put("Insights", "c")),
            ("Scan", named("Insights")),
            ("UpdateTable", named("Insights")),
            ("DeleteTable", named("Insights")),
        ] {
            let answer = told(&call(&world, &root, operation, &body));
            assert_eq!(answer, "ResourceNotFoundException", "{operation}");
        }
        let item = call(&world, &root, "GetItem", &get("insights", "a")).text();
        assert!(item.contains("secret"), "{item}");
        world.server.restart();
    }
    assert_snapshot!(call(&world, &root, "CreateTable", &table("Insights")).text(), @r#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceInUseException","message":"Table already exists: insights"}"#);
    call(&world, &root, "DeleteTable", &named("insights")).accepted();
    call(&world, &root, "CreateTable", &table("Insights")).accepted();
    assert_snapshot!(call(&world, &root, "GetItem", &get("Insights", "a")).text(), @"{}");
}

#[test]
fn reserved_names_are_rejected_without_effect() {
    let mut world = World::without_roles(Launch::sqlite(), Issuer::start());
    fill(&world);
    let root = Bowline::root();
    assert_snapshot!(call(&world, &root, "CreateTable", &table("_tables")).text(), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"One or more parameter values were invalid: Table names that begin with _, sqlite_ or pragma_ are reserved: _tables"}"#);
    for name in [
        "_config",
        "_stream_records",
        "sqlite_master",
        "SQLite_x",
        "pragma_table_info",
    ] {
        let answer = told(&call(&world, &root, "CreateTable", &table(name)));
        assert_eq!(answer, "ValidationException", "{name}");
    }
    world.server.kill();
    world.server.restart();
    assert_snapshot!(call(&world, &root, "ListTables", &json!({})).text(), @r#"{"TableNames":["insights","other"]}"#);
    let item = call(&world, &root, "GetItem", &get("insights", "a")).text();
    assert!(item.contains("secret"), "{item}");
}

#[test]
fn index_names_that_differ_only_in_case_are_rejected() {
    let world = world();
    let root = Bowline::root();
    let mut both = table("both");
    let mut second = both["GlobalSecondaryIndexes"][0].clone();
    second["IndexName"] = "By-Topic".into();
    both["GlobalSecondaryIndexes"]
        .as_array_mut()
        .unwrap()
        .push(second.clone());
    assert_snapshot!(call(&world, &root, "CreateTable", &both).text(), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"One or more parameter values were invalid: Duplicate index name: By-Topic"}"#);
    let mut added = json!({
        "TableName": "insights",
        "AttributeDefinitions": [{ "AttributeName": "topic", "AttributeType": "S" }],
        "GlobalSecondaryIndexUpdates": [{ "Create": second }],
    });
    assert_snapshot!(call(&world, &root, "UpdateTable", &added).text(), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"One or more parameter values were invalid: Index already exists: By-Topic"}"#);
    let found = call(
        &world,
        &root,
        "Query",
        &query(Some("by-topic"), "topic = :v", "monday"),
    );
    assert!(found.text().contains(r#""Count":2"#), "{}", found.text());
    added["GlobalSecondaryIndexUpdates"][0]["Create"]["IndexName"] = "of-topic".into();
    call(&world, &root, "UpdateTable", &added).accepted();
}

#[test]
fn a_broken_region_does_not_affect_other_regions() {
    let mut world = World::without_roles(Launch::sqlite(), Issuer::start());
    fill(&world);
    let root = Bowline::root();
    at(&world, "eu-west-1", "CreateTable", &table("lost")).accepted();
    at(&world, "eu-west-1", "CreateTable", &table("kept")).accepted();
    world.server.kill();
    fs::remove_file(file(&world, "eu-west-1")).unwrap();
    fs::create_dir(file(&world, "eu-west-1")).unwrap();
    world.server.restart();
    // It is not known whether it was done.
    let cut = told(&at(&world, "eu-west-1", "DeleteTable", &named("lost")));
    assert_eq!(cut, "InternalServerError");
    world.server.kill();
    world.server.restart();
    let item = call(&world, &root, "GetItem", &get("insights", "a")).text();
    assert!(item.contains("secret"), "{item}");
    at(&world, "eu-west-2", "CreateTable", &table("fresh")).accepted();
    let lost = told(&at(&world, "eu-west-1", "GetItem", &get("lost", "a")));
    assert_eq!(lost, "ResourceNotFoundException");
    let kept = told(&at(&world, "eu-west-1", "GetItem", &get("kept", "a")));
    assert_eq!(kept, "InternalServerError");
}

#[test]
fn a_region_without_tables_keeps_no_file() {
    let world = World::without_roles(Launch::default(), Issuer::start());
    fill(&world);
    let folder = world.server.data().join("tables.memory");
    let descriptors = format!("/proc/{}/fd", world.server.pid());
    let kept = || {
        let open = fs::read_dir(&descriptors).unwrap();
        let open = open.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
        let there = fs::read_dir(&folder).unwrap().count();
        (open.filter(|path| path.starts_with(&folder)).count(), there)
    };
    let before = kept();
    assert!(before.0 > 0 && before.1 > 0);
    let none = json!({ "TableName": "insights", "BillingMode": "PAY_PER_REQUEST" });
    assert_snapshot!(at(&world, "r", "CreateTable", &none).text(), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"2 validation errors detected: Value null at 'attributeDefinitions' failed to satisfy constraint: Member must not be null; Value null at 'keySchema' failed to satisfy constraint: Member must not be null"}"#);
    // The store comes to refuse these.
    let mut other = table("insights");
    other["KeySchema"][0]["AttributeName"] = "other".into();
    for n in 0..300 {
        let refused = told(&at(&world, &format!("r{n}"), "CreateTable", &other));
        assert_eq!(refused, "ValidationException");
    }
    assert_eq!(kept(), before);
    for n in 0..60 {
        let region = format!("r{n}");
        at(&world, &region, "CreateTable", &table("insights")).accepted();
        at(&world, &region, "DeleteTable", &named("insights")).accepted();
    }
    assert_eq!(kept(), before);
}

#[test]
fn deleting_or_updating_a_table_resumes_an_interrupted_change() {
    let mut world = World::without_roles(Launch::sqlite(), Issuer::start());
    fill(&world);
    let root = Bowline::root();
    let told_of =
        |world: &World, operation: &str, body: &Value| told(&call(world, &root, operation, body));
    // The store fails for a while.
    let file = file(&world, "us-east-1");
    let aside = file.with_extension("aside");
    world.server.kill();
    world.server.restart();
    fs::rename(&file, &aside).unwrap();
    fs::create_dir(&file).unwrap();
    let class = |name: &str| json!({ "TableName": name, "TableClass": "STANDARD" });
    for (operation, body) in [
        ("CreateTable", table("fresh")),
        ("UpdateTable", class("insights")),
        ("UpdateTable", class("other")),
    ] {
        let failed = told_of(&world, operation, &body);
        assert_eq!(failed, "InternalServerError", "{operation}");
    }
    fs::remove_dir(&file).unwrap();
    fs::rename(&aside, &file).unwrap();
    let taken = told_of(&world, "CreateTable", &table("fresh"));
    assert_eq!(taken, "ResourceInUseException");
    for (operation, body) in [
        ("DeleteTable", named("fresh")),
        ("CreateTable", table("fresh")),
        ("PutItem", put("fresh", "a")),
        ("DeleteTable", named("insights")),
        ("CreateTable", table("insights")),
        ("UpdateTable", class("other")),
        ("GetItem", get("other", "a")),
        ("DeleteTable", named("other")),
    ] {
        assert_eq!(told_of(&world, operation, &body), "200", "{operation}");
    }
}

#[test]
fn a_failed_delete_leaves_the_table_unchanged() {
    let world = world();
    let root = Bowline::root();
    let protect = |on: bool| json!({ "TableName": "insights", "DeletionProtectionEnabled": on });
    call(&world, &root, "UpdateTable", &protect(true)).accepted();
    let refused = told(&call(&world, &root, "DeleteTable", &named("insights")));
    assert_eq!(refused, "ValidationException");
    let found = query(Some("by-topic"), "topic = :v", "monday");
    let found = call(&world, &root, "Query", &found).text();
    assert!(found.contains(r#""Count":2"#), "{found}");
    call(&world, &root, "UpdateTable", &protect(false)).accepted();
    call(&world, &root, "DeleteTable", &named("insights")).accepted();
}
