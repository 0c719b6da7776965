//! The embedded engine: its responses, errors and files.

use std::{fs, os::unix::fs::PermissionsExt as _};

use bowline_aws::error::{ErrorContext, Protocol};

use super::*;

impl EmbeddedTables {
    /// Sends the engine a body as it is.
    pub(super) async fn run(
        &self,
        account_region: &AccountRegion,
        operation: Operation,
        body: String,
    ) -> Result<String, TableError> {
        let share = Arc::new(ItemShare::unmetered());
        let read = Request::read(operation, body.as_bytes());
        let uses = read.as_ref().map(uses).unwrap_or_default();
        let names = NameMap::default();
        self.execute(account_region, operation, body, &names, uses, &share)
            .await
    }
}

fn account_region(account: &str, region: &str) -> AccountRegion {
    AccountRegion::new(account.parse().unwrap(), region).unwrap()
}

pub(super) fn home() -> AccountRegion {
    account_region("432797229265", "us-east-1")
}

const TABLE: &str = r#"{"TableName": "insights", "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}]}"#;

/// JSON with sorted members: those of items have no order.
fn in_order(text: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    value.to_string()
}

pub(super) async fn done(tables: &EmbeddedTables, operation: Operation, body: &str) -> String {
    let body = tables.run(&home(), operation, body.to_owned()).await;
    in_order(&body.unwrap())
}

/// The body of the error response.
async fn rejected(tables: &EmbeddedTables, operation: Operation, body: &str) -> String {
    match tables.run(&home(), operation, body.to_owned()).await {
        Err(TableError::NotFound(error) | TableError::Rejected(error)) => {
            let ids = ErrorContext::default();
            in_order(&String::from_utf8(error.render(Protocol::DynamoDb, ids).body).unwrap())
        }
        other => panic!("{operation}: {other:?}"),
    }
}

fn item(pk: &str, sk: &str) -> String {
    format!(
        r#"{{"TableName": "insights", "Item": {{"pk": {{"S": "{pk}"}}, "sk": {{"N": "{sk}"}}}}}}"#
    )
}

async fn with_items(folder: &Path) -> EmbeddedTables {
    let tables = EmbeddedTables::open(folder).unwrap();
    done(&tables, Operation::CreateTable, TABLE).await;
    for (pk, sk) in [("a", "1"), ("a", "2"), ("b", "1"), ("b", "3")] {
        done(&tables, Operation::PutItem, &item(pk, sk)).await;
    }
    tables
}

