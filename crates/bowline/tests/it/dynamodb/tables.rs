//! Names that the table store cannot tell apart, and regions whose file is broken.

use std::{fs, path::PathBuf};

use super::*;

/// The file of a region's tables.
fn file(world: &World, region: &str) -> PathBuf {
    let tables = world.server.data().join("tables");
    tables.join(format!("{ACCOUNT}.{region}.db"))
}

/// A request of the root user to a region.
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

/// Names that SQLite or the engine use themselves or cannot tell from others, in order.
fn awkward_names() -> Vec<String> {
    let longest = "A".repeat(255);
    [
        &*longest,
        "INSIGHTS",
        "Insights",
        "_config",
        "_tables",
        "insights",
        "pragma_table_info",
        "sqlite_master",
        "x.insights",
    ]
    .map(str::to_owned)
    .to_vec()
}

#[test]
fn names_that_differ_only_in_case_are_different_tables() {
    let mut world = World::without_roles(Launch::sqlite(), Issuer::start());
    let root = Bowline::root();
    let names = awkward_names();
    for name in &names {
        // No name finds the table of another one.
        for (operation, body) in [
            ("DescribeTable", named(name)),
            ("GetItem", get(name, "a")),
            ("PutItem", put(name, "a")),
            ("Scan", named(name)),
            ("UpdateTable", named(name)),
            ("DeleteTable", named(name)),
        ] {
            let code = outcome(&call(&world, &root, operation, &body));
            assert_eq!(code, "ResourceNotFoundException", "{operation} {name}");
        }
        call(&world, &root, "CreateTable", &table(name)).accepted();
        let mut item = put(name, "a");
        item["Item"]["name"] = json!({ "S": name });
        call(&world, &root, "PutItem", &item).accepted();
    }
    let again = outcome(&call(&world, &root, "CreateTable", &table("Insights")));
    assert_eq!(again, "ResourceInUseException");
    let listed = |world: &World| {
        let body = call(world, &root, "ListTables", &json!({})).text();
        let body: Value = serde_json::from_str(&body).unwrap();
        serde_json::from_value::<Vec<String>>(body["TableNames"].clone()).unwrap()
    };
    assert_eq!(listed(&world), names);
    world.server.kill();
    world.server.restart();
    assert_eq!(listed(&world), names);
    for name in &names {
        let item = call(&world, &root, "GetItem", &get(name, "a")).text();
        let item: Value = serde_json::from_str(&item).unwrap();
        assert_eq!(item["Item"]["name"]["S"], json!(name));
        let described = call(&world, &root, "DescribeTable", &named(name)).text();
        let described: Value = serde_json::from_str(&described).unwrap();
        assert_eq!(described["Table"]["TableName"], json!(name));
        assert_eq!(described["Table"]["TableArn"], json!(arn(name)));
    }
    for (at, name) in names.iter().enumerate() {
        let deleted = call(&world, &root, "DeleteTable", &named(name)).text();
        assert!(deleted.contains(&arn(name)), "{deleted}");
        assert_eq!(listed(&world), names[at + 1..]);
        for other in &names[at + 1..] {
            let item = call(&world, &root, "GetItem", &get(other, "a")).text();
            assert!(item.contains(other), "{item}");
        }
    }
}

