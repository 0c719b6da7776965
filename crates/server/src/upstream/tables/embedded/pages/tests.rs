//! Pages of tables with items of many sizes.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{
    EmbeddedTables,
    tests::{done, home},
};
use super::*;

const TABLE: &str = r#"{"TableName": "sizes", "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}, {"AttributeName": "g", "AttributeType": "S"}],
    "GlobalSecondaryIndexes": [{"IndexName": "global", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}],
    "LocalSecondaryIndexes": [{"IndexName": "local", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "g", "KeyType": "RANGE"}], "Projection": {"ProjectionType": "KEYS_ONLY"}}]}"#;

/// A table with an item for each of these sizes in bytes.
async fn table(folder: &tempfile::TempDir, sizes: &[usize], character: &str) -> EmbeddedTables {
    let tables = EmbeddedTables::open(folder.path()).unwrap();
    done(&tables, Operation::CreateTable, TABLE).await;
    for (at, size) in sizes.iter().enumerate() {
        let mut item =
            json!({ "pk": { "S": "p" }, "sk": { "N": at.to_string() }, "g": { "S": "g" } });
        if *size > 0 {
            item["data"] = json!({ "S": character.repeat(*size) });
        }
        let put = json!({ "TableName": "sizes", "Item": item }).to_string();
        done(&tables, Operation::PutItem, &put).await;
    }
    tables
}

async fn read(tables: &EmbeddedTables, operation: Operation, request: &Value) -> Value {
    let page = tables.run(&home(), operation, request.to_string()).await;
    serde_json::from_str(&page.unwrap()).unwrap()
}

#[expect(clippy::needless_pass_by_value, reason = "it is written in the call")]
fn query(more: Value) -> Value {
    let mut request = json!({
        "TableName": "sizes",
        "KeyConditionExpression": "pk = :p",
        "ExpressionAttributeValues": { ":p": { "S": "p" } },
    });
    for (name, value) in more.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}

/// The sort keys of all pages, with a bar after each page.
async fn pages(tables: &EmbeddedTables, operation: Operation, mut request: Value) -> String {
    let mut shown = String::new();
    loop {
        let page = read(tables, operation, &request).await;
        for item in page["Items"].as_array().unwrap() {
            write!(shown, "{} ", item["sk"]["N"].as_str().unwrap()).unwrap();
        }
        assert!(page.to_string().len() <= 4 << 20, "a page is too large");
        shown.push_str("| ");
        match page.get("LastEvaluatedKey") {
            Some(last) => request["ExclusiveStartKey"] = last.clone(),
            None => return shown,
        }
    }
}

