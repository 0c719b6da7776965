//! Work that no request waits for: deleted tables are removed, through a kill and a stop.

use std::fs;

use super::*;

/// Bytes of the large table's items, at least.
const LARGE: u64 = 16 << 20;

/// Fills a table with large items.
fn fill_large(world: &World) {
    let root = Bowline::root();
    call(world, &root, "CreateTable", &table("large")).accepted();
    let text = "x".repeat(380_000);
    for pk in 0..50 {
        let item = json!({ "pk": { "S": pk.to_string() }, "topic": { "S": "monday" },
            "text": { "S": text } });
        let body = json!({ "TableName": "large", "Item": item });
        call(world, &root, "PutItem", &body).accepted();
    }
}

/// The bytes of the region's database. Its log keeps a few megabytes, and is used again.
fn bytes(world: &World) -> u64 {
    let name = format!("tables/{ACCOUNT}.us-east-1.db");
    let file = world.server.data().join(name);
    fs::metadata(file).unwrap().len()
}

#[test]
fn a_deleted_tables_space_returns_although_the_server_is_killed_meanwhile() {
    let mut world = World::without_roles(Launch::sqlite(), Issuer::start());
    fill(&world);
    fill_large(&world);
    let root = Bowline::root();
    let large = json!({ "TableName": "large" });
    // The last items may be in the log alone.
    assert!(bytes(&world) > LARGE / 2);
    let deleted = call(&world, &root, "DeleteTable", &large).text();
    assert!(deleted.contains("DELETING"), "{deleted}");
    world.server.kill();
    world.server.restart();
    // The table is gone, its name is free, and others are as they were.
    let gone = outcome(&call(&world, &root, "DescribeTable", &large));
    assert_eq!(gone, "ResourceNotFoundException");
    call(&world, &root, "CreateTable", &table("large")).accepted();
    let found = query(Some("by-topic"), "topic = :v", "monday");
    let found = call(&world, &root, "Query", &found).text();
    assert!(found.contains(r#""Count":2"#), "{found}");
    // A start resumes the removal, and no request has to.
    world.server.restart();
    wait_for("the space of the table", Duration::from_mins(1), || {
        (bytes(&world) < LARGE / 16).then_some(())
    });
    let scanned = call(&world, &root, "Scan", &large).text();
    assert!(scanned.contains(r#""Count":0"#), "{scanned}");
}

#[test]
fn a_server_stops_while_its_tables_are_busy() {
    let World { server, .. } = {
        let world = World::without_roles(Launch::sqlite(), Issuer::start());
        fill(&world);
        fill_large(&world);
        world
    };
    let port = server.port;
    let send = |operation: &str, body: &Value| {
        Signer::new(&Bowline::root(), "dynamodb")
            .sign(request(operation, &body.to_string()), port)
            .try_send(port)
    };
    // A filter over all items, again and again, by more clients than a database has threads.
    let scan = json!({ "TableName": "large", "FilterExpression": "contains(#t, :v) OR contains(#t, :w)",
        "ExpressionAttributeNames": { "#t": "text" },
        "ExpressionAttributeValues": { ":v": { "S": "xy" }, ":w": { "S": "xz" } } });
    let update = json!({ "TableName": "large",
        "AttributeDefinitions": [{ "AttributeName": "g", "AttributeType": "S" }],
        "GlobalSecondaryIndexUpdates": [{ "Create": { "IndexName": "by-group",
            "KeySchema": [{ "AttributeName": "g", "KeyType": "HASH" }],
            "Projection": { "ProjectionType": "ALL" } } }] });
    assert_eq!(send("UpdateTable", &update).unwrap().status, 200);
    let status = std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| while send("Scan", &scan).is_some() {});
        }
        assert_eq!(send("Scan", &scan).unwrap().status, 200);
        server.terminate();
        server.ended()
    });
    assert!(status.success(), "{status}");
}
