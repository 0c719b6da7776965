//! What is read, what is refused, and what is sent on.

use super::*;
use crate::error::{ErrorContext, Protocol};

fn account_region() -> AccountRegion {
    AccountRegion::new("432797229265".parse().unwrap(), "us-east-1").unwrap()
}

fn sent_on(operation: Operation, body: &str) -> String {
    Request::read(operation, body.as_bytes()).unwrap().to_wire()
}

fn refused(operation: Operation, body: &str) -> String {
    let error = Request::read(operation, body.as_bytes()).unwrap_err();
    error
        .render(Protocol::DynamoDb, ErrorContext::default())
        .body
}

const WRITE: &str = r#"{"DeleteRequest": {"Key": {}}}"#;

#[test]
fn what_was_read_is_sent_on_and_nothing_else() {
    insta::assert_snapshot!(sent_on(Operation::PutItem, r#" {"TableName" : "insights", "ReturnValues": null,
        "Item": {"\u0070k": {"S": "a\"\n\u00e9"}, "n": {"N": "1.0"}, "l": {"L": [{"NULL": true}, {"M": {"TableName": {"BS": ["AA=="]}}}]}}} "#),
        @r#"{"TableName":"insights","Item":{"pk":{"S":"a\"\né"},"n":{"N":"1.0"},"l":{"L":[{"NULL":true},{"M":{"TableName":{"BS":["AA=="]}}}]}}}"#);
    insta::assert_snapshot!(sent_on(Operation::Query, r#"{"TableName": "insights", "Limit": 7, "ScanIndexForward": false}"#),
        @r#"{"TableName":"insights","Limit":7,"ScanIndexForward":false}"#);
}

#[test]
fn a_member_may_be_sent_on_as_another_and_the_rest_stays() {
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
fn the_arns_of_tables_become_names_where_tables_are_named_and_nowhere_else() {
    const ARN: &str = "arn:aws:dynamodb:us-east-1:432797229265:table/insights";
    insta::assert_snapshot!(sent_on(Operation::GetItem, &format!(r#"{{"TableName": "{ARN}", "Key": {{"{ARN}": {{"S": "{ARN}"}}}}}}"#)),
        @r#"{"TableName":"insights","Key":{"arn:aws:dynamodb:us-east-1:432797229265:table/insights":{"S":"arn:aws:dynamodb:us-east-1:432797229265:table/insights"}}}"#);
    insta::assert_snapshot!(sent_on(Operation::BatchGetItem, &format!(r#"{{"RequestItems": {{"{ARN}": {{"Keys": []}}}}}}"#)),
        @r#"{"RequestItems":{"insights":{"Keys":[]}}}"#);
    insta::assert_snapshot!(sent_on(Operation::TransactWriteItems, &format!(r#"{{"TransactItems": [{{"Delete": {{"TableName": "{ARN}", "Key": {{}}}}}}]}}"#)),
        @r#"{"TransactItems":[{"Delete":{"TableName":"insights","Key":{}}}]}"#);
}

#[test]
fn every_table_is_found_wherever_it_is_named() {
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
fn what_two_readers_could_understand_in_two_ways_is_refused() {
    insta::assert_snapshot!(refused(Operation::GetItem, r#"{"TableName": "insights", "TableName": "other", "Key": {}}"#), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"line 1, column 27: member `TableName` is given twice; keep one of them"}"#);
    insta::assert_snapshot!(refused(Operation::GetItem, r#"{"TableName": "insights", "T\u0061bleName": "other", "Key": {}}"#), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"line 1, column 27: member `TableName` is given twice; keep one of them"}"#);
    insta::assert_snapshot!(refused(Operation::PutItem, r#"{"TableName": "insights", "Item": {"pk": {"S": "a"}, "pk": {"S": "b"}}}"#), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"line 1, column 54: member `pk` is given twice; keep one of them"}"#);
    insta::assert_snapshot!(refused(Operation::BatchGetItem, r#"{"RequestItems": {"insights": {"Keys": []}, "arn:aws:dynamodb:eu-west-1:111122223333:table/insights": {"Keys": []}}}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"The table insights is named more than once"}"#);
    insta::assert_snapshot!(refused(Operation::GetItem, r#"{"TableName": "insights", "Key": {}} {}"#), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"line 1, column 38: something stands after the end of the value"}"#);
}

#[test]
fn a_member_that_is_unknown_or_has_no_effect_here_is_refused() {
    insta::assert_snapshot!(refused(Operation::GetItem, r#"{"TableName": "insights", "Key": {}, "tablename": "other"}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"The parameter tablename is not supported."}"#);
    insta::assert_snapshot!(refused(Operation::GetItem, r#"{"TableName": "insights", "Key": {}, "IndexName": "by-day"}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"The parameter IndexName is not supported."}"#);
    insta::assert_snapshot!(refused(Operation::PutItem, r#"{"TableName": "insights", "Item": {"pk": {"X": "a"}}}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"The parameter X is not supported."}"#);
    insta::assert_snapshot!(refused(Operation::CreateTable, r#"{"TableName": "insights", "ResourcePolicy": "{}"}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"The parameter ResourcePolicy is not supported."}"#);
    insta::assert_snapshot!(refused(Operation::ExecuteStatement, r#"{"Statement": "SELECT * FROM insights"}"#), @r#"{"__type":"com.amazon.coral.service#UnknownOperationException","message":"Could not find operation ExecuteStatement for version 2012-08-10"}"#);
}

#[test]
fn types_choices_and_names_are_checked() {
    insta::assert_snapshot!(refused(Operation::GetItem, r#"{"TableName": 7, "Key": {}}"#), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"NUMBER_VALUE cannot be converted to String"}"#);
    insta::assert_snapshot!(refused(Operation::GetItem, r#"{"TableName": ["insights"], "Key": {}}"#), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"Unrecognized collection type class java.lang.String"}"#);
    insta::assert_snapshot!(refused(Operation::GetItem, r#"{"TableName": "insights", "Key": []}"#), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"Start of list found where not expected"}"#);
    insta::assert_snapshot!(refused(Operation::GetItem, r#"{"TableName": "insights", "Key": {"pk": {"S": null}}}"#), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"NULL_VALUE cannot be converted to String"}"#);
    insta::assert_snapshot!(refused(Operation::GetItem, r#"{"TableName": "insights", "Key": {"pk": {"S": "a", "N": "1"}}}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"}"#);
    insta::assert_snapshot!(refused(Operation::GetItem, r#"{"TableName": "insights", "Key": {"pk": {}}}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"}"#);
    insta::assert_snapshot!(refused(Operation::Query, r#"{"TableName": "insights", "Limit": 1.5}"#), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"DECIMAL_VALUE cannot be converted to Long"}"#);
    insta::assert_snapshot!(refused(Operation::PutItem, r#"{"TableName": "insights", "Item": {}, "ReturnValues": "all_old"}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"1 validation error detected: Value 'all_old' at 'returnValues' failed to satisfy constraint: Member must satisfy enum value set: [NONE, ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATED_NEW]"}"#);
    insta::assert_snapshot!(refused(Operation::GetItem, "{}"), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"2 validation errors detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null; Value null at 'key' failed to satisfy constraint: Member must not be null"}"#);
    insta::assert_snapshot!(refused(Operation::GetItem, r#"{"TableName": "a/b", "Key": {}}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"Invalid table/index name.  Table/index names must be between 3 and 255 characters long, and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'"}"#);
    insta::assert_snapshot!(refused(Operation::GetItem, r#"{"TableName": "arn:aws:s3:::insights", "Key": {}}"#), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"Invalid table/index name.  Table/index names must be between 3 and 255 characters long, and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'"}"#);
    insta::assert_snapshot!(refused(Operation::GetItem, "[]"), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"Start of list found where not expected"}"#);
    insta::assert_snapshot!(refused(Operation::GetItem, ""), @r#"{"__type":"com.amazon.coral.service#SerializationException","message":"line 1, column 1: the text ends too early"}"#);
}

#[test]
fn a_body_is_bounded_in_depth() {
    let nested = |levels: usize| {
        let (open, close) = (r#"{"L":["#.repeat(levels), "]}".repeat(levels));
        format!(r#"{{"TableName": "insights", "Item": {{"a": {open}{close}}}}}"#)
    };
    assert!(Request::read(Operation::PutItem, nested(32).as_bytes()).is_ok());
    insta::assert_snapshot!(refused(Operation::PutItem, &nested(40)), @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"}"#);
}

#[test]
fn tables_items_and_tags_are_counted_before_anything_else() {
    let told = |operation: Operation, body: &str| match Request::read(operation, body.as_bytes()) {
        Ok(_) => "good".to_owned(),
        Err(error) => error.message().to_owned(),
    };
    let many = |count: usize, one: &str| {
        let all = (0..count).map(|n| one.replace("{n}", &n.to_string()));
        all.collect::<Vec<_>>().join(",")
    };
    let tables = |operation, count, of: &str| {
        let tables = many(count, &format!(r#""table.{{n}}": {of}"#));
        told(operation, &format!(r#"{{"RequestItems": {{{tables}}}}}"#))
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
            told(
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
        told(Operation::TagResource, &body)
    };
    assert_eq!(tags(50), "good");
    insta::assert_snapshot!(tags(51), @"One or more parameter values were invalid: Too many tags: a table has 50 at most");
}

#[test]
fn no_more_problems_are_told_of_than_anybody_reads() {
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

/// The JSON of some attribute's value.
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
    fn what_is_sent_on_is_what_was_read(value in attribute_value()) {
        let body = format!(r#"{{"TableName":"insights","Item":{{"a":{value}}}}}"#);
        let request = Request::read(Operation::PutItem, body.as_bytes()).unwrap();
        proptest::prop_assert_eq!(request.to_wire(), body);
    }
}

/// A list of so many names.
fn names_of(count: usize) -> String {
    let names: Vec<_> = (0..count).map(|n| format!("\"a{n}\"")).collect();
    format!("[{}]", names.join(","))
}

#[test]
fn what_the_store_goes_through_again_and_again_is_bounded() {
    let is_good = |operation, body: &str| match Request::read(operation, body.as_bytes()) {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.code(), Code::ValidationError, "{body:.200}");
            false
        }
    };
    let each_bound = |operation, most: usize, body: &dyn Fn(String) -> String| {
        assert!(is_good(operation, &body(names_of(most))), "{operation}");
        assert!(
            !is_good(operation, &body(names_of(most + 1))),
            "{operation}"
        );
    };
    each_bound(Operation::Scan, 256, &|names| {
        format!(r#"{{"TableName": "insights", "AttributesToGet": {names}}}"#)
    });
    each_bound(Operation::BatchGetItem, 256, &|names| {
        format!(
            r#"{{"RequestItems": {{"insights": {{"Keys": [{{}}], "AttributesToGet": {names}}}}}}}"#
        )
    });
    for clause in ["ADD", "delete"] {
        each_bound(Operation::UpdateItem, 1_000, &|names| {
            format!(
                r#"{{"TableName": "insights", "Key": {{}}, "UpdateExpression": "{clause} s :s", "ExpressionAttributeValues": {{":s": {{"SS": {names}}}}}}}"#
            )
        });
        each_bound(Operation::TransactWriteItems, 500, &|names| {
            let update = format!(
                r#"{{"Update": {{"TableName": "insights", "Key": {{}}, "UpdateExpression": "{clause} s :s", "ExpressionAttributeValues": {{":s": {{"SS": {names}}}}}}}}}"#
            );
            format!(r#"{{"TransactItems": [{update}, {update}]}}"#)
        });
    }
    each_bound(Operation::UpdateItem, 1_000, &|names| {
        format!(
            r#"{{"TableName": "insights", "Key": {{}}, "AttributeUpdates": {{"s": {{"Action": "ADD", "Value": {{"SS": {names}}}}}}}}}"#
        )
    });
    // A set that is put as a whole is compared with nothing.
    let names = names_of(2_000);
    let set = format!(
        r#"{{"TableName": "insights", "Key": {{}}, "UpdateExpression": "SET added = :s", "ExpressionAttributeValues": {{":s": {{"SS": {names}}}}}}}"#
    );
    assert!(is_good(Operation::UpdateItem, &set));
    each_bound(Operation::CreateTable, 100, &|names| {
        format!(
            r#"{{"TableName": "insights", "AttributeDefinitions": [{{"AttributeName": "pk", "AttributeType": "S"}}], "KeySchema": [{{"AttributeName": "pk", "KeyType": "HASH"}}], "GlobalSecondaryIndexes": [{{"IndexName": "by-day", "KeySchema": [{{"AttributeName": "pk", "KeyType": "HASH"}}], "Projection": {{"ProjectionType": "INCLUDE", "NonKeyAttributes": {names}}}}}]}}"#
        )
    });
    // One large attribute, written many times over.
    let set = |times: usize| {
        let all: Vec<_> = (0..times).map(|n| format!("z{n}=#b")).collect();
        format!(
            r##"{{"TableName": "insights", "Key": {{}}, "UpdateExpression": "SET {}", "ExpressionAttributeNames": {{"#b": "b"}}}}"##,
            all.join(",")
        )
    };
    assert!(is_good(Operation::UpdateItem, &set(20)));
    assert!(!is_good(Operation::UpdateItem, &set(21)));
}
