//! The tables, indexes and items that a caller may use, and the table that a request names.

use super::*;

#[test]
fn a_policy_limits_a_caller_to_named_tables_and_indexes() {
    let world = world();
    let actions = [
        "PutItem",
        "GetItem",
        "Query",
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
    ];
    let actions = actions.map(|action| format!("dynamodb:{action}"));
    let actions: Vec<_> = actions.iter().map(String::as_str).collect();
    let bot = world.user("bot", Some(allow(&actions, &[&arn("insights")])));
    let outcome = |operation: &str, body: Value| outcome(&call(&world, &bot, operation, &body));

    assert_eq!(outcome("PutItem", put("insights", "c")), "200");
    assert_eq!(
        outcome("PutItem", put("other", "c")),
        "AccessDeniedException"
    );
    assert_eq!(outcome("GetItem", get("insights", "a")), "200");
    assert_eq!(
        outcome("GetItem", get("other", "a")),
        "AccessDeniedException"
    );
    assert_eq!(
        outcome("GetItem", get("nowhere", "a")),
        "AccessDeniedException"
    );
    assert_eq!(
        outcome("Scan", json!({ "TableName": "insights" })),
        "AccessDeniedException"
    );
    assert_eq!(outcome("Query", query(None, "pk = :v", "a")), "200");
    // The index has an ARN of its own.
    assert_eq!(
        outcome("Query", query(Some("by-topic"), "topic = :v", "monday")),
        "AccessDeniedException"
    );
    let of_index = world.user(
        "indexer",
        Some(allow(
            &["dynamodb:Query"],
            &[&arn("insights/index/by-topic")],
        )),
    );
    let body = query(Some("by-topic"), "topic = :v", "monday");
    assert_eq!(call(&world, &of_index, "Query", &body).status, 200);
    let body = query(None, "pk = :v", "a");
    assert_eq!(call(&world, &of_index, "Query", &body).status, 400);

    // One table without permission denies the batch.
    let keys = json!({ "Keys": [key("a")] });
    assert_eq!(
        outcome(
            "BatchGetItem",
            json!({ "RequestItems": { "insights": keys } })
        ),
        "200"
    );
    assert_eq!(
        outcome(
            "BatchGetItem",
            json!({ "RequestItems": { "insights": keys, "other": keys } })
        ),
        "AccessDeniedException"
    );
    let write = json!([{ "DeleteRequest": { "Key": key("b") } }]);
    assert_eq!(
        outcome(
            "BatchWriteItem",
            json!({ "RequestItems": { "insights": write, "other": write } })
        ),
        "AccessDeniedException"
    );
    assert!(
        call(&world, &bot, "GetItem", &get("insights", "b"))
            .text()
            .contains("secret")
    );
    assert_eq!(
        outcome(
            "BatchWriteItem",
            json!({ "RequestItems": { "insights": write } })
        ),
        "200"
    );
    assert_eq!(
        call(&world, &bot, "GetItem", &get("insights", "b")).text(),
        "{}"
    );
}

#[test]
fn a_transaction_needs_permission_for_each_of_its_items() {
    let world = world();
    let bot = world.user(
        "bot",
        Some(allow(
            &["dynamodb:PutItem", "dynamodb:GetItem"],
            &[&arn("insights")],
        )),
    );
    let write = |items: Value| {
        outcome(&call(
            &world,
            &bot,
            "TransactWriteItems",
            &json!({ "TransactItems": items }),
        ))
    };
    let put_one = json!({ "Put": put("insights", "c") });
    assert_eq!(write(json!([put_one])), "200");
    assert_eq!(
        write(json!([put_one, { "Put": put("other", "c") }])),
        "AccessDeniedException"
    );
    assert_eq!(
        write(json!([put_one, { "Delete": get("insights", "a") }])),
        "AccessDeniedException"
    );
    let update =
        json!({ "TableName": "insights", "Key": key("a"), "UpdateExpression": "REMOVE secret" });
    assert_eq!(
        write(json!([put_one, { "Update": update }])),
        "AccessDeniedException"
    );
    let check = json!({ "TableName": "insights", "Key": key("a"), "ConditionExpression": "attribute_exists(pk)" });
    assert_eq!(
        write(json!([put_one, { "ConditionCheck": check }])),
        "AccessDeniedException"
    );
    let read = |table: &str| {
        let items = json!({ "TransactItems": [{ "Get": get("insights", "a") }, { "Get": get(table, "b") }] });
        outcome(&call(&world, &bot, "TransactGetItems", &items))
    };
    assert_eq!(read("insights"), "200");
    assert_eq!(read("other"), "AccessDeniedException");
    // Two kinds in one item, of which one is allowed.
    assert_eq!(
        write(json!([{ "Put": put("insights", "c"), "Delete": get("insights", "a") }])),
        "ValidationException"
    );
}