#[tokio::test]
async fn items_are_durable_and_files_are_private() {
    let folder = tempfile::tempdir().unwrap();
    drop(with_items(folder.path()).await);
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
    let tables = EmbeddedTables::open(folder.path()).unwrap();
    let get = r#"{"TableName": "insights", "Key": {"pk": {"S": "a"}, "sk": {"N": "2.0"}}}"#;
    insta::assert_snapshot!(done(&tables, Operation::GetItem, get).await, @r#"{"Item":{"pk":{"S":"a"},"sk":{"N":"2"}}}"#);
}

#[tokio::test]
async fn a_table_belongs_to_one_account_and_region() {
    let folder = tempfile::tempdir().unwrap();
    let tables = with_items(folder.path()).await;
    for elsewhere in [
        account_region("432797229265", "eu-west-1"),
        account_region("111122223333", "us-east-1"),
    ] {
        let body = r#"{"TableName": "insights"}"#.to_owned();
        let outcome = tables.run(&elsewhere, Operation::DescribeTable, body).await;
        assert!(
            matches!(outcome, Err(TableError::NotFound(_))),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_query_stays_in_its_partition_wherever_it_continues() {
    let folder = tempfile::tempdir().unwrap();
    let tables = with_items(folder.path()).await;
    for start in ["a", "b", "c"] {
        let body = format!(
            r#"{{"TableName": "insights", "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {{":p": {{"S": "a"}}}},
            "ExclusiveStartKey": {{"pk": {{"S": "{start}"}}, "sk": {{"N": "0"}}}}}}"#
        );
        let outcome = tables.run(&home(), Operation::Query, body).await;
        let shown = format!("{outcome:?}");
        assert!(!shown.contains(r#"\"b\""#), "{shown}");
    }
}

#[tokio::test]
async fn the_engine_has_every_operation_that_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let tables = EmbeddedTables::open(folder.path()).unwrap();
    // The records have the names of tables and their tags.
    let of_records = [
        Operation::ListTables,
        Operation::ListTagsOfResource,
        Operation::TagResource,
        Operation::UntagResource,
    ];
    for operation in Operation::ALL {
        let outcome = tables.run(&home(), *operation, "{}".to_owned()).await;
        let is_missing = matches!(outcome, Err(TableError::NotBuilt(_)));
        let is_expected = operation.is_built() && !of_records.contains(operation);
        assert_eq!(!is_missing, is_expected, "{operation}");
    }
}

#[tokio::test]
async fn errors_are_worded_as_the_service_words_them() {
    let folder = tempfile::tempdir().unwrap();
    let tables = with_items(folder.path()).await;
    insta::assert_snapshot!(rejected(&tables, Operation::CreateTable, TABLE).await, @r#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceInUseException","message":"Table already exists: insights"}"#);
    insta::assert_snapshot!(rejected(&tables, Operation::GetItem, r#"{"TableName": "other", "Key": {"pk": {"S": "a"}}}"#).await, @r#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found"}"#);
    insta::assert_snapshot!(rejected(&tables, Operation::GetItem, r#"{"TableName": "insights", "Key": {"pk": {"S": "a"}}}"#).await, @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"The provided key element does not match the schema"}"#);
    insta::assert_snapshot!(rejected(&tables, Operation::PutItem, r#"{"TableName": "insights", "Item": {"pk": {"S": ""}, "sk": {"N": "1"}}}"#).await, @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk"}"#);
    insta::assert_snapshot!(rejected(&tables, Operation::PutItem, r#"{"TableName": "insights", "Item": {"pk": {"S": "a"}, "sk": {"N": "x"}}}"#).await, @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"1 validation error detected: The parameter cannot be converted to a numeric value: x"}"#);
    insta::assert_snapshot!(rejected(&tables, Operation::PutItem, r#"{"TableName": "insights", "Item": {"pk": {"S": "a"}, "sk": {"N": "1"}},
        "ConditionExpression": "attribute_not_exists(pk)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}"#).await, @r#"{"Item":{"pk":{"S":"a"},"sk":{"N":"1"}},"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed"}"#);
    insta::assert_snapshot!(rejected(&tables, Operation::TransactWriteItems, r#"{"TransactItems": [
        {"Delete": {"TableName": "insights", "Key": {"pk": {"S": "a"}, "sk": {"N": "1"}}}},
        {"ConditionCheck": {"TableName": "insights", "Key": {"pk": {"S": "c"}, "sk": {"N": "1"}}, "ConditionExpression": "attribute_exists(pk)"}}]}"#).await, @r#"{"CancellationReasons":[{"Code":"None"},{"Code":"ConditionalCheckFailed","Message":"The conditional request failed"}],"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","message":"Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]"}"#);
}

#[tokio::test]
async fn no_error_reveals_the_engine() {
    let folder = tempfile::tempdir().unwrap();
    let tables = with_items(folder.path()).await;
    let values = [
        "7",
        "null",
        "[]",
        "{}",
        r#""""#,
        r#""x""#,
        r#"{"S": 1}"#,
        r#"{"a": {"N": "x"}}"#,
        r#"[{"a": 1}]"#,
    ];
    let members = [
        "TableName",
        "Key",
        "Item",
        "KeySchema",
        "RequestItems",
        "TransactItems",
        "Limit",
        "Expected",
        "TimeToLiveSpecification",
    ];
    for operation in Operation::ALL
        .iter()
        .filter(|operation| operation.is_built())
    {
        for member in members {
            for value in values {
                let body = format!(r#"{{"TableName": "insights", "{member}": {value}}}"#);
                let outcome = tables.run(&home(), *operation, body.clone()).await;
                let Err(TableError::NotFound(error) | TableError::Rejected(error)) = outcome else {
                    continue;
                };
                let rendered = error.render(Protocol::DynamoDb, ErrorContext::default());
                let body_of_error = String::from_utf8(rendered.body).unwrap();
                for trace in [
                    "dynoxide",
                    "sqlite",
                    "VALIDATION",
                    "SERIALIZATION",
                    " at line ",
                    "struct ",
                    "serde",
                ] {
                    assert!(
                        !body_of_error.contains(trace),
                        "{operation} {body}: {body_of_error}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn time_to_live_is_not_turned_on_or_off_twice() {
    let folder = tempfile::tempdir().unwrap();
    let tables = with_items(folder.path()).await;
    let ttl = |enabled: bool, name: &str| {
        format!(
            r#"{{"TableName": "insights", "TimeToLiveSpecification": {{"Enabled": {enabled}, "AttributeName": "{name}"}}}}"#
        )
    };
    insta::assert_snapshot!(rejected(&tables, Operation::UpdateTimeToLive, &ttl(false, "until")).await, @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"TimeToLive is already disabled"}"#);
    done(&tables, Operation::UpdateTimeToLive, &ttl(true, "until")).await;
    insta::assert_snapshot!(rejected(&tables, Operation::UpdateTimeToLive, &ttl(true, "until")).await, @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"TimeToLive is already enabled"}"#);
    insta::assert_snapshot!(rejected(&tables, Operation::UpdateTimeToLive, &ttl(true, "other")).await, @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"TimeToLive is already enabled with a different attribute name"}"#);
    done(&tables, Operation::UpdateTimeToLive, &ttl(false, "until")).await;
    insta::assert_snapshot!(rejected(&tables, Operation::UpdateTimeToLive, &ttl(false, "until")).await, @r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"TimeToLive is already disabled"}"#);
}

#[tokio::test]
async fn expired_items_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let tables = with_items(folder.path()).await;
    let expiring = |pk: &str, until: i64| {
        format!(
            r#"{{"TableName": "insights", "Item": {{"pk": {{"S": "{pk}"}}, "sk": {{"N": "9"}}, "until": {{"N": "{until}"}}}}}}"#
        )
    };
    done(
        &tables,
        Operation::PutItem,
        &expiring("future", 9_999_999_999),
    )
    .await;
    let ttl = r#"{"TableName": "insights", "TimeToLiveSpecification": {"Enabled": true, "AttributeName": "until"}}"#;
    done(&tables, Operation::UpdateTimeToLive, ttl).await;
    // A time of years ago is considered a mistake, as on AWS.
    let now = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap()
        .as_secs();
    let just_now = i64::try_from(now).unwrap() - 60;
    done(&tables, Operation::PutItem, &expiring("past", just_now)).await;
    tables.expire(vec![home()]).await;
    let scan = r#"{"TableName": "insights", "FilterExpression": "sk = :s", "ExpressionAttributeValues": {":s": {"N": "9"}}, "ProjectionExpression": "pk"}"#;
    insta::assert_snapshot!(done(&tables, Operation::Scan, scan).await, @r#"{"Count":1,"Items":[{"pk":{"S":"future"}}],"ScannedCount":5}"#);
}

/// The number of files in the folder that this process has open, and of those that exist.
fn files(folder: &Path) -> (usize, usize) {
    let open = fs::read_dir("/proc/self/fd").unwrap();
    let open = open.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
    let there = fs::read_dir(folder).unwrap().count();
    (open.filter(|path| path.starts_with(folder)).count(), there)
}

#[tokio::test]
async fn dropping_a_region_frees_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let tables = with_items(folder.path()).await;
    let (open, there) = files(folder.path());
    assert!(open > 0 && there > 0);
    tables.drop_region(&home()).await.unwrap();
    assert_eq!(files(folder.path()), (0, 0));
    // Late requests do not create it again.
    tables.drop_region(&home()).await.unwrap();
    tables.expire(vec![home()]).await;
    assert_eq!(files(folder.path()), (0, 0));
    done(&tables, Operation::CreateTable, TABLE).await;
    done(&tables, Operation::PutItem, &item("a", "1")).await;
    insta::assert_snapshot!(done(&tables, Operation::Scan, r#"{"TableName": "insights"}"#).await, @r#"{"Count":1,"Items":[{"pk":{"S":"a"},"sk":{"N":"1"}}],"ScannedCount":1}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_waits_while_a_region_is_dropped_uses_the_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let tables = Arc::new(with_items(folder.path()).await);
    for _ in 0..20 {
        let calls: Vec<_> = (0..20)
            .map(|n| {
                let tables = Arc::clone(&tables);
                tokio::spawn(async move {
                    if n % 5 == 4 {
                        tables.drop_region(&home()).await.unwrap();
                    }
                    let body = r#"{"TableName": "insights"}"#.to_owned();
                    // The table may exist or not. Nothing else fails.
                    match tables.run(&home(), Operation::DescribeTable, body).await {
                        Ok(_) | Err(TableError::NotFound(_)) => {}
                        Err(error) => panic!("{error:?}"),
                    }
                })
            })
            .collect();
        for call in calls {
            call.await.unwrap();
        }
        tables.drop_region(&home()).await.unwrap();
        done(&tables, Operation::CreateTable, TABLE).await;
    }
}

#[tokio::test]
async fn a_limited_number_of_databases_stays_open() {
    let folder = tempfile::tempdir().unwrap();
    let tables = with_items(folder.path()).await;
    for n in 0..MAX_OPEN + 10 {
        let account_region = account_region("432797229265", &format!("r{n}"));
        let made = tables.run(&account_region, Operation::CreateTable, TABLE.to_owned());
        made.await.unwrap();
    }
    let (open, there) = files(folder.path());
    // And the log that a guard reads.
    assert!(open <= 5 * MAX_OPEN + 1, "{open}");
    assert!(there > MAX_OPEN + 10, "{there}");
    let get = r#"{"TableName": "insights", "Key": {"pk": {"S": "a"}, "sk": {"N": "2"}}}"#;
    insta::assert_snapshot!(done(&tables, Operation::GetItem, get).await, @r#"{"Item":{"pk":{"S":"a"},"sk":{"N":"2"}}}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_that_evict_each_other_keep_every_write() {
    let folder = tempfile::tempdir().unwrap();
    let tables = Arc::new(EmbeddedTables::open(folder.path()).unwrap());
    let at = |n: usize| account_region("432797229265", &format!("r{n}"));
    // More than stay open, each with consecutive writes.
    let writers: Vec<_> = (0..MAX_OPEN + 30)
        .map(|n| {
            let (tables, account_region) = (Arc::clone(&tables), at(n));
            tokio::spawn(async move {
                let made = tables.run(&account_region, Operation::CreateTable, TABLE.to_owned());
                made.await.unwrap();
                for sk in 0..5 {
                    let body = item("a", &sk.to_string());
                    let put = tables.run(&account_region, Operation::PutItem, body);
                    put.await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    for n in 0..MAX_OPEN + 30 {
        let body = r#"{"TableName": "insights", "Select": "COUNT"}"#.to_owned();
        let counted = tables.run(&at(n), Operation::Scan, body).await.unwrap();
        assert_eq!(in_order(&counted), r#"{"Count":5,"ScannedCount":5}"#);
    }
    // The excess of databases that were in use is closed when the next one is opened.
    done(&tables, Operation::CreateTable, TABLE).await;
    let (open, _) = files(folder.path());
    // And the log that a guard reads.
    assert!(open <= 5 * MAX_OPEN + 1, "{open}");
}

#[tokio::test]
async fn the_size_of_a_collection_is_in_responses_unless_reading_it_takes_long() {
    let folder = tempfile::tempdir().unwrap();
    let tables = EmbeddedTables::open(folder.path()).unwrap();
    let table = TABLE.replace(
        "\"BillingMode\"",
        r#""LocalSecondaryIndexes": [{"IndexName": "same", "Projection": {"ProjectionType": "KEYS_ONLY"},
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]}], "BillingMode""#,
    );
    done(&tables, Operation::CreateTable, &table).await;
    let put = |pk: &str| {
        let plain = item(pk, "0");
        plain.replacen('{', r#"{"ReturnItemCollectionMetrics": "SIZE", "#, 1)
    };
    let small = done(&tables, Operation::PutItem, &put("a")).await;
    assert!(
        small.contains(r#""SizeEstimateRangeGB":[0.0,1.0]"#),
        "{small}"
    );
    let text = "x".repeat(390_000);
    for sk in 1..23 {
        let large = item("b", &sk.to_string())
            .replace("}}}", &format!(r#"}}, "t": {{"S": "{text}"}}}}}}"#));
        done(&tables, Operation::PutItem, &large).await;
    }
    let batch = |pk: &str| {
        format!(
            r#"{{"ReturnItemCollectionMetrics": "SIZE", "RequestItems": {{"insights":
            [{{"PutRequest": {{"Item": {{"pk": {{"S": "{pk}"}}, "sk": {{"N": "0"}}}}}}}}]}}}}"#
        )
    };
    for (pk, has_size) in [("a", true), ("b", false)] {
        let written = done(&tables, Operation::BatchWriteItem, &batch(pk)).await;
        assert_eq!(
            written.contains("SizeEstimateRangeGB"),
            has_size,
            "{written}"
        );
    }
    assert_eq!(done(&tables, Operation::PutItem, &put("b")).await, "{}");
}
