//! DynamoDB: what boto3 gets, what a policy keeps a caller from, and what attackers try. Each refusal stands beside an accepted twin.

mod tables;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::bowline::{ACCOUNT, Bowline, Launch, OTHER_ACCOUNT};
use crate::support::http::{Request, Response};
use crate::support::issuer::Issuer;
use crate::support::keys::Keys;
use crate::support::python::clients;
use crate::support::sign::Signer;
use crate::support::wait::wait_for;
use crate::support::world::{World, allow, role_arn};

const TARGET: &str = "DynamoDB_20120810";

/// A call that is not yet signed. The body is text, so that it can hold what no JSON library writes.
fn request(operation: &str, body: &str) -> Request {
    Request::new("POST", "/")
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", &format!("{TARGET}.{operation}"))
        .body(body)
}

fn call(world: &World, keys: &Keys, operation: &str, body: &Value) -> Response {
    world.send(keys, "dynamodb", request(operation, &body.to_string()))
}

/// The short code of a refusal, or the status of what was done.
fn told(response: &Response) -> String {
    let text = response.text();
    let Ok(body) = serde_json::from_str::<Value>(&text) else {
        return response.status.to_string();
    };
    match body["__type"].as_str() {
        Some(code) => code.rsplit('#').next().unwrap().to_owned(),
        None => response.status.to_string(),
    }
}

fn table(name: &str) -> Value {
    json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
        "AttributeDefinitions": [
            { "AttributeName": "pk", "AttributeType": "S" },
            { "AttributeName": "topic", "AttributeType": "S" },
        ],
        "GlobalSecondaryIndexes": [{
            "IndexName": "by-topic",
            "KeySchema": [{ "AttributeName": "topic", "KeyType": "HASH" }],
            "Projection": { "ProjectionType": "ALL" },
        }],
    })
}

fn arn(resource: &str) -> String {
    format!("arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{resource}")
}

/// The key of an item.
fn key(pk: &str) -> Value {
    json!({ "pk": { "S": pk } })
}

fn get(table: &str, pk: &str) -> Value {
    json!({ "TableName": table, "Key": key(pk) })
}

fn put(table: &str, pk: &str) -> Value {
    json!({ "TableName": table, "Item": { "pk": { "S": pk }, "topic": { "S": "monday" }, "secret": { "S": "x" } } })
}

fn query(index: Option<&str>, condition: &str, value: &str) -> Value {
    let mut body = json!({
        "TableName": "insights",
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": { ":v": { "S": value } },
    });
    if let Some(index) = index {
        body["IndexName"] = index.into();
    }
    body
}

/// A world with the tables `insights` and `other`, each with the items `a` and `b`.
fn world() -> World {
    let world = World::without_roles(Launch::default(), Issuer::start());
    fill(&world);
    world
}

fn fill(world: &World) {
    let root = Bowline::root();
    for name in ["insights", "other"] {
        call(world, &root, "CreateTable", &table(name)).accepted();
        for pk in ["a", "b"] {
            call(world, &root, "PutItem", &put(name, pk)).accepted();
        }
    }
}

fn with_condition(actions: &[&str], condition: Value) -> Value {
    let mut policy = allow(actions, &[&arn("insights"), &arn("insights/index/*")]);
    policy["Statement"][0]["Condition"] = condition;
    policy
}