#[tokio::test]
async fn a_page_of_small_items_has_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let tables = table(&folder, &[10; 400], "x").await;
    let page = read(
        &tables,
        Operation::Query,
        &query(json!({ "ReturnConsumedCapacity": "TOTAL" })),
    )
    .await;
    assert_eq!(page["Items"].as_array().unwrap().len(), 400);
    insta::assert_snapshot!(
        format!("{} {} {} {:?}", page["Count"], page["ScannedCount"], page["ConsumedCapacity"]["TableName"], page.get("LastEvaluatedKey")),
        @r#"400 400 "sizes" None"#
    );
    let page = read(
        &tables,
        Operation::Query,
        &query(json!({ "Limit": 7, "Select": "COUNT" })),
    )
    .await;
    insta::assert_snapshot!(page, @r#"{"Count":7,"LastEvaluatedKey":{"pk":{"S":"p"},"sk":{"N":"6"}},"ScannedCount":7}"#);
    let page = read(
        &tables,
        Operation::Scan,
        &json!({ "TableName": "sizes", "Limit": 300, "Select": "COUNT" }),
    )
    .await;
    insta::assert_snapshot!(page, @r#"{"Count":300,"LastEvaluatedKey":{"pk":{"S":"p"},"sk":{"N":"299"}},"ScannedCount":300}"#);
}

#[tokio::test]
async fn a_page_ends_before_the_item_that_exceeds_a_megabyte() {
    let folder = tempfile::tempdir().unwrap();
    let mut sizes = vec![0; 70];
    sizes.extend([400_000; 6]);
    let tables = table(&folder, &sizes, "x").await;
    let all = pages(&tables, Operation::Query, query(json!({}))).await;
    let ends: Vec<_> = all
        .split('|')
        .filter_map(|page| page.trim().rsplit(' ').next())
        .collect();
    assert_eq!(ends, ["71", "73", "75", ""]);
    // The filter leaves nothing, and the pages end where they did.
    let filtered = query(json!({ "FilterExpression": "attribute_exists(zz)" }));
    let page = read(&tables, Operation::Query, &filtered).await;
    insta::assert_snapshot!(page, @r#"{"Count":0,"Items":[],"LastEvaluatedKey":{"pk":{"S":"p"},"sk":{"N":"71"}},"ScannedCount":72}"#);
}

#[tokio::test]
async fn items_whose_text_is_much_longer_end_a_page_earlier() {
    let folder = tempfile::tempdir().unwrap();
    let tables = table(&folder, &[390_000; 3], "\u{1}").await;
    assert_eq!(
        pages(&tables, Operation::Query, query(json!({}))).await,
        "0 | 1 | 2 | "
    );
}

#[tokio::test]
async fn a_filter_that_is_too_expensive_is_rejected_before_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let tables = table(&folder, &[10], "x").await;
    let list = vec![json!({ "NULL": true }); 100_000];
    let put = json!({ "TableName": "sizes", "Item": { "pk": { "S": "p" }, "sk": { "N": "9" }, "b": { "L": list } } });
    done(&tables, Operation::PutItem, &put.to_string()).await;
    let filter = |times: usize| {
        query(json!({ "FilterExpression": vec!["b <> b"; times].join(" OR "), "Select": "COUNT" }))
    };
    let mut once = filter(1);
    once["ExclusiveStartKey"] = json!({ "pk": { "S": "p" }, "sk": { "N": "0" } });
    insta::assert_snapshot!(read(&tables, Operation::Query, &once).await, @r#"{"Count":0,"ScannedCount":1}"#);
    // The items before it are a page.
    let page = read(&tables, Operation::Query, &filter(149)).await;
    insta::assert_snapshot!(page, @r#"{"Count":1,"LastEvaluatedKey":{"pk":{"S":"p"},"sk":{"N":"0"}},"ScannedCount":1}"#);
    let mut next = filter(149);
    next["ExclusiveStartKey"] = page["LastEvaluatedKey"].clone();
    let refused = tables
        .run(&home(), Operation::Query, next.to_string())
        .await;
    assert!(
        matches!(refused, Err(TableError::Rejected(_))),
        "{refused:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn pages_have_every_item_once_and_in_order(
        sizes in proptest::collection::vec(prop_oneof![4 => 0..300_usize, 2 => 300..20_000_usize, 1 => 20_000..300_000_usize], 1..90),
        limit in prop_oneof![Just(None), (1..100_u64).prop_map(Some)],
        forward in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let tables = table(&folder, &sizes, "x").await;
            let keys = |pages: String| -> Vec<usize> {
                pages.split([' ', '|']).filter_map(|key| key.parse().ok()).collect()
            };
            let mut more = json!({ "ScanIndexForward": forward });
            let mut scan = json!({ "TableName": "sizes" });
            if let Some(limit) = limit {
                more["Limit"] = limit.into();
                scan["Limit"] = limit.into();
            }
            let mut expected: Vec<usize> = (0..sizes.len()).collect();
            let scanned = keys(pages(&tables, Operation::Scan, scan.clone()).await);
            assert_eq!(scanned, expected);
            let mut in_segments = Vec::new();
            for segment in 0..3 {
                let mut scan = scan.clone();
                scan["Segment"] = segment.into();
                scan["TotalSegments"] = 3.into();
                in_segments.extend(keys(pages(&tables, Operation::Scan, scan).await));
            }
            in_segments.sort_unstable();
            assert_eq!(in_segments, expected);
            if !forward {
                expected.reverse();
            }
            assert_eq!(keys(pages(&tables, Operation::Query, query(more.clone())).await), expected);
            let mut of_index = query(more.clone());
            of_index["IndexName"] = "global".into();
            of_index["KeyConditionExpression"] = "g = :p".into();
            of_index["ExpressionAttributeValues"] = json!({ ":p": { "S": "g" } });
            assert_eq!(keys(pages(&tables, Operation::Query, of_index).await), expected);
            for select in ["ALL_PROJECTED_ATTRIBUTES", "ALL_ATTRIBUTES"] {
                let mut of_index = query(more.clone());
                of_index["IndexName"] = "local".into();
                of_index["Select"] = select.into();
                assert_eq!(keys(pages(&tables, Operation::Query, of_index).await), expected);
            }
        });
    }
}
