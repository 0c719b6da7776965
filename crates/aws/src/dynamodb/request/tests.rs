//! Bodies that are parsed, bodies that are rejected, and bodies for stores.

use super::*;
use crate::error::{ErrorContext, Protocol};

mod nothing;

fn account_region() -> AccountRegion {
    AccountRegion::new("432797229265".parse().unwrap(), "us-east-1").unwrap()
}

fn sent_on(operation: Operation, body: &str) -> String {
    Request::read(operation, body.as_bytes()).unwrap().to_wire()
}

fn rejected(operation: Operation, body: &str) -> String {
    let error = Request::read(operation, body.as_bytes()).unwrap_err();
    let rendered = error.render(Protocol::DynamoDb, ErrorContext::default());
    String::from_utf8(rendered.body).unwrap()
}

const WRITE: &str = r#"{"DeleteRequest": {"Key": {}}}"#;

#[test]
fn a_store_gets_what_was_parsed_and_nothing_else() {
    insta::assert_snapshot!(sent_on(Operation::PutItem, r#" {"TableName" : "insights", "ReturnValues": null,
        "Item": {"\u0070k": {"S": "a\"\n\u00e9"}, "n": {"N": "1.0"}, "l": {"L": [{"NULL": true}, {"M": {"TableName": {"BS": ["AA=="]}}}]}}} "#),
        @r#"{"TableName":"insights","Item":{"pk":{"S":"a\"\né"},"n":{"N":"1.0"},"l":{"L":[{"NULL":true},{"M":{"TableName":{"BS":["AA=="]}}}]}}}"#);
    insta::assert_snapshot!(sent_on(Operation::Query, r#"{"TableName": "insights", "Limit": 7, "ScanIndexForward": false}"#),
        @r#"{"TableName":"insights","Limit":7,"ScanIndexForward":false}"#);
}

#[test]
fn one_member_can_be_replaced() {
    let with = |body: &str, json| {
        let request = Request::read(Operation::Scan, body.as_bytes()).unwrap();
        request.to_wire_with("Limit", json)
    };
    let limited =
        r#"{"Limit": 7, "TableName": "insights", "ExpressionAttributeNames": {"Limit": "a"}}"#;
    insta::assert_snapshot!(with(limited, None), @r#"{"TableName":"insights","ExpressionAttributeNames":{"Limit":"a"}}"#);
    insta::assert_snapshot!(with(limited, Some("8")), @r#"{"TableName":"insights","ExpressionAttributeNames":{"Limit":"a"},"Limit":8}"#);
    insta::assert_snapshot!(with(r#"{"TableName": "insights"}"#, Some("8")), @r#"{"TableName":"insights","Limit":8}"#);
    insta::assert_snapshot!(with(r#"{"TableName": "insights", "Limit": null}"#, None), @r#"{"TableName":"insights"}"#);
}

#[test]
fn arns_become_names_only_where_tables_are_named() {
    const ARN: &str = "arn:aws:dynamodb:us-east-1:432797229265:table/insights";
    insta::assert_snapshot!(sent_on(Operation::GetItem, &format!(r#"{{"TableName": "{ARN}", "Key": {{"{ARN}": {{"S": "{ARN}"}}}}}}"#)),
        @r#"{"TableName":"insights","Key":{"arn:aws:dynamodb:us-east-1:432797229265:table/insights":{"S":"arn:aws:dynamodb:us-east-1:432797229265:table/insights"}}}"#);
    insta::assert_snapshot!(sent_on(Operation::BatchGetItem, &format!(r#"{{"RequestItems": {{"{ARN}": {{"Keys": []}}}}}}"#)),
        @r#"{"RequestItems":{"insights":{"Keys":[]}}}"#);
    insta::assert_snapshot!(sent_on(Operation::TransactWriteItems, &format!(r#"{{"TransactItems": [{{"Delete": {{"TableName": "{ARN}", "Key": {{}}}}}}]}}"#)),
        @r#"{"TransactItems":[{"Delete":{"TableName":"insights","Key":{}}}]}"#);
}

#[test]
fn every_table_is_found_where_it_is_named() {
    let found = |operation, body: &str| {
        let request = Request::read(operation, body.as_bytes()).unwrap();
        let tables = request.tables(&account_region());
        let names = tables.iter().map(|table| table.table.as_str());
        names.collect::<Vec<_>>().join(" ")
    };
    insta::assert_snapshot!(found(Operation::BatchWriteItem, r#"{"RequestItems": {"one": [WRITE], "two": [WRITE]}}"#.replace("WRITE", WRITE).as_str()), @"one two");
    let items = r#"{"TransactItems": [{"Put": {"TableName": "one", "Item": {}}}, {"Delete": {"TableName": "two", "Key": {}}},
        {"Update": {"TableName": "three", "Key": {}, "UpdateExpression": "x"}},
        {"ConditionCheck": {"TableName": "four", "Key": {}, "ConditionExpression": "x"}}]}"#;
    insta::assert_snapshot!(found(Operation::TransactWriteItems, items), @"one two three four");
    insta::assert_snapshot!(found(Operation::TransactGetItems, r#"{"TransactItems": [{"Get": {"TableName": "one", "Key": {}}}]}"#), @"one");
    insta::assert_snapshot!(found(Operation::ListTables, r#"{"ExclusiveStartTableName": "one"}"#), @"");
}

#[test]
fn ambiguous_bodies_are_rejected() {
    insta::assert_snapshot!(rejected(Operation::GetItem, r#"{"TableName": "insights", "TableName": "other", "Key": {}}"#), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"line 1, column 27: member `TableName` is given twice; keep one of them"}"#);
    insta::assert_snapshot!(rejected(Operation::GetItem, r#"{"TableName": "insights", "T\u0061bleName": "other", "Key": {}}"#), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"line 1, column 27: member `TableName` is given twice; keep one of them"}"#);
    insta::assert_snapshot!(rejected(Operation::PutItem, r#"{"TableName": "insights", "Item": {"pk": {"S": "a"}, "pk": {"S": "b"}}}"#), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"line 1, column 54: member `pk` is given twice; keep one of them"}"#);
    insta::assert_snapshot!(rejected(Operation::BatchGetItem, r#"{"RequestItems": {"insights": {"Keys": []}, "arn:aws:dynamodb:eu-west-1:111122223333:table/insights": {"Keys": []}}}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"The table insights is named more than once"}"#);
    insta::assert_snapshot!(rejected(Operation::GetItem, r#"{"TableName": "insights", "Key": {}} {}"#), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"line 1, column 38: something stands after the end of the value"}"#);
}

#[test]
fn members_that_are_unknown_or_without_effect_are_rejected() {
    insta::assert_snapshot!(rejected(Operation::GetItem, r#"{"TableName": "insights", "Key": {}, "tablename": "other"}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"The parameter tablename is not supported."}"#);
    insta::assert_snapshot!(rejected(Operation::GetItem, r#"{"TableName": "insights", "Key": {}, "IndexName": "by-day"}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"The parameter IndexName is not supported."}"#);
    insta::assert_snapshot!(rejected(Operation::PutItem, r#"{"TableName": "insights", "Item": {"pk": {"X": "a"}}}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"The parameter X is not supported."}"#);
    insta::assert_snapshot!(rejected(Operation::CreateTable, r#"{"TableName": "insights", "ResourcePolicy": "{}"}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"The parameter ResourcePolicy is not supported."}"#);
    insta::assert_snapshot!(rejected(Operation::ExecuteStatement, r#"{"Statement": "SELECT * FROM insights"}"#), @r#"{"__type":"com.amazon.coral.service#UnknownOperationException","message":"Could not find operation ExecuteStatement for version 2012-08-10"}"#);
}

#[test]
fn types_choices_and_names_are_checked() {
    insta::assert_snapshot!(rejected(Operation::GetItem, r#"{"TableName": 7, "Key": {}}"#), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"NUMBER_VALUE cannot be converted to String"}"#);
    insta::assert_snapshot!(rejected(Operation::GetItem, r#"{"TableName": ["insights"], "Key": {}}"#), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"Unrecognized collection type class java.lang.String"}"#);
    insta::assert_snapshot!(rejected(Operation::GetItem, r#"{"TableName": "insights", "Key": []}"#), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"Start of list found where not expected"}"#);
    insta::assert_snapshot!(rejected(Operation::GetItem, r#"{"TableName": "insights", "Key": {"pk": {"S": null}}}"#), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"NULL_VALUE cannot be converted to String"}"#);
    insta::assert_snapshot!(rejected(Operation::GetItem, r#"{"TableName": "insights", "Key": {"pk": {"S": "a", "N": "1"}}}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"}"#);
    insta::assert_snapshot!(rejected(Operation::GetItem, r#"{"TableName": "insights", "Key": {"pk": {}}}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"}"#);
    insta::assert_snapshot!(rejected(Operation::Query, r#"{"TableName": "insights", "Limit": 1.5}"#), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"DECIMAL_VALUE cannot be converted to Long"}"#);
    insta::assert_snapshot!(rejected(Operation::PutItem, r#"{"TableName": "insights", "Item": {}, "ReturnValues": "all_old"}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"1 validation error detected: Value 'all_old' at 'returnValues' failed to satisfy constraint: Member must satisfy enum value set: [NONE, ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATED_NEW]"}"#);
    insta::assert_snapshot!(rejected(Operation::GetItem, "{}"), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"2 validation errors detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null; Value null at 'key' failed to satisfy constraint: Member must not be null"}"#);
    insta::assert_snapshot!(rejected(Operation::GetItem, r#"{"TableName": "a/b", "Key": {}}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"Invalid table/index name.  Table/index names must be between 3 and 255 characters long, and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'"}"#);
    insta::assert_snapshot!(rejected(Operation::GetItem, r#"{"TableName": "arn:aws:s3:::insights", "Key": {}}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"Invalid table/index name.  Table/index names must be between 3 and 255 characters long, and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'"}"#);
    insta::assert_snapshot!(rejected(Operation::GetItem, "[]"), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"Start of list found where not expected"}"#);
    insta::assert_snapshot!(rejected(Operation::GetItem, ""), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"line 1, column 1: the text ends too early"}"#);
}

#[test]
fn the_depth_of_a_body_is_limited() {
    let nested = |levels: usize| {
        let (open, close) = (r#"{"L":["#.repeat(levels), "]}".repeat(levels));
        format!(r#"{{"TableName": "insights", "Item": {{"a": {open}{close}}}}}"#)
    };
    assert!(Request::read(Operation::PutItem, nested(32).as_bytes()).is_ok());
    insta::assert_snapshot!(rejected(Operation::PutItem, &nested(40)), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"}"#);
}

#[test]
fn the_numbers_of_tables_items_and_tags_are_limited() {
    let checked = |operation: Operation, body: &str| match Request::read(operation, body.as_bytes())
    {
        Ok(_) => "good".to_owned(),
        Err(error) => error.message().to_owned(),
    };
    let many = |count: usize, one: &str| {
        let all = (0..count).map(|n| one.replace("{n}", &n.to_string()));
        all.collect::<Vec<_>>().join(",")
    };
    let tables = |operation, count, of: &str| {
        let tables = many(count, &format!(r#""table.{{n}}": {of}"#));
        checked(operation, &format!(r#"{{"RequestItems": {{{tables}}}}}"#))
    };
    let keys = |count: usize| {
        format!(
            r#"{{"Keys": [{}]}}"#,
            many(count, r#"{"pk": {"N": "{n}"}}"#)
        )
    };
    let gets = |count, of: &str| tables(Operation::BatchGetItem, count, of);
    assert_eq!(gets(1, &keys(100)), "good");
    assert_eq!(gets(100, &keys(1)), "good");
    insta::assert_snapshot!(gets(1, &keys(101)), @"Too many items requested for the BatchGetItem call");
    insta::assert_snapshot!(gets(3, &keys(34)), @"Too many items requested for the BatchGetItem call");
    insta::assert_snapshot!(gets(101, &keys(0)), @"1 validation error detected: Value at 'requestItems' failed to satisfy constraint: Member must have length less than or equal to 100");
    insta::assert_snapshot!(gets(0, ""), @"1 validation error detected: Value at 'requestItems' failed to satisfy constraint: Member must have length greater than or equal to 1");

    let writes = |count, each| {
        let writes = format!("[{}]", many(each, WRITE));
        tables(Operation::BatchWriteItem, count, &writes)
    };
    assert_eq!(writes(1, 25), "good");
    assert_eq!(writes(25, 1), "good");
    insta::assert_snapshot!(writes(1, 26), @"Too many items requested for the BatchWriteItem call");
    insta::assert_snapshot!(writes(13, 2), @"Too many items requested for the BatchWriteItem call");
    insta::assert_snapshot!(writes(26, 1), @"1 validation error detected: Value at 'requestItems' failed to satisfy constraint: Member must have length less than or equal to 25");
    insta::assert_snapshot!(writes(1, 0), @"1 validation error detected: Value at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 25, Member must have length greater than or equal to 1]");
    insta::assert_snapshot!(writes(0, 1), @"1 validation error detected: Value at 'requestItems' failed to satisfy constraint: Member must have length greater than or equal to 1");

    let get = r#"{"Get": {"TableName": "table.{n}", "Key": {}}}"#;
    let delete = r#"{"Delete": {"TableName": "table.{n}", "Key": {}}}"#;
    for (operation, one) in [
        (Operation::TransactGetItems, get),
        (Operation::TransactWriteItems, delete),
    ] {
        let items = |count| {
            checked(
                operation,
                &format!(r#"{{"TransactItems": [{}]}}"#, many(count, one)),
            )
        };
        assert_eq!(items(100), "good");
        insta::allow_duplicates! {
            insta::assert_snapshot!(items(101), @"1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100");
            insta::assert_snapshot!(items(0), @"1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1");
        }
    }

    let tags = |count| {
        let tags = many(count, r#"{"Key": "k{n}", "Value": ""}"#);
        let body = format!(
            r#"{{"ResourceArn": "arn:aws:dynamodb:us-east-1:432797229265:table/insights", "Tags": [{tags}]}}"#
        );
        checked(Operation::TagResource, &body)
    };
    assert_eq!(tags(50), "good");
    insta::assert_snapshot!(tags(51), @"One or more parameter values were invalid: Too many tags: a table has 50 at most");
}

#[test]
fn an_error_has_a_limited_number_of_problems() {
    let conditions: Vec<_> = (0..10_000)
        .map(|n| format!(r#""a{n}": {{"ComparisonOperator": "x"}}"#))
        .collect();
    let body = format!(
        r#"{{"TableName": "insights", "ScanFilter": {{{}}}}}"#,
        conditions.join(",")
    );
    let error = Request::read(Operation::Scan, body.as_bytes()).unwrap_err();
    assert!(
        error
            .message()
            .starts_with("10 validation errors detected: Value 'x' at 'scanFilter.a0.member."),
        "{}",
        error.message()
    );
}

/// The JSON of an attribute's value.
fn attribute_value() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let text = |text: &str| {
        let mut out = String::new();
        push_string(&mut out, text);
        out
    };
    let leaf = prop_oneof![
        any::<String>().prop_map(move |s| format!(r#"{{"S":{}}}"#, text(&s))),
        any::<i32>().prop_map(|n| format!(r#"{{"N":"{n}"}}"#)),
        any::<bool>().prop_map(|b| format!(r#"{{"BOOL":{b}}}"#)),
        Just(r#"{"SS":["a","arn:aws:dynamodb:us-east-1:432797229265:table/insights"]}"#.to_owned()),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!(r#"{{"L":[{}]}}"#, items.join(","))),
            prop::collection::btree_map(any::<String>(), inner, 0..4).prop_map(move |entries| {
                let entries: Vec<_> = entries
                    .iter()
                    .map(|(name, value)| format!("{}:{value}", text(name)))
                    .collect();
                format!(r#"{{"M":{{{}}}}}"#, entries.join(","))
            }),
        ]
    })
}

proptest::proptest! {
    #[test]
    fn the_body_for_a_store_is_what_was_parsed(value in attribute_value()) {
        let body = format!(r#"{{"TableName":"insights","Item":{{"a":{value}}}}}"#);
        let request = Request::read(Operation::PutItem, body.as_bytes()).unwrap();
        proptest::prop_assert_eq!(request.to_wire(), body);
    }
}

#[test]
fn the_attributes_that_indexes_project_are_limited() {
    let read = |count: usize| {
        let names: Vec<_> = (0..count).map(|n| format!("\"a{n}\"")).collect();
        let body = format!(
            r#"{{"TableName": "insights", "AttributeDefinitions": [{{"AttributeName": "pk", "AttributeType": "S"}}], "KeySchema": [{{"AttributeName": "pk", "KeyType": "HASH"}}], "GlobalSecondaryIndexes": [{{"IndexName": "by-day", "KeySchema": [{{"AttributeName": "pk", "KeyType": "HASH"}}], "Projection": {{"ProjectionType": "INCLUDE", "NonKeyAttributes": [{}]}}}}]}}"#,
            names.join(",")
        );
        let outcome = Request::read(Operation::CreateTable, body.as_bytes());
        outcome.map(drop).map_err(|error| error.code())
    };
    assert_eq!(read(100), Ok(()));
    assert_eq!(read(101), Err(Code::ValidationError));
}
