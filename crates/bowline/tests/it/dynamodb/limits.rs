//! Limits of requests to the table store: deep expressions, long pages, and tokens of a deleted
//! table.

use super::*;

#[test]
fn deep_nesting_is_rejected_everywhere_and_the_server_keeps_running() {
    let world = world();
    let root = Bowline::root();
    let refused = |operation: &str, body: &Value| {
        let response = call(&world, &root, operation, body);
        assert_eq!(
            outcome(&response),
            "ValidationException",
            "{operation} {body}"
        );
        // Other clients are served.
        call(&world, &root, "GetItem", &get("insights", "a")).accepted();
        response.text()
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
        let response = call(&world, &root, "TransactWriteItems", &update);
        assert_eq!(response.status, 400, "{}", response.text());

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
        let response = outcome(&call(&world, &root, "PutItem", &body));
        assert!(["200", "ConditionalCheckFailedException"].contains(&&*response));
    }
    for taken in [
        // Each uses the value of another attribute.
        (0..100).fold(":v".to_owned(), |inner, n| {
            format!("if_not_exists(b{n}, {inner})")
        }),
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
    for (levels, response) in [
        (31, "200"),
        (32, "ValidationException"),
        (39, "ValidationException"),
    ] {
        body["Item"]["deep"] = nested(levels);
        assert_eq!(outcome(&call(&world, &root, "PutItem", &body)), response);
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
fn boto3_reads_pages_that_the_server_reads_in_parts() {
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
    // An invalid limit is rejected as before.
    let none = json!({ "TableName": "insights", "Limit": 0 });
    for operation in ["Query", "Scan"] {
        let refused = call(&world, &Bowline::root(), operation, &none);
        assert_eq!(outcome(&refused), "ValidationException");
        assert!(
            refused.text().contains("greater than or equal to 1"),
            "{}",
            refused.text()
        );
    }
}

#[test]
fn a_client_request_token_is_scoped_to_its_caller_and_tables() {
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
        outcome(&call(&world, keys, "TransactWriteItems", &body))
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
    // Changed tags leave the table the one that it was, and a table that has its name later is
    // another.
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
