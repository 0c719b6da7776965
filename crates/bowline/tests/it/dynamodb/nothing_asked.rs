//! Members that ask for nothing: tools and libraries send them, and AWS accepts them.

use super::*;

/// A body with further members.
fn with(body: Value, members: &Value) -> Value {
    let mut body = body;
    let all = body.as_object_mut().unwrap();
    all.extend(members.as_object().unwrap().clone());
    body
}

#[test]
fn a_table_is_created_with_members_that_ask_for_nothing() {
    let world = World::new();
    let root = Bowline::root();
    let no_limit = json!({ "MaxReadRequestUnits": -1, "MaxWriteRequestUnits": -1 });
    let mut index = table("any")["GlobalSecondaryIndexes"][0].clone();
    index["OnDemandThroughput"] = no_limit.clone();
    let members = [
        json!({ "SSESpecification": { "Enabled": false } }),
        json!({ "StreamSpecification": { "StreamEnabled": false } }),
        json!({ "OnDemandThroughput": no_limit }),
        json!({ "OnDemandThroughput": { "MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 5 } }),
        json!({ "GlobalSecondaryIndexes": [index] }),
        json!({ "WarmThroughput": {} }),
        json!({ "Tags": [] }),
        json!({ "TableClass": "STANDARD" }),
        json!({ "DeletionProtectionEnabled": false }),
    ];
    for (number, more) in members.iter().enumerate() {
        let create = with(table(&format!("insights-{number}")), more);
        call(&world, &root, "CreateTable", &create).accepted();
    }
    let described = call(
        &world,
        &root,
        "DescribeTable",
        &json!({ "TableName": "insights-3" }),
    );
    let described: Value = serde_json::from_str(&described.text()).unwrap();
    let limits = json!({ "MaxWriteRequestUnits": 5 });
    assert_eq!(described["Table"]["OnDemandThroughput"], limits);
    for more in [
        json!({ "SSESpecification": { "Enabled": true } }),
        json!({ "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_IMAGE" } }),
        json!({ "WarmThroughput": { "ReadUnitsPerSecond": 5 } }),
    ] {
        let create = with(table("refused"), &more);
        let refused = call(&world, &root, "CreateTable", &create).text();
        assert!(refused.contains("is not supported."), "{more}: {refused}");
    }
    // AWS rejects to turn off what a table does not have.
    let update = |more: Value| {
        let update = with(json!({ "TableName": "insights-0" }), &more);
        call(&world, &root, "UpdateTable", &update).verdict()
    };
    assert_snapshot!(update(json!({ "SSESpecification": { "Enabled": false } })), @r#"400 {"__type":"com.amazon.coral.validate#ValidationException","message":"One or more parameter values were invalid: Table is already encrypted by default"}"#);
    assert_snapshot!(update(json!({ "StreamSpecification": { "StreamEnabled": false } })), @r#"400 {"__type":"com.amazon.coral.validate#ValidationException","message":"Table has no stream to disable: TableName: insights-0"}"#);
    let unlimited = json!({ "OnDemandThroughput": { "MaxWriteRequestUnits": -1 } });
    assert_eq!(update(unlimited), "200");
}

#[test]
fn requests_about_items_may_have_every_member_that_asks_for_nothing() {
    let world = World::new();
    let root = Bowline::root();
    call(&world, &root, "CreateTable", &table("insights")).accepted();
    let none = json!({ "ReturnConsumedCapacity": "NONE" });
    let write = json!({
        "ReturnConsumedCapacity": "NONE",
        "ReturnItemCollectionMetrics": "NONE",
        "ReturnValues": "NONE",
        "ReturnValuesOnConditionCheckFailure": "NONE",
        "Expected": {},
    });
    let read = json!({
        "ReturnConsumedCapacity": "NONE",
        "ConsistentRead": false,
        "Select": "ALL_ATTRIBUTES",
    });
    let query = json!({
        "TableName": "insights",
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": { ":pk": { "S": "a" } },
        "ScanIndexForward": true,
    });
    let put = json!({ "Put": { "TableName": "insights", "Item": key("b"), "ReturnValuesOnConditionCheckFailure": "NONE" } });
    let scan =
        json!({ "TableName": "insights", "ScanFilter": {}, "Segment": 0, "TotalSegments": 1 });
    let metrics =
        json!({ "ReturnConsumedCapacity": "NONE", "ReturnItemCollectionMetrics": "NONE" });
    let batch =
        json!({ "RequestItems": { "insights": [{ "DeleteRequest": { "Key": key("c") } }] } });
    let keys =
        json!({ "RequestItems": { "insights": { "Keys": [key("a")], "ConsistentRead": false } } });
    let transaction =
        json!({ "TransactItems": [{ "Get": { "TableName": "insights", "Key": key("a") } }] });
    for (operation, body) in [
        ("PutItem", with(put_item("a"), &write)),
        (
            "UpdateItem",
            with(
                get("insights", "a"),
                &with(write.clone(), &json!({ "AttributeUpdates": {} })),
            ),
        ),
        ("DeleteItem", with(get("insights", "a"), &write)),
        (
            "GetItem",
            with(
                get("insights", "a"),
                &json!({ "ConsistentRead": false, "ReturnConsumedCapacity": "NONE" }),
            ),
        ),
        ("Query", with(query, &read)),
        ("Scan", with(scan, &read)),
        ("BatchGetItem", with(keys, &none)),
        ("BatchWriteItem", with(batch, &metrics)),
        ("TransactGetItems", with(transaction, &none)),
        (
            "TransactWriteItems",
            with(json!({ "TransactItems": [put] }), &metrics),
        ),
        ("ListTables", json!({})),
    ] {
        let response = call(&world, &root, operation, &body);
        assert_eq!(
            response.status,
            200,
            "{operation} {body}: {}",
            response.text()
        );
    }
}

fn put_item(pk: &str) -> Value {
    json!({ "TableName": "insights", "Item": key(pk) })
}