#[test]
fn boto3_works_through_tables_items_and_tags() {
    let Some(clients) = clients() else { return };
    let world = World::without_roles(Launch::default(), Issuer::start());
    assert_snapshot!(clients.drive("dynamodb.py", &world.server.url, Some(&Bowline::root()), &[("AWS_DEFAULT_REGION", "us-east-1")]), @r##"
    create_table TableName=insights KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}] AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}, {"AttributeName": "day", "AttributeType": "S"}] GlobalSecondaryIndexes=[{"IndexName": "by-day", "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}] BillingMode=PAY_PER_REQUEST Tags=[{"Key": "team", "Value": "red"}]
      {"TableDescription": {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}, {"AttributeName": "day", "AttributeType": "S"}], "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}, "CreationDateTime": "[time]", "GlobalSecondaryIndexes": [{"IndexArn": "arn:aws:dynamodb:us-east-1:432797229265:table/insights/index/by-day", "IndexName": "by-day", "IndexSizeBytes": 0, "IndexStatus": "CREATING", "ItemCount": 0, "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}, "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}}], "ItemCount": 0, "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}], "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}, "TableArn": "arn:aws:dynamodb:us-east-1:432797229265:table/insights", "TableId": "[uuid]", "TableName": "insights", "TableSizeBytes": 0, "TableStatus": "CREATING"}}
    create_table TableName=insights KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}] AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}] BillingMode=PAY_PER_REQUEST
      400 ResourceInUseException: Table already exists: insights
    create_table TableName=other KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}] AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}] BillingMode=PAY_PER_REQUEST
      {"TableDescription": {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}], "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}, "CreationDateTime": "[time]", "ItemCount": 0, "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}, "TableArn": "arn:aws:dynamodb:us-east-1:432797229265:table/other", "TableId": "[uuid]", "TableName": "other", "TableSizeBytes": 0, "TableStatus": "CREATING"}}
    arn:aws:dynamodb:us-east-1:432797229265:table/insights
    describe_table TableName=nowhere
      400 ResourceNotFoundException: Requested resource not found: Table: nowhere not found
    list_tables 
      {"TableNames": ["insights", "other"]}
    list_tables Limit=1
      {"LastEvaluatedTableName": "insights", "TableNames": ["insights"]}
    list_tables ExclusiveStartTableName=insights
      {"TableNames": ["other"]}
    list_tables Limit=101
      400 ValidationException: 1 validation error detected: Value '101' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100
    put_item TableName=insights Item={"pk": {"S": "a"}, "sk": {"S": "2"}}
      {}
    True
    get_item TableName=arn:aws:dynamodb:us-east-1:432797229265:table/insights Key={"pk": {"S": "a"}, "sk": {"S": "2"}}
      {"Item": {"pk": {"S": "a"}, "sk": {"S": "2"}}}
    put_item TableName=insights Item={"pk": {"S": "a"}, "sk": {"S": "2"}} ConditionExpression=attribute_not_exists(pk)
      400 ConditionalCheckFailedException: The conditional request failed
    put_item TableName=insights Item={"pk": {"S": "a"}}
      400 ValidationException: One or more parameter values were invalid: Missing the key sk in the item
    put_item TableName=nowhere Item={"pk": {"S": "a"}}
      400 ResourceNotFoundException: Requested resource not found
    update_item TableName=insights Key={"pk": {"S": "a"}, "sk": {"S": "2"}} UpdateExpression=SET n = :n ExpressionAttributeValues={":n": {"N": "7"}} ReturnValues=ALL_NEW
      {"Attributes": {"n": {"N": "7"}, "pk": {"S": "a"}, "sk": {"S": "2"}}}
    query TableName=insights KeyConditionExpression=pk = :p AND sk > :s ExpressionAttributeValues={":p": {"S": "a"}, ":s": {"S": "1"}}
      {"Count": 1, "Items": [{"n": {"N": "7"}, "pk": {"S": "a"}, "sk": {"S": "2"}}], "ScannedCount": 1}
    query TableName=insights IndexName=by-day KeyConditionExpression=#d = :d ExpressionAttributeNames={"#d": "day"} ExpressionAttributeValues={":d": {"S": "monday"}} Select=COUNT
      {"Count": 1, "ScannedCount": 1}
    scan TableName=insights FilterExpression=n = :n ExpressionAttributeValues={":n": {"N": "7"}}
      {"Count": 1, "Items": [{"n": {"N": "7"}, "pk": {"S": "a"}, "sk": {"S": "2"}}], "ScannedCount": 2}
    [1, 1, 0]
    batch_write_item RequestItems={"insights": [{"DeleteRequest": {"Key": {"pk": {"S": "a"}, "sk": {"S": "1"}}}}], "other": [{"PutRequest": {"Item": {"pk": {"S": "b"}}}}]}
      {"UnprocessedItems": {}}
    batch_get_item RequestItems={"arn:aws:dynamodb:us-east-1:432797229265:table/insights": {"Keys": [{"pk": {"S": "a"}, "sk": {"S": "2"}}]}, "other": {"Keys": [{"pk": {"S": "b"}}]}}
      {"Responses": {"arn:aws:dynamodb:us-east-1:432797229265:table/insights": [{"n": {"N": "7"}, "pk": {"S": "a"}, "sk": {"S": "2"}}], "other": [{"pk": {"S": "b"}}]}, "UnprocessedKeys": {}}
    batch_get_item RequestItems={"arn:aws:dynamodb:us-east-1:432797229265:table/insights": {"Keys": [{"pk": {"S": "a"}, "sk": {"S": "2"}}]}, "insights": {"Keys": [{"pk": {"S": "a"}, "sk": {"S": "1"}}]}}
      400 ValidationException: The table insights is named more than once
    Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed] [{'Code': 'None'}, {'Code': 'ConditionalCheckFailed', 'Message': 'The conditional request failed'}]
    transact_write_items TransactItems=[{"Put": {"TableName": "other", "Item": {"pk": {"S": "c"}}}}]
      {}
    transact_get_items TransactItems=[{"Get": {"TableName": "other", "Key": {"pk": {"S": "c"}}}}]
      {"Responses": [{"Item": {"pk": {"S": "c"}}}]}
    list_tags_of_resource ResourceArn=arn:aws:dynamodb:us-east-1:432797229265:table/insights
      {"Tags": [{"Key": "team", "Value": "red"}]}
    tag_resource ResourceArn=arn:aws:dynamodb:us-east-1:432797229265:table/insights Tags=[{"Key": "Team", "Value": "blue"}, {"Key": "cost", "Value": ""}]
      {}
    untag_resource ResourceArn=arn:aws:dynamodb:us-east-1:432797229265:table/insights TagKeys=["cost", "none"]
      {}
    list_tags_of_resource ResourceArn=arn:aws:dynamodb:us-east-1:432797229265:table/insights
      {"Tags": [{"Key": "Team", "Value": "blue"}]}
    tag_resource ResourceArn=arn:aws:dynamodb:us-east-1:432797229265:table/insights Tags=[{"Key": "aws:x", "Value": "y"}]
      400 ValidationException: One or more parameter values were invalid: Tag keys starting with 'aws:' are reserved for system use
    list_tags_of_resource ResourceArn=arn:aws:dynamodb:us-east-1:432797229265:table/nowhere
      400 ResourceNotFoundException: Requested resource not found: Table: nowhere not found
    update_time_to_live TableName=insights TimeToLiveSpecification={"Enabled": true, "AttributeName": "until"}
      {"TimeToLiveSpecification": {"AttributeName": "until", "Enabled": true}}
    describe_time_to_live TableName=insights
      {"TimeToLiveDescription": {"AttributeName": "until", "TimeToLiveStatus": "ENABLED"}}
    update_table TableName=insights AttributeDefinitions=[{"AttributeName": "owner", "AttributeType": "S"}] GlobalSecondaryIndexUpdates=[{"Create": {"IndexName": "by-owner", "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}], "Projection": {"ProjectionType": "KEYS_ONLY"}}}]
      {"TableDescription": {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}, {"AttributeName": "day", "AttributeType": "S"}, {"AttributeName": "owner", "AttributeType": "S"}], "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}, "CreationDateTime": "[time]", "DeletionProtectionEnabled": false, "GlobalSecondaryIndexes": [{"IndexArn": "arn:aws:dynamodb:us-east-1:432797229265:table/insights/index/by-day", "IndexName": "by-day", "IndexSizeBytes": 0, "IndexStatus": "ACTIVE", "ItemCount": 0, "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}, "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}}, {"IndexArn": "arn:aws:dynamodb:us-east-1:432797229265:table/insights/index/by-owner", "IndexName": "by-owner", "IndexSizeBytes": 0, "IndexStatus": "ACTIVE", "ItemCount": 0, "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}], "Projection": {"ProjectionType": "KEYS_ONLY"}, "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}}], "ItemCount": 1, "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}], "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}, "TableArn": "arn:aws:dynamodb:us-east-1:432797229265:table/insights", "TableId": "[uuid]", "TableName": "insights", "TableSizeBytes": 9, "TableStatus": "ACTIVE"}}
    ['arn:aws:dynamodb:us-east-1:432797229265:table/insights/index/by-day', 'arn:aws:dynamodb:us-east-1:432797229265:table/insights/index/by-owner']
    update_table TableName=insights DeletionProtectionEnabled=true
      {"TableDescription": {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}, {"AttributeName": "day", "AttributeType": "S"}, {"AttributeName": "owner", "AttributeType": "S"}], "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}, "CreationDateTime": "[time]", "DeletionProtectionEnabled": true, "GlobalSecondaryIndexes": [{"IndexArn": "arn:aws:dynamodb:us-east-1:432797229265:table/insights/index/by-day", "IndexName": "by-day", "IndexSizeBytes": 0, "IndexStatus": "ACTIVE", "ItemCount": 0, "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}, "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}}, {"IndexArn": "arn:aws:dynamodb:us-east-1:432797229265:table/insights/index/by-owner", "IndexName": "by-owner", "IndexSizeBytes": 0, "IndexStatus": "ACTIVE", "ItemCount": 0, "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}], "Projection": {"ProjectionType": "KEYS_ONLY"}, "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}}], "ItemCount": 1, "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}], "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}, "TableArn": "arn:aws:dynamodb:us-east-1:432797229265:table/insights", "TableId": "[uuid]", "TableName": "insights", "TableSizeBytes": 9, "TableStatus": "ACTIVE"}}
    delete_table TableName=insights
      400 ValidationException: Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.
    update_table TableName=insights DeletionProtectionEnabled=false
      {"TableDescription": {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}, {"AttributeName": "day", "AttributeType": "S"}, {"AttributeName": "owner", "AttributeType": "S"}], "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}, "CreationDateTime": "[time]", "DeletionProtectionEnabled": false, "GlobalSecondaryIndexes": [{"IndexArn": "arn:aws:dynamodb:us-east-1:432797229265:table/insights/index/by-day", "IndexName": "by-day", "IndexSizeBytes": 0, "IndexStatus": "ACTIVE", "ItemCount": 0, "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}, "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}}, {"IndexArn": "arn:aws:dynamodb:us-east-1:432797229265:table/insights/index/by-owner", "IndexName": "by-owner", "IndexSizeBytes": 0, "IndexStatus": "ACTIVE", "ItemCount": 0, "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}], "Projection": {"ProjectionType": "KEYS_ONLY"}, "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}}], "ItemCount": 1, "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}], "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}, "TableArn": "arn:aws:dynamodb:us-east-1:432797229265:table/insights", "TableId": "[uuid]", "TableName": "insights", "TableSizeBytes": 9, "TableStatus": "ACTIVE"}}
    DELETING
    delete_table TableName=insights
      400 ResourceNotFoundException: Requested resource not found: Table: insights not found
    get_item TableName=insights Key={"pk": {"S": "a"}, "sk": {"S": "2"}}
      400 ResourceNotFoundException: Requested resource not found
    describe_limits 
      400 UnknownOperationException: Could not find operation DescribeLimits for version 2012-08-10
    execute_statement Statement=SELECT * FROM other
      400 UnknownOperationException: Could not find operation ExecuteStatement for version 2012-08-10
    list_streams 
      400 UnknownOperationException: Could not find operation ListStreams for version 2012-08-10
    "##);
}

