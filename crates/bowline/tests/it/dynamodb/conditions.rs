//! Condition keys of requests for items.

use super::*;

#[test]
fn leading_keys_limit_a_caller_to_its_own_items() {
    let world = world();
    let condition =
        json!({ "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["a", "monday"] } });
    let bot = world.user("bot", Some(with_condition(&["dynamodb:*"], condition)));
    let outcome = |operation: &str, body: Value| outcome(&call(&world, &bot, operation, &body));
    assert_eq!(outcome("GetItem", get("insights", "a")), "200");
    assert_eq!(
        outcome("GetItem", get("insights", "b")),
        "AccessDeniedException"
    );
    assert_eq!(outcome("PutItem", put("insights", "a")), "200");
    assert_eq!(
        outcome("PutItem", put("insights", "b")),
        "AccessDeniedException"
    );
    assert_eq!(outcome("Query", query(None, "pk = :v", "a")), "200");
    assert_eq!(
        outcome("Query", query(None, "pk = :v", "b")),
        "AccessDeniedException"
    );
    assert_eq!(
        outcome("Query", query(Some("by-topic"), "topic = :v", "monday")),
        "200"
    );
    assert_eq!(
        outcome("Query", query(Some("by-topic"), "topic = :v", "b")),
        "AccessDeniedException"
    );
    // What goes through all partitions has no key that could be held against the policy.
    assert_eq!(
        outcome("Scan", json!({ "TableName": "insights" })),
        "AccessDeniedException"
    );
    let batch = |keys: Value| json!({ "RequestItems": { "insights": { "Keys": keys } } });
    assert_eq!(outcome("BatchGetItem", batch(json!([key("a")]))), "200");
    assert_eq!(
        outcome("BatchGetItem", batch(json!([key("a"), key("b")]))),
        "AccessDeniedException"
    );
    let transaction = |pk: &str| json!({ "TransactItems": [{ "Get": get("insights", "a") }, { "Get": get("insights", pk) }] });
    assert_eq!(
        outcome("TransactGetItems", transaction("b")),
        "AccessDeniedException"
    );
    let write = |pk: &str| json!({ "RequestItems": { "insights": [{ "PutRequest": { "Item": key(pk) } }] } });
    assert_eq!(outcome("BatchWriteItem", write("a")), "200");
    assert_eq!(
        outcome("BatchWriteItem", write("b")),
        "AccessDeniedException"
    );
    // Ways to say the one and mean the other.
    let two = json!({
        "TableName": "insights", "KeyConditionExpression": "pk = :v AND pk = :w",
        "ExpressionAttributeValues": { ":v": { "S": "a" }, ":w": { "S": "b" } },
    });
    assert_eq!(outcome("Query", two), "AccessDeniedException");
    let mut both = query(None, "pk = :v", "a");
    both["KeyConditions"] =
        json!({ "pk": { "ComparisonOperator": "EQ", "AttributeValueList": [{ "S": "b" }] } });
    assert_eq!(outcome("Query", both), "AccessDeniedException");
    let legacy = |value: &str| {
        json!({
            "TableName": "insights",
            "KeyConditions": { "pk": { "ComparisonOperator": "EQ", "AttributeValueList": [{ "S": value }] } },
        })
    };
    assert_eq!(outcome("Query", legacy("a")), "200");
    assert_eq!(outcome("Query", legacy("b")), "AccessDeniedException");
}

#[test]
fn attributes_limit_a_caller_to_the_named_attributes() {
    let world = world();
    let condition =
        json!({ "ForAllValues:StringEquals": { "dynamodb:Attributes": ["pk", "topic"] } });
    let bot = world.user("bot", Some(with_condition(&["dynamodb:*"], condition)));
    let outcome = |operation: &str, body: Value| outcome(&call(&world, &bot, operation, &body));
    let projected = |expression: &str| {
        let mut body = get("insights", "a");
        body["ProjectionExpression"] = expression.into();
        body["ExpressionAttributeNames"] = json!({ "#s": "secret", "#t": "topic" });
        body
    };
    let read = |expression: &str| {
        let mut body = projected(expression);
        // A name that is not used is an error of its own.
        let names = body["ExpressionAttributeNames"].as_object_mut().unwrap();
        names.retain(|name, _| expression.contains(name));
        if names.is_empty() {
            body.as_object_mut()
                .unwrap()
                .remove("ExpressionAttributeNames");
        }
        outcome("GetItem", body)
    };
    assert_eq!(read("topic"), "200");
    assert_eq!(read("#t, pk"), "200");
    assert_eq!(read("secret"), "AccessDeniedException");
    assert_eq!(read("topic, #s"), "AccessDeniedException");
    assert_eq!(read("#s.topic"), "AccessDeniedException");
    // Nothing is named, and everything comes back.
    assert_eq!(
        outcome("GetItem", get("insights", "a")),
        "AccessDeniedException"
    );
    assert_eq!(
        outcome("PutItem", put("insights", "a")),
        "AccessDeniedException"
    );
    let delete = |returned: &str| {
        let mut body = get("insights", "b");
        body["ReturnValues"] = returned.into();
        body
    };
    assert_eq!(
        outcome("DeleteItem", delete("ALL_OLD")),
        "AccessDeniedException"
    );
    assert_eq!(outcome("DeleteItem", delete("NONE")), "200");
    let update = |expression: &str| {
        json!({
            "TableName": "insights", "Key": key("a"), "UpdateExpression": expression,
            "ExpressionAttributeValues": { ":v": { "S": "x" } },
        })
    };
    assert_eq!(outcome("UpdateItem", update("SET topic = :v")), "200");
    assert_eq!(
        outcome("UpdateItem", update("SET topic = :v REMOVE secret")),
        "AccessDeniedException"
    );
    let mut guess = update("SET topic = :v");
    guess["ConditionExpression"] = "begins_with(secret, :v)".into();
    assert_eq!(outcome("UpdateItem", guess), "AccessDeniedException");
}

#[test]
fn policies_can_test_tags_and_the_enclosing_operation() {
    let world = world();
    let root = Bowline::root();
    let inside = json!({ "StringEquals": { "dynamodb:EnclosingOperation": "TransactWriteItems" } });
    let bot = world.user("bot", Some(with_condition(&["dynamodb:PutItem"], inside)));
    assert_eq!(
        outcome(&call(&world, &bot, "PutItem", &put("insights", "c"))),
        "AccessDeniedException"
    );
    let items = json!({ "TransactItems": [{ "Put": put("insights", "c") }] });
    assert_eq!(
        outcome(&call(&world, &bot, "TransactWriteItems", &items)),
        "200"
    );

    let tagged = json!({ "StringEquals": { "aws:ResourceTag/team": "red" } });
    let reader = world.user(
        "reader",
        Some(with_condition(&["dynamodb:GetItem"], tagged)),
    );
    let read = || outcome(&call(&world, &reader, "GetItem", &get("insights", "a")));
    assert_eq!(read(), "AccessDeniedException");
    let tag =
        json!({ "ResourceArn": arn("insights"), "Tags": [{ "Key": "team", "Value": "red" }] });
    call(&world, &root, "TagResource", &tag).accepted();
    assert_eq!(read(), "200");
    // The permission to create tables does not include the permission to tag them.
    let maker = world.user("maker", Some(allow(&["dynamodb:CreateTable"], &["*"])));
    let mut fresh = table("fresh");
    fresh["Tags"] = json!([{ "Key": "team", "Value": "red" }]);
    assert_eq!(
        outcome(&call(&world, &maker, "CreateTable", &fresh)),
        "AccessDeniedException"
    );
    assert_eq!(
        outcome(&call(&world, &maker, "CreateTable", &table("fresh"))),
        "200"
    );
}

#[test]
fn a_deny_with_a_plain_operator_applies_to_each_of_several_keys_and_attributes() {
    let world = world();
    let bot = |name: &str, key: &str, denied: &str| {
        let everything = json!({ "Effect": "Allow", "Action": "dynamodb:*", "Resource": "*" });
        let deny = json!({
            "Effect": "Deny", "Action": "dynamodb:*", "Resource": "*",
            "Condition": { "StringEquals": { key: denied } },
        });
        let policy = json!({ "Version": "2012-10-17", "Statement": [everything, deny] });
        world.user(name, Some(policy))
    };
    let keys = bot("keys", "dynamodb:LeadingKeys", "b");
    let outcome = |operation: &str, body: Value| outcome(&call(&world, &keys, operation, &body));
    assert_eq!(outcome("GetItem", get("insights", "a")), "200");
    let batch = |keys: Value| json!({ "RequestItems": { "insights": { "Keys": keys } } });
    assert_eq!(outcome("BatchGetItem", batch(json!([key("a")]))), "200");
    for (operation, body) in [
        ("GetItem", get("insights", "b")),
        ("PutItem", put("insights", "b")),
        ("Query", query(None, "pk = :v", "b")),
        ("BatchGetItem", batch(json!([key("b")]))),
        ("BatchGetItem", batch(json!([key("a"), key("b")]))),
        ("Scan", json!({ "TableName": "insights" })),
    ] {
        let denied = outcome(operation, body.clone());
        assert_eq!(denied, "AccessDeniedException", "{operation} {body}");
    }

    let attributes = bot("attributes", "dynamodb:Attributes", "secret");
    let read = |expression: &str| {
        let mut body = get("insights", "a");
        body["ProjectionExpression"] = expression.into();
        call(&world, &attributes, "GetItem", &body).status
    };
    assert_eq!(read("topic, pk"), 200);
    assert_eq!(read("secret"), 400);
    assert_eq!(read("topic, secret"), 400);
}
