//! DynamoDB with boto3, its permissions, and attacks. Next to each rejected request stands an
//! accepted one.

mod background;
mod conditions;
mod limits;
mod nothing_asked;
mod permissions;
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

/// A call that is not yet signed. The body is text, so that it can hold what no JSON library
/// writes.
fn request(operation: &str, body: &str) -> Request {
    Request::new("POST", "/")
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", &format!("{TARGET}.{operation}"))
        .body(body)
}

fn call(world: &World, keys: &Keys, operation: &str, body: &Value) -> Response {
    world.send(keys, "dynamodb", request(operation, &body.to_string()))
}

/// The short error code, or the status of a success.
fn outcome(response: &Response) -> String {
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
fn boto3_calls_the_operations_of_tables_items_and_tags() {
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
      {"TableDescription": {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}, {"AttributeName": "day", "AttributeType": "S"}, {"AttributeName": "owner", "AttributeType": "S"}], "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}, "CreationDateTime": "[time]", "DeletionProtectionEnabled": false, "GlobalSecondaryIndexes": [{"IndexArn": "arn:aws:dynamodb:us-east-1:432797229265:table/insights/index/by-day", "IndexName": "by-day", "IndexSizeBytes": 0, "IndexStatus": "ACTIVE", "ItemCount": 0, "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}, "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}}, {"Backfilling": true, "IndexArn": "arn:aws:dynamodb:us-east-1:432797229265:table/insights/index/by-owner", "IndexName": "by-owner", "IndexSizeBytes": 0, "IndexStatus": "CREATING", "ItemCount": 0, "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}], "Projection": {"ProjectionType": "KEYS_ONLY"}, "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}}], "ItemCount": 1, "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}], "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}, "TableArn": "arn:aws:dynamodb:us-east-1:432797229265:table/insights", "TableId": "[uuid]", "TableName": "insights", "TableSizeBytes": 9, "TableStatus": "UPDATING"}}
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
    std::fs::write(&token, world.issuer.valid_token()).unwrap();
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
fn an_unauthenticated_request_gets_the_error_of_dynamodb() {
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
    assert_eq!(outcome(&late), "InvalidSignatureException");
    let signed = Signer::new(&root, "dynamodb").sign(list(), port);
    assert_eq!(
        outcome(&signed.clone().body(r#"{"Limit": 1}"#).send(port)),
        "InvalidSignatureException"
    );
    assert_eq!(
        outcome(
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
        let response = world.send(&root, "dynamodb", list().replaced("x-amz-target", target));
        assert_eq!(outcome(&response), expected, "{target}");
    }
    let elsewhere = Request {
        target: "/insights".to_owned(),
        ..list()
    };
    assert_eq!(
        outcome(&world.send(&root, "dynamodb", elsewhere)),
        "UnknownOperationException"
    );
}

#[test]
fn a_response_has_a_request_id_and_the_checksum_that_clients_verify() {
    let world = world();
    let root = Bowline::root();
    for body in [get("insights", "a"), get("nowhere", "a")] {
        let response = call(&world, &root, "GetItem", &body);
        let crc = bowline_aws::checksum::crc32(&response.body).to_string();
        assert_eq!(response.value("x-amz-crc32"), Some(&*crc));
        assert_eq!(
            response.value("content-type"),
            Some("application/x-amz-json-1.0")
        );
        assert!(response.value("x-amzn-requestid").is_some());
    }
}

#[test]
fn dynamodb_requests_are_audited_explained_and_counted() {
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
    // No item is in the audit.
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
fn items_and_tables_survive_a_kill_and_no_table_is_left_half_created() {
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
                    Some(response) if response.status == 200 => made += 1,
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
    let again = outcome(&call(&world, &root, "CreateTable", &last));
    assert!(
        ["200", "ResourceInUseException"].contains(&&*again),
        "{again}"
    );
}