#[test]
fn a_pod_uses_its_table_with_the_aws_cli() {
    let Some(clients) = clients() else { return };
    let world = World::new();
    fill(&world);
    let policy = allow(
        &["dynamodb:PutItem", "dynamodb:GetItem"],
        &[&arn("insights")],
    )
    .to_string();
    world
        .iam(
            "PutRolePolicy",
            &[
                ("RoleName", "bot"),
                ("PolicyName", "tables"),
                ("PolicyDocument", &policy),
            ],
        )
        .accepted();
    let token = world.server.home().join("token");
    std::fs::write(&token, world.issuer.good()).unwrap();
    let role = role_arn("bot");
    let pod = [
        ("AWS_ROLE_ARN", &*role),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap()),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ];
    let aws = |args: &[&str]| {
        let args = [&["dynamodb"], args].concat();
        clients.aws(&args, &world.server.url, None, &pod)
    };
    let item = r#"{"pk": {"S": "c"}, "n": {"N": "7"}}"#;
    aws(&["put-item", "--table-name", "insights", "--item", item]);
    let key = r#"{"pk": {"S": "c"}}"#;
    let got = aws(&[
        "get-item",
        "--table-name",
        &arn("insights"),
        "--key",
        key,
        "--query",
        "Item.n.N",
    ]);
    assert_eq!(got, "\"7\"\n");
}