#[test]
fn an_ambiguous_body_is_rejected() {
    let world = world();
    let bot = world.user("bot", Some(allow(&["dynamodb:*"], &[&arn("insights")])));
    let send = |operation: &str, body: &str| {
        world
            .send(&bot, "dynamodb", request(operation, body))
            .text()
    };
    assert!(
        send(
            "GetItem",
            r#"{"TableName": "insights", "Key": {"pk": {"S": "a"}}}"#
        )
        .contains("secret")
    );
    let doubled = |body: &str| {
        let outcome = send("GetItem", body);
        assert!(
            outcome.contains("SerializationException") && outcome.contains("is given twice"),
            "{outcome}"
        );
    };
    doubled(r#"{"TableName": "insights", "TableName": "other", "Key": {"pk": {"S": "a"}}}"#);
    doubled(r#"{"TableName": "other", "TableName": "insights", "Key": {"pk": {"S": "a"}}}"#);
    doubled(r#"{"TableName": "insights", "T\u0061bleName": "other", "Key": {"pk": {"S": "a"}}}"#);
    let request_items = |first: &str, second: &str| {
        format!(
            r#"{{"RequestItems": {{"{first}": {{"Keys": [{{"pk": {{"S": "a"}}}}]}}}}, "RequestItems": {{"{second}": {{"Keys": [{{"pk": {{"S": "a"}}}}]}}}}}}"#
        )
    };
    assert!(
        send("BatchGetItem", &request_items("insights", "other"))
            .contains("SerializationException")
    );
    // Members that the operation does not have: in another case, and of another operation.
    assert_snapshot!(send("GetItem", r#"{"TableName": "insights", "Key": {"pk": {"S": "a"}}, "tableName": "other"}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"The parameter tableName is not supported."}"#);
    assert_snapshot!(send("GetItem", r#"{"TableName": "insights", "Key": {"pk": {"S": "a"}}, "table_name": "other"}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"The parameter table_name is not supported."}"#);
    assert_snapshot!(send("GetItem", "{\"TableName\": \"insights\", \"Key\": {\"pk\": {\"S\": \"a\"}}}\0{}"), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"line 1, column 53: something stands after the end of the value"}"#);
}

#[test]
fn a_table_arn_names_a_table_of_the_callers_account_only() {
    let world = World::without_roles(Launch::two_accounts(), Issuer::start());
    fill(&world);
    let other = Bowline::other_root();
    call(&world, &other, "CreateTable", &table("vault")).accepted();
    call(&world, &other, "PutItem", &put("vault", "a")).accepted();
    let foreign = format!("arn:aws:dynamodb:us-east-1:{OTHER_ACCOUNT}:table/vault");

    let bot = world.user(
        "bot",
        Some(allow(&["dynamodb:*"], &[&arn("insights"), &foreign])),
    );
    let by = |keys: &Keys, table: &str| call(&world, keys, "GetItem", &get(table, "a")).text();
    assert!(by(&bot, &arn("insights")).contains("secret"));
    assert_snapshot!(by(&bot, &arn("other")), @r#"{"__type":"com.amazon.coral.service#AccessDeniedException","message":"User: arn:aws:iam::432797229265:user/bot is not authorized to perform: dynamodb:GetItem on resource: arn:aws:dynamodb:us-east-1:432797229265:table/other because no identity-based policy allows the dynamodb:GetItem action"}"#);
    assert_snapshot!(by(&bot, &foreign), @r#"{"__type":"com.amazon.coral.service#AccessDeniedException","message":"User: arn:aws:iam::432797229265:user/bot is not authorized to perform: dynamodb:GetItem on resource: arn:aws:dynamodb:us-east-1:111122223333:table/vault"}"#);
    // Not by an administrator of another account, nor by its name, nor if it does not exist.
    let root = Bowline::root();
    assert_snapshot!(by(&root, &foreign), @r#"{"__type":"com.amazon.coral.service#AccessDeniedException","message":"User: arn:aws:iam::432797229265:root is not authorized to perform: dynamodb:GetItem on resource: arn:aws:dynamodb:us-east-1:111122223333:table/vault"}"#);
    assert_snapshot!(by(&root, "vault"), @r#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found"}"#);
    assert_snapshot!(by(&root, &foreign.replace("vault", "fault")), @r#"{"__type":"com.amazon.coral.service#AccessDeniedException","message":"User: arn:aws:iam::432797229265:root is not authorized to perform: dynamodb:GetItem on resource: arn:aws:dynamodb:us-east-1:111122223333:table/fault"}"#);
    assert!(by(&other, &foreign).contains("secret"));
    for (operation, body) in [
        ("DescribeTable", json!({ "TableName": foreign })),
        ("DeleteTable", json!({ "TableName": foreign })),
        ("TagResource", json!({ "ResourceArn": foreign, "Tags": [] })),
        ("ListTagsOfResource", json!({ "ResourceArn": foreign })),
        (
            "BatchGetItem",
            json!({ "RequestItems": { "insights": { "Keys": [key("a")] }, &*foreign: { "Keys": [key("a")] } } }),
        ),
        (
            "TransactWriteItems",
            json!({ "TransactItems": [{ "Put": put(&foreign, "z") }] }),
        ),
    ] {
        assert_eq!(
            outcome(&call(&world, &root, operation, &body)),
            "AccessDeniedException",
            "{operation}"
        );
    }
    assert_snapshot!(call(&world, &other, "ListTables", &json!({})).text(), @r#"{"TableNames":["vault"]}"#);
    assert_snapshot!(call(&world, &root, "ListTables", &json!({})).text(), @r#"{"TableNames":["insights","other"]}"#);
}

#[test]
fn the_region_of_the_signature_selects_the_table() {
    let world = world();
    let root = Bowline::root();
    let port = world.server.port;
    let at = |region: &str, operation: &str, body: Value| {
        let signed = Signer::new(&root, "dynamodb")
            .region(region)
            .sign(request(operation, &body.to_string()), port);
        signed.send(port).text()
    };
    assert!(at("us-east-1", "GetItem", get("insights", "a")).contains("secret"));
    assert_snapshot!(at("eu-west-1", "GetItem", get("insights", "a")), @r#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found"}"#);
    assert_snapshot!(at("eu-west-1", "ListTables", json!({})), @r#"{"TableNames":[]}"#);
    // By the ARN of its region, through another.
    assert_snapshot!(at("eu-west-1", "GetItem", get(&arn("insights"), "a")), @r#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found"}"#);
    assert_snapshot!(at("eu-west-1", "CreateTable", table(&arn("fresh"))), @r#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found: Table: fresh not found"}"#);
    at("eu-west-1", "CreateTable", table("insights"));
    assert_eq!(at("eu-west-1", "GetItem", get("insights", "a")), "{}");
    assert_snapshot!(at("../../etc", "ListTables", json!({})), @r#"{"__type":"com.amazon.coral.service#IncompleteSignatureException","message":"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '[AKIA]/[day]/../../etc/dynamodb/aws4_request'"}"#);
}