#[test]
fn responses_have_the_names_of_the_request() {
    let world = World::without_roles(Launch::default(), Issuer::start());
    fill(&world);
    let root = Bowline::root();
    let mut insights = table("Insights");
    insights["GlobalSecondaryIndexes"][0]["IndexName"] = "By-Topic".into();
    let done = |operation: &str, body: &Value| call(&world, &root, operation, body).text();
    let created = done("CreateTable", &insights);
    assert!(
        created.contains(&arn("Insights/index/By-Topic")),
        "{created}"
    );
    assert_snapshot!(done("CreateTable", &insights), @r#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceInUseException","message":"Table already exists: Insights"}"#);
    let mut item = put("Insights", "a");
    item["ReturnConsumedCapacity"] = "INDEXES".into();
    assert_snapshot!(done("PutItem", &item), @r#"{"ConsumedCapacity":{"CapacityUnits":2.0,"GlobalSecondaryIndexes":{"By-Topic":{"CapacityUnits":1.0}},"Table":{"CapacityUnits":1.0},"TableName":"Insights"}}"#);
    let mut found = query(Some("By-Topic"), "topic = :v", "monday");
    found["TableName"] = "Insights".into();
    found["ReturnConsumedCapacity"] = "TOTAL".into();
    // The members of a response have no order.
    let sorted = |text: &str| serde_json::from_str::<Value>(text).unwrap().to_string();
    assert_snapshot!(sorted(&done("Query", &found)), @r#"{"ConsumedCapacity":{"CapacityUnits":0.5,"TableName":"Insights"},"Count":1,"Items":[{"pk":{"S":"a"},"secret":{"S":"x"},"topic":{"S":"monday"}}],"ScannedCount":1}"#);
    found["IndexName"] = "by-topic".into();
    assert_snapshot!(done("Query", &found), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"The table does not have the specified index: by-topic"}"#);
    found["IndexName"] = "By-Topic".into();
    found["ExpressionAttributeValues"][":v"] = json!({ "N": "1" });
    assert_snapshot!(done("Query", &found), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"One or more parameter values were invalid: Condition parameter type does not match schema type"}"#);
    let mut mistyped = put("Insights", "b");
    mistyped["Item"]["topic"] = json!({ "N": "1" });
    assert_snapshot!(done("PutItem", &mistyped), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"One or more parameter values were invalid: Type mismatch for Index Key topic Expected: S Actual: N IndexName: By-Topic"}"#);
    let both = json!({ "RequestItems": {
        "Insights": { "Keys": [key("a")], "ProjectionExpression": "pk" },
        arn("insights"): { "Keys": [key("a")], "ProjectionExpression": "pk" },
    } });
    assert_snapshot!(done("BatchGetItem", &both), @r#"{"Responses":{"Insights":[{"pk":{"S":"a"}}],"arn:aws:dynamodb:us-east-1:432797229265:table/insights":[{"pk":{"S":"a"}}]},"UnprocessedKeys":{}}"#);
    let one = json!({ "RequestItems": {
        "Insights": { "Keys": [key("a")], "ProjectionExpression": "pk" },
    }, "ReturnConsumedCapacity": "TOTAL" });
    assert_snapshot!(sorted(&done("BatchGetItem", &one)), @r#"{"ConsumedCapacity":[{"CapacityUnits":0.5,"TableName":"Insights"}],"Responses":{"Insights":[{"pk":{"S":"a"}}]},"UnprocessedKeys":{}}"#);
    let both = json!({ "TransactItems": [
        { "Put": mistyped },
        { "ConditionCheck": { "TableName": "insights", "Key": key("a"), "ConditionExpression": "attribute_not_exists(pk)" } },
    ] });
    assert_snapshot!(done("TransactWriteItems", &both), @r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","message":"Transaction cancelled, please refer cancellation reasons for specific reasons [ValidationError, ConditionalCheckFailed]","CancellationReasons":[{"Code":"ValidationError","Message":"One or more parameter values were invalid: Type mismatch for Index Key topic Expected: S Actual: N IndexName: By-Topic"},{"Code":"ConditionalCheckFailed","Message":"The conditional request failed"}]}"#);
    let writes = json!({ "RequestItems": {
        "Insights": [{ "PutRequest": { "Item": { "pk": { "S": "c" } } } }],
        "insights": [{ "DeleteRequest": { "Key": key("a") } }],
    } });
    assert_snapshot!(done("BatchWriteItem", &writes), @r#"{"UnprocessedItems":{}}"#);
    let counted = |table: &str| {
        let body = json!({ "TableName": table, "Select": "COUNT" });
        done("Scan", &body)
    };
    assert_snapshot!(counted("Insights"), @r#"{"Count":2,"ScannedCount":2}"#);
    assert_snapshot!(counted("insights"), @r#"{"Count":1,"ScannedCount":1}"#);
}

#[test]
fn index_names_that_differ_only_in_case_are_different_indexes() {
    let world = world();
    let root = Bowline::root();
    let mut both = table("both");
    let mut second = both["GlobalSecondaryIndexes"][0].clone();
    second["IndexName"] = "By-Topic".into();
    second["KeySchema"][0]["AttributeName"] = "pk".into();
    let indexes = both["GlobalSecondaryIndexes"].as_array_mut().unwrap();
    indexes.push(second.clone());
    call(&world, &root, "CreateTable", &both).accepted();
    call(&world, &root, "PutItem", &put("both", "a")).accepted();
    let added = json!({
        "TableName": "insights",
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
        "GlobalSecondaryIndexUpdates": [{ "Create": second }],
    });
    call(&world, &root, "UpdateTable", &added).accepted();
    let counted = |table: &str, index: &str, condition: &str, value: &str| {
        let mut body = query(Some(index), condition, value);
        body["TableName"] = table.into();
        body["Select"] = "COUNT".into();
        call(&world, &root, "Query", &body).text()
    };
    assert_snapshot!(counted("both", "by-topic", "topic = :v", "monday"), @r#"{"Count":1,"ScannedCount":1}"#);
    assert_snapshot!(counted("both", "By-Topic", "pk = :v", "a"), @r#"{"Count":1,"ScannedCount":1}"#);
    assert_snapshot!(counted("insights", "by-topic", "topic = :v", "monday"), @r#"{"Count":2,"ScannedCount":2}"#);
    assert_snapshot!(counted("insights", "By-Topic", "pk = :v", "a"), @r#"{"Count":1,"ScannedCount":1}"#);
    // Deleting one leaves the other.
    let deleted = json!({
        "TableName": "insights",
        "GlobalSecondaryIndexUpdates": [{ "Delete": { "IndexName": "By-Topic" } }],
    });
    call(&world, &root, "UpdateTable", &deleted).accepted();
    assert_snapshot!(counted("insights", "By-Topic", "pk = :v", "a"), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"The table does not have the specified index: By-Topic"}"#);
    assert_snapshot!(counted("insights", "by-topic", "topic = :v", "monday"), @r#"{"Count":2,"ScannedCount":2}"#);
    // The same name is rejected.
    let mut twice = table("twice");
    let indexes = twice["GlobalSecondaryIndexes"].as_array_mut().unwrap();
    indexes.push(indexes[0].clone());
    assert_snapshot!(call(&world, &root, "CreateTable", &twice).text(), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"One or more parameter values were invalid: Duplicate index name: by-topic"}"#);
    let mut again = added;
    again["GlobalSecondaryIndexUpdates"][0]["Create"]["IndexName"] = "by-topic".into();
    assert_snapshot!(call(&world, &root, "UpdateTable", &again).text(), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"One or more parameter values were invalid: Index already exists: by-topic"}"#);
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
    let cut = outcome(&at(&world, "eu-west-1", "DeleteTable", &named("lost")));
    assert_eq!(cut, "InternalServerError");
    world.server.kill();
    world.server.restart();
    let item = call(&world, &root, "GetItem", &get("insights", "a")).text();
    assert!(item.contains("secret"), "{item}");
    at(&world, "eu-west-2", "CreateTable", &table("fresh")).accepted();
    let lost = outcome(&at(&world, "eu-west-1", "GetItem", &get("lost", "a")));
    assert_eq!(lost, "ResourceNotFoundException");
    let kept = outcome(&at(&world, "eu-west-1", "GetItem", &get("kept", "a")));
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
        let refused = outcome(&at(&world, &format!("r{n}"), "CreateTable", &other));
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
    let told_of = |world: &World, operation: &str, body: &Value| {
        outcome(&call(world, &root, operation, body))
    };
    // The store fails for a while. A start opens every database.
    let file = file(&world, "us-east-1");
    let aside = file.with_extension("aside");
    world.server.kill();
    fs::rename(&file, &aside).unwrap();
    fs::create_dir(&file).unwrap();
    world.server.restart();
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
    let refused = outcome(&call(&world, &root, "DeleteTable", &named("insights")));
    assert_eq!(refused, "ValidationException");
    let found = query(Some("by-topic"), "topic = :v", "monday");
    let found = call(&world, &root, "Query", &found).text();
    assert!(found.contains(r#""Count":2"#), "{found}");
    call(&world, &root, "UpdateTable", &protect(false)).accepted();
    call(&world, &root, "DeleteTable", &named("insights")).accepted();
}