#[test]
fn a_caller_uses_the_tables_and_indexes_that_its_policy_names() {
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
    let told = |operation: &str, body: Value| told(&call(&world, &bot, operation, &body));

    assert_eq!(told("PutItem", put("insights", "c")), "200");
    assert_eq!(told("PutItem", put("other", "c")), "AccessDeniedException");
    assert_eq!(told("GetItem", get("insights", "a")), "200");
    assert_eq!(told("GetItem", get("other", "a")), "AccessDeniedException");
    assert_eq!(
        told("GetItem", get("nowhere", "a")),
        "AccessDeniedException"
    );
    assert_eq!(
        told("Scan", json!({ "TableName": "insights" })),
        "AccessDeniedException"
    );
    assert_eq!(told("Query", query(None, "pk = :v", "a")), "200");
    // The index has an ARN of its own.
    assert_eq!(
        told("Query", query(Some("by-topic"), "topic = :v", "monday")),
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

    // One table that is not allowed spoils the batch.
    let keys = json!({ "Keys": [key("a")] });
    assert_eq!(
        told(
            "BatchGetItem",
            json!({ "RequestItems": { "insights": keys } })
        ),
        "200"
    );
    assert_eq!(
        told(
            "BatchGetItem",
            json!({ "RequestItems": { "insights": keys, "other": keys } })
        ),
        "AccessDeniedException"
    );
    let write = json!([{ "DeleteRequest": { "Key": key("b") } }]);
    assert_eq!(
        told(
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
        told(
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
fn a_transaction_takes_the_permission_of_each_of_its_items() {
    let world = world();
    let bot = world.user(
        "bot",
        Some(allow(
            &["dynamodb:PutItem", "dynamodb:GetItem"],
            &[&arn("insights")],
        )),
    );
    let write = |items: Value| {
        told(&call(
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
        told(&call(&world, &bot, "TransactGetItems", &items))
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
fn a_body_that_two_readers_could_understand_in_two_ways_is_refused() {
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
        let told = send("GetItem", body);
        assert!(
            told.contains("SerializationException") && told.contains("is given twice"),
            "{told}"
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
    // Members that the operation does not have, in another case and of another operation.
    assert_snapshot!(send("GetItem", r#"{"TableName": "insights", "Key": {"pk": {"S": "a"}}, "tableName": "other"}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"The parameter tableName is not supported."}"#);
    assert_snapshot!(send("GetItem", r#"{"TableName": "insights", "Key": {"pk": {"S": "a"}}, "table_name": "other"}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"The parameter table_name is not supported."}"#);
    assert_snapshot!(send("GetItem", "{\"TableName\": \"insights\", \"Key\": {\"pk\": {\"S\": \"a\"}}}\0{}"), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"line 1, column 53: something stands after the end of the value"}"#);
}

#[test]
fn a_table_by_its_arn_is_that_table_and_another_accounts_is_out_of_reach() {
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
    // Not even by those who may do everything in their own account, nor by name, nor one that is not there.
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
            told(&call(&world, &root, operation, &body)),
            "AccessDeniedException",
            "{operation}"
        );
    }
    assert_snapshot!(call(&world, &other, "ListTables", &json!({})).text(), @r#"{"TableNames":["vault"]}"#);
    assert_snapshot!(call(&world, &root, "ListTables", &json!({})).text(), @r#"{"TableNames":["insights","other"]}"#);
}

#[test]
fn another_regions_scope_names_another_table() {
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
    assert_snapshot!(at("../../etc", "ListTables", json!({})), @r#"{"__type":"com.amazon.coral.service#IncompleteSignatureException","message":"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '[AKIA]/20261128/../../etc/dynamodb/aws4_request'"}"#);
}

#[test]
fn leading_keys_keep_a_caller_to_its_own_items() {
    let world = world();
    let condition =
        json!({ "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["a", "monday"] } });
    let bot = world.user("bot", Some(with_condition(&["dynamodb:*"], condition)));
    let told = |operation: &str, body: Value| told(&call(&world, &bot, operation, &body));
    assert_eq!(told("GetItem", get("insights", "a")), "200");
    assert_eq!(
        told("GetItem", get("insights", "b")),
        "AccessDeniedException"
    );
    assert_eq!(told("PutItem", put("insights", "a")), "200");
    assert_eq!(
        told("PutItem", put("insights", "b")),
        "AccessDeniedException"
    );
    assert_eq!(told("Query", query(None, "pk = :v", "a")), "200");
    assert_eq!(
        told("Query", query(None, "pk = :v", "b")),
        "AccessDeniedException"
    );
    assert_eq!(
        told("Query", query(Some("by-topic"), "topic = :v", "monday")),
        "200"
    );
    assert_eq!(
        told("Query", query(Some("by-topic"), "topic = :v", "b")),
        "AccessDeniedException"
    );
    // What goes through all partitions has no key that could be held against the policy.
    assert_eq!(
        told("Scan", json!({ "TableName": "insights" })),
        "AccessDeniedException"
    );
    let batch = |keys: Value| json!({ "RequestItems": { "insights": { "Keys": keys } } });
    assert_eq!(told("BatchGetItem", batch(json!([key("a")]))), "200");
    assert_eq!(
        told("BatchGetItem", batch(json!([key("a"), key("b")]))),
        "AccessDeniedException"
    );
    let transaction = |pk: &str| json!({ "TransactItems": [{ "Get": get("insights", "a") }, { "Get": get("insights", pk) }] });
    assert_eq!(
        told("TransactGetItems", transaction("b")),
        "AccessDeniedException"
    );
    let write = |pk: &str| json!({ "RequestItems": { "insights": [{ "PutRequest": { "Item": key(pk) } }] } });
    assert_eq!(told("BatchWriteItem", write("a")), "200");
    assert_eq!(told("BatchWriteItem", write("b")), "AccessDeniedException");
    // Ways to say the one and mean the other.
    let two = json!({
        "TableName": "insights", "KeyConditionExpression": "pk = :v AND pk = :w",
        "ExpressionAttributeValues": { ":v": { "S": "a" }, ":w": { "S": "b" } },
    });
    assert_eq!(told("Query", two), "AccessDeniedException");
    let mut both = query(None, "pk = :v", "a");
    both["KeyConditions"] =
        json!({ "pk": { "ComparisonOperator": "EQ", "AttributeValueList": [{ "S": "b" }] } });
    assert_eq!(told("Query", both), "AccessDeniedException");
    let legacy = |value: &str| {
        json!({
            "TableName": "insights",
            "KeyConditions": { "pk": { "ComparisonOperator": "EQ", "AttributeValueList": [{ "S": value }] } },
        })
    };
    assert_eq!(told("Query", legacy("a")), "200");
    assert_eq!(told("Query", legacy("b")), "AccessDeniedException");
}

#[test]
fn attributes_keep_a_caller_to_those_that_are_named() {
    let world = world();
    let condition =
        json!({ "ForAllValues:StringEquals": { "dynamodb:Attributes": ["pk", "topic"] } });
    let bot = world.user("bot", Some(with_condition(&["dynamodb:*"], condition)));
    let told = |operation: &str, body: Value| told(&call(&world, &bot, operation, &body));
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
        told("GetItem", body)
    };
    assert_eq!(read("topic"), "200");
    assert_eq!(read("#t, pk"), "200");
    assert_eq!(read("secret"), "AccessDeniedException");
    assert_eq!(read("topic, #s"), "AccessDeniedException");
    assert_eq!(read("#s.topic"), "AccessDeniedException");
    // Nothing is named, and everything comes back.
    assert_eq!(
        told("GetItem", get("insights", "a")),
        "AccessDeniedException"
    );
    assert_eq!(
        told("PutItem", put("insights", "a")),
        "AccessDeniedException"
    );
    let delete = |returned: &str| {
        let mut body = get("insights", "b");
        body["ReturnValues"] = returned.into();
        body
    };
    assert_eq!(
        told("DeleteItem", delete("ALL_OLD")),
        "AccessDeniedException"
    );
    assert_eq!(told("DeleteItem", delete("NONE")), "200");
    let update = |expression: &str| {
        json!({
            "TableName": "insights", "Key": key("a"), "UpdateExpression": expression,
            "ExpressionAttributeValues": { ":v": { "S": "x" } },
        })
    };
    assert_eq!(told("UpdateItem", update("SET topic = :v")), "200");
    assert_eq!(
        told("UpdateItem", update("SET topic = :v REMOVE secret")),
        "AccessDeniedException"
    );
    let mut guess = update("SET topic = :v");
    guess["ConditionExpression"] = "begins_with(secret, :v)".into();
    assert_eq!(told("UpdateItem", guess), "AccessDeniedException");
}

#[test]
fn tags_and_the_enclosing_operation_are_asked_for_by_policies() {
    let world = world();
    let root = Bowline::root();
    let inside = json!({ "StringEquals": { "dynamodb:EnclosingOperation": "TransactWriteItems" } });
    let bot = world.user("bot", Some(with_condition(&["dynamodb:PutItem"], inside)));
    assert_eq!(
        told(&call(&world, &bot, "PutItem", &put("insights", "c"))),
        "AccessDeniedException"
    );
    let items = json!({ "TransactItems": [{ "Put": put("insights", "c") }] });
    assert_eq!(
        told(&call(&world, &bot, "TransactWriteItems", &items)),
        "200"
    );

    let tagged = json!({ "StringEquals": { "aws:ResourceTag/team": "red" } });
    let reader = world.user(
        "reader",
        Some(with_condition(&["dynamodb:GetItem"], tagged)),
    );
    let read = || told(&call(&world, &reader, "GetItem", &get("insights", "a")));
    assert_eq!(read(), "AccessDeniedException");
    let tag =
        json!({ "ResourceArn": arn("insights"), "Tags": [{ "Key": "team", "Value": "red" }] });
    call(&world, &root, "TagResource", &tag).accepted();
    assert_eq!(read(), "200");
    // Whoever may make tables may not tag them by it.
    let maker = world.user("maker", Some(allow(&["dynamodb:CreateTable"], &["*"])));
    let mut fresh = table("fresh");
    fresh["Tags"] = json!([{ "Key": "team", "Value": "red" }]);
    assert_eq!(
        told(&call(&world, &maker, "CreateTable", &fresh)),
        "AccessDeniedException"
    );
    assert_eq!(
        told(&call(&world, &maker, "CreateTable", &table("fresh"))),
        "200"
    );
}

#[test]
fn a_request_that_is_not_proved_is_refused_in_the_words_of_dynamodb() {
    let world = world();
    let port = world.server.port;
    let root = Bowline::root();
    let list = || request("ListTables", "{}");
    let sent = |keys: &Keys| world.send(keys, "dynamodb", list()).verdict();
    assert_eq!(sent(&root), "200");
    assert_snapshot!(list().send(port).verdict(), @r#"400 {"__type":"com.amazon.coral.service#MissingAuthenticationTokenException","message":"Request is missing Authentication Token"}"#);
    let guess = Keys {
        secret_access_key: "x".repeat(40),
        ..Bowline::root()
    };
    assert_snapshot!(sent(&guess), @r#"400 {"__type":"com.amazon.coral.service#InvalidSignatureException","message":"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."}"#);
    let nobody = Keys {
        access_key_id: "AKIANOSUCHKEYAAAAAAA".to_owned(),
        ..guess
    };
    assert_snapshot!(sent(&nobody), @r#"400 {"__type":"com.amazon.coral.service#UnrecognizedClientException","message":"The security token included in the request is invalid."}"#);
    let token = Keys {
        session_token: Some("bent".to_owned()),
        ..Bowline::root()
    };
    assert_snapshot!(sent(&token), @r#"400 {"__type":"com.amazon.coral.service#UnrecognizedClientException","message":"The security token included in the request is invalid."}"#);
    let late = Signer::new(&root, "dynamodb")
        .seconds_ago(3600)
        .sign(list(), port)
        .send(port);
    assert_eq!(told(&late), "InvalidSignatureException");
    let signed = Signer::new(&root, "dynamodb").sign(list(), port);
    assert_eq!(
        told(&signed.clone().body(r#"{"Limit": 1}"#).send(port)),
        "InvalidSignatureException"
    );
    assert_eq!(
        told(
            &signed
                .replaced("x-amz-target", "DynamoDB_20120810.DescribeLimits")
                .send(port)
        ),
        "InvalidSignatureException"
    );
    for (target, expected) in [
        ("DynamoDB_20120810.ListTables", "200"),
        (
            "DynamoDB_20120810.NoSuchOperation",
            "UnknownOperationException",
        ),
        ("DynamoDB_20120810.listtables", "UnknownOperationException"),
        (
            "DynamoDBStreams_20120810.ListTables",
            "UnknownOperationException",
        ),
        (
            "DynamoDBStreams_20120810.ListStreams",
            "UnknownOperationException",
        ),
        ("DynamoDB_20111205.ListTables", "InvalidSignatureException"),
        (
            "Bowline_20261101.RotateKeyring",
            "InvalidSignatureException",
        ),
    ] {
        let answer = world.send(&root, "dynamodb", list().replaced("x-amz-target", target));
        assert_eq!(told(&answer), expected, "{target}");
    }
    let elsewhere = Request {
        target: "/insights".to_owned(),
        ..list()
    };
    assert_eq!(
        told(&world.send(&root, "dynamodb", elsewhere)),
        "UnknownOperationException"
    );
}

#[test]
fn an_answer_has_an_id_and_the_checksum_that_clients_compare() {
    let world = world();
    let root = Bowline::root();
    for body in [get("insights", "a"), get("nowhere", "a")] {
        let answer = call(&world, &root, "GetItem", &body);
        let crc = bowline_aws::checksum::crc32(&answer.body).to_string();
        assert_eq!(answer.value("x-amz-crc32"), Some(&*crc));
        assert_eq!(
            answer.value("content-type"),
            Some("application/x-amz-json-1.0")
        );
        assert!(answer.value("x-amzn-requestid").is_some());
    }
}

#[test]
fn calls_are_audited_explained_and_counted() {
    let world = world();
    let bot = world.user(
        "bot",
        Some(allow(&["dynamodb:GetItem"], &[&arn("insights")])),
    );
    let refused = call(
        &world,
        &bot,
        "BatchGetItem",
        &json!({ "RequestItems": { "insights": { "Keys": [key("a")] }, "other": { "Keys": [key("a")] } } }),
    );
    assert_snapshot!(refused.text(), @r#"{"__type":"com.amazon.coral.service#AccessDeniedException","message":"User: arn:aws:iam::432797229265:user/bot is not authorized to perform: dynamodb:BatchGetItem on resource: arn:aws:dynamodb:us-east-1:432797229265:table/insights because no identity-based policy allows the dynamodb:BatchGetItem action"}"#);
    let explained = world.explain(&refused);
    assert_eq!(explained["decisions"].as_array().unwrap().len(), 2);
    assert_eq!(explained["decisions"][1]["resource"], arn("other"));
    call(&world, &bot, "GetItem", &get("insights", "a")).accepted();
    let audit = world.audit();
    let of = |name: &str| {
        audit
            .iter()
            .rfind(|record| record["eventName"] == name)
            .unwrap()
    };
    let got = of("GetItem");
    insta::assert_json_snapshot!(
        json!([got["eventSource"], got["requestParameters"], got["resources"], got["readOnly"], got["managementEvent"], got["awsRegion"]]),
        @r#"
    [
      "dynamodb.amazonaws.com",
      {
        "tableName": "insights"
      },
      [
        {
          "ARN": "arn:aws:dynamodb:us-east-1:432797229265:table/insights",
          "accountId": "432797229265"
        }
      ],
      true,
      false,
      "us-east-1"
    ]
    "#
    );
    let denied = of("BatchGetItem");
    assert_eq!(denied["errorCode"], "AccessDeniedException");
    assert_eq!(denied["resources"].as_array().unwrap().len(), 2);
    let made = of("CreateTable");
    assert_eq!(
        (&made["managementEvent"], &made["readOnly"]),
        (&json!(true), &json!(false))
    );
    // No item is told of.
    assert!(
        !audit
            .iter()
            .any(|record| record.to_string().contains("secret\":"))
    );
    let metrics = Request::get("/metrics").send(world.server.ops_port).text();
    let counted: Vec<_> = metrics
        .lines()
        .filter(|line| line.contains("dynamodb") && !line.contains("bucket"))
        .collect();
    assert!(!counted.is_empty(), "{metrics}");
}

#[test]
fn items_and_tables_outlast_a_kill_and_none_is_left_half_made() {
    let mut world = World::without_roles(Launch::sqlite(), Issuer::start());
    fill(&world);
    let root = Bowline::root();
    let stopped = AtomicBool::new(false);
    // One client makes tables as fast as it can, until the server is gone.
    let port = world.server.port;
    let made = std::thread::scope(|scope| {
        let maker = scope.spawn(|| {
            let mut made = 0;
            while !stopped.load(Ordering::Relaxed) {
                let body = table(&format!("made.{made}")).to_string();
                let signed = Signer::new(&Bowline::root(), "dynamodb")
                    .sign(request("CreateTable", &body), port);
                match signed.try_send(port) {
                    Some(answer) if answer.status == 200 => made += 1,
                    _ => break,
                }
            }
            made
        });
        // The last line may be half written, so none is read as JSON.
        let audit = world.server.data().join("audit/audit.jsonl");
        wait_for("tables being made", Duration::from_secs(30), || {
            let text = std::fs::read_to_string(&audit).unwrap();
            (text.matches("\"CreateTable\"").count() >= 6).then_some(())
        });
        world.server.kill();
        stopped.store(true, Ordering::Relaxed);
        maker.join().unwrap()
    });
    assert!(made > 1);
    world.server.restart();
    assert!(
        call(&world, &root, "GetItem", &get("insights", "a"))
            .text()
            .contains("secret")
    );
    let listed: Value =
        serde_json::from_str(&call(&world, &root, "ListTables", &json!({})).text()).unwrap();
    let listed: Vec<_> = listed["TableNames"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    for n in 0..made {
        assert!(
            listed.contains(&&*format!("made.{n}")),
            "a table is gone of {made}: {listed:?}"
        );
    }
    for name in listed {
        let described = call(
            &world,
            &root,
            "DescribeTable",
            &json!({ "TableName": name }),
        )
        .text();
        assert!(
            described.contains(r#""TableStatus":"ACTIVE""#),
            "{described}"
        );
        call(&world, &root, "PutItem", &put(name, "z")).accepted();
    }
    // The name of the one that was under way is taken or free, and nothing in between.
    let last = table(&format!("made.{made}"));
    let again = told(&call(&world, &root, "CreateTable", &last));
    assert!(
        ["200", "ResourceInUseException"].contains(&&*again),
        "{again}"
    );
}

#[test]
fn what_nests_deeply_is_refused_wherever_it_stands_and_the_server_goes_on() {
    let world = world();
    let root = Bowline::root();
    let refused = |operation: &str, body: &Value| {
        let answer = call(&world, &root, operation, body);
        assert_eq!(told(&answer), "ValidationException", "{operation} {body}");
        // Whoever else asks is answered.
        call(&world, &root, "GetItem", &get("insights", "a")).accepted();
        answer.text()
    };
    let deep = [
        "(".repeat(4000),
        format!("{}a = :v{}", "(".repeat(2000), ")".repeat(2000)),
        format!("{}a = :v", "NOT ".repeat(1000)),
        format!("{}a = :v", "NOT (".repeat(800)),
        format!("SET a = {}", "(".repeat(4000)),
        format!("SET a = {}", "list_append(".repeat(300)),
        format!(
            "SET a = {}:v{}",
            "if_not_exists(a,".repeat(230),
            ")".repeat(230)
        ),
        format!("SET {}a = :v", "a.".repeat(2000)),
        format!("REMOVE a{}", "[0]".repeat(1300)),
    ];
    let values = json!({ ":v": { "S": "x" } });
    let with = |member: &str, expression: &str, mut body: Value| {
        body[member] = expression.into();
        body["ExpressionAttributeValues"] = values.clone();
        body
    };
    for expression in &deep {
        for operation in ["PutItem", "DeleteItem", "UpdateItem"] {
            let body = if operation == "PutItem" {
                put("insights", "a")
            } else {
                get("insights", "a")
            };
            refused(operation, &with("ConditionExpression", expression, body));
        }
        let update = with("UpdateExpression", expression, get("insights", "a"));
        refused("UpdateItem", &update);
        let of_table = json!({ "TableName": "insights" });
        for operation in ["Query", "Scan"] {
            let mut body = with("FilterExpression", expression, of_table.clone());
            if operation == "Query" {
                body["KeyConditionExpression"] = "pk = :v".into();
            }
            refused(operation, &body);
        }
        let keys = with("KeyConditionExpression", expression, of_table.clone());
        refused("Query", &keys);
        for kind in ["Put", "Update", "Delete", "ConditionCheck"] {
            let body = if kind == "Put" {
                put("insights", "a")
            } else {
                get("insights", "a")
            };
            let mut body = with("ConditionExpression", expression, body);
            if kind == "Update" {
                body["UpdateExpression"] = "SET b = :v".into();
            }
            refused(
                "TransactWriteItems",
                &json!({ "TransactItems": [{ kind: body }] }),
            );
        }
        let update = json!({ "TransactItems": [{ "Update": update }] });
        let answer = call(&world, &root, "TransactWriteItems", &update);
        assert_eq!(answer.status, 400, "{}", answer.text());

        let projecting = |mut body: Value| {
            body["ProjectionExpression"] = expression.as_str().into();
            body
        };
        refused("GetItem", &projecting(get("insights", "a")));
        refused("Scan", &projecting(of_table));
        refused("Query", &projecting(query(None, "pk = :v", "a")));
        let keys = projecting(json!({ "Keys": [key("a")] }));
        refused(
            "BatchGetItem",
            &json!({ "RequestItems": { "insights": keys } }),
        );
        let item = projecting(get("insights", "a"));
        refused(
            "TransactGetItems",
            &json!({ "TransactItems": [{ "Get": item }] }),
        );
    }
    assert_snapshot!(refused("PutItem", &with("ConditionExpression", &deep[0], put("insights", "a"))), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"Invalid ConditionExpression: The expression has more than 100 parentheses within each other"}"#);
    assert_snapshot!(refused("PutItem", &with("ConditionExpression", &deep[2], put("insights", "a"))), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"Invalid ConditionExpression: The expression contains too many operators; operator count: 301"}"#);
    // The deepest that is taken works.
    let nested = |open: &str, inner: &str, times: usize| {
        format!("{}{inner}{}", open.repeat(times), ")".repeat(times))
    };
    let mut body = put("insights", "a");
    for taken in [
        format!("{}attribute_exists(pk)", "NOT ".repeat(300)),
        nested("NOT NOT NOT (", "pk < pk2", 99),
        nested("NOT NOT NOT (", "attribute_not_exists(c)", 99),
    ] {
        body["ConditionExpression"] = taken.into();
        let answer = told(&call(&world, &root, "PutItem", &body));
        assert!(["200", "ConditionalCheckFailedException"].contains(&&*answer));
    }
    for taken in [
        nested("if_not_exists(b, ", ":v", 100),
        nested("list_append(:l, ", ":l", 100),
    ] {
        let expression = format!("SET b = {taken}");
        let mut body = with("UpdateExpression", &expression, get("insights", "a"));
        if taken.contains(":l") {
            body["ExpressionAttributeValues"] = json!({ ":l": { "L": [] } });
        }
        call(&world, &root, "UpdateItem", &body).accepted();
    }
    // Values nest 32 levels, and each update adds none.
    let nested =
        |levels: usize| (0..levels).fold(json!({ "S": "x" }), |inner, _| json!({ "L": [inner] }));
    let mut body = put("insights", "a");
    for (levels, answer) in [
        (31, "200"),
        (32, "ValidationException"),
        (39, "ValidationException"),
    ] {
        body["Item"]["deep"] = nested(levels);
        assert_eq!(told(&call(&world, &root, "PutItem", &body)), answer);
    }
    let path = format!("deep{}", "[0]".repeat(30));
    let mut body = with(
        "UpdateExpression",
        &format!("SET {path} = :v"),
        get("insights", "a"),
    );
    body["ExpressionAttributeValues"][":v"] = nested(30);
    refused("UpdateItem", &body);
}

#[test]
fn boto3_goes_through_pages_that_the_store_reads_in_parts() {
    let Some(clients) = clients() else { return };
    let world = World::without_roles(Launch::default(), Issuer::start());
    assert_snapshot!(clients.drive("dynamodb_pages.py", &world.server.url, Some(&Bowline::root()), &[("AWS_DEFAULT_REGION", "us-east-1")]), @"
    query [(701, 701, 701)] True
    query backwards [(701, 701, 701)] True
    query of an index [(701, 701, 701)] True
    scan [(701, 701, 701)] True
    scan of an index [(701, 701, 701)] True
    scan with a filter [(1, 1, 701)]
    count by query [(0, 701, 701)]
    count by scan [(0, 701, 701)]
    segments [(0, 0, 0)] [(701, 701, 701)]
    limit 299 [(299, 299, 299), (299, 299, 299), (103, 103, 103)] True [(299, 299, 299), (299, 299, 299), (103, 103, 103)] True
    limit 300 [(300, 300, 300), (300, 300, 300), (101, 101, 101)] True [(300, 300, 300), (300, 300, 300), (101, 101, 101)] True
    limit 301 [(301, 301, 301), (301, 301, 301), (99, 99, 99)] True [(301, 301, 301), (301, 301, 301), (99, 99, 99)] True
    limit 2147483647 [(701, 701, 701)] True [(701, 701, 701)] True
    limit 7 7 [('pk', {'S': 'a'}), ('sk', {'S': '0006'})]
    ");
    // What is no limit is refused as ever.
    let none = json!({ "TableName": "insights", "Limit": 0 });
    for operation in ["Query", "Scan"] {
        let refused = call(&world, &Bowline::root(), operation, &none);
        assert_eq!(told(&refused), "ValidationException");
        assert!(
            refused.text().contains("greater than or equal to 1"),
            "{}",
            refused.text()
        );
    }
}

#[test]
fn a_token_is_of_one_caller_and_of_the_tables_that_there_were() {
    let world = world();
    let root = Bowline::root();
    let written = |keys: &Keys, n: u32, token: &str| {
        let update = json!({
            "TableName": "other",
            "Key": key("counter"),
            "UpdateExpression": "ADD n :n",
            "ExpressionAttributeValues": { ":n": { "N": n.to_string() } },
        });
        let body = json!({ "TransactItems": [{ "Update": update }], "ClientRequestToken": token });
        told(&call(&world, keys, "TransactWriteItems", &body))
    };
    let count = || {
        let body = call(&world, &root, "GetItem", &get("other", "counter")).text();
        let body: Value = serde_json::from_str(&body).unwrap();
        body["Item"]["n"]["N"].as_str().unwrap_or("none").to_owned()
    };
    // What was done once is not done again.
    assert_eq!(written(&root, 1, "token"), "200");
    assert_eq!(written(&root, 1, "token"), "200");
    assert_eq!(count(), "1");
    assert_eq!(
        written(&root, 2, "token"),
        "IdempotentParameterMismatchException"
    );
    assert_eq!(written(&root, 1, &"t".repeat(36)), "200");
    assert_eq!(written(&root, 1, &"t".repeat(37)), "ValidationException");
    assert_eq!(count(), "2");
    // Another caller has tokens of its own.
    let writer = allow(&["dynamodb:UpdateItem"], &[&arn("other")]);
    let bot = world.user("bot", Some(writer));
    assert_eq!(written(&bot, 1, "token"), "200");
    assert_eq!(written(&bot, 1, "token"), "200");
    assert_eq!(count(), "3");
    // Changed tags leave the table the one that it was, and a table that has its name later is another.
    let tags = json!({ "ResourceArn": arn("other"), "Tags": [{ "Key": "team", "Value": "red" }] });
    call(&world, &root, "TagResource", &tags).accepted();
    assert_eq!(written(&root, 1, "token"), "200");
    assert_eq!(count(), "3");
    let name = json!({ "TableName": "other" });
    call(&world, &root, "DeleteTable", &name).accepted();
    call(&world, &root, "CreateTable", &table("other")).accepted();
    assert_eq!(written(&root, 1, "token"), "200");
    assert_eq!(count(), "1");
}
