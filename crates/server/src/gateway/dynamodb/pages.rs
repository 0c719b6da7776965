//! Pages of `Query` and `Scan`, put together from parts.
//!
//! The store reads as many items as it is asked for before it looks at their size, so it is asked for few at first, and for more while they
//! are small. A page ends as on AWS: at the request's `Limit`, at 1 MB, or with the last item; and it ends after many items, since a
//! filter may leave nothing of them.

use bowline_aws::dynamodb::{AccountRegion, Operation};
use serde_json::{Map, Value};

use crate::upstream::tables::{TableError, TableStore};

/// Items of the first part. Each may have 400 KB as `DynamoDB` counts, and several times that in memory.
const FIRST_PART_ITEMS: u64 = 16;
/// Most items of a part.
const MAX_PART_ITEMS: u64 = 300;
/// Items after which a page ends.
const MAX_PAGE_ITEMS: u64 = 10_000;
/// Bytes of answers after which a page ends ("Paginating table query results", Amazon `DynamoDB` Developer Guide). Those of requests
/// count as well: a large one is not worked on again and again.
const MAX_PAGE_BYTES: usize = 1 << 20;

/// Calls the store for a page: the body of the answer.
///
/// # Errors
/// As [`TableStore::call`].
pub(super) async fn page(
    store: &dyn TableStore,
    account_region: &AccountRegion,
    operation: Operation,
    body: String,
) -> Result<String, TableError> {
    let mut request = object(&body)?;
    let limit = match request.get("Limit") {
        None => None,
        Some(limit) => match limit.as_u64() {
            Some(limit) if limit > FIRST_PART_ITEMS => Some(limit),
            // It is one part, or no limit at all, which the store refuses.
            Some(_) | None => return store.call(account_region, operation, body).await,
        },
    };
    let most = limit.unwrap_or(MAX_PAGE_ITEMS).min(MAX_PAGE_ITEMS);
    let mut page = Map::new();
    let (mut bytes, mut scanned, mut size) = (0, 0, FIRST_PART_ITEMS);
    while scanned < most {
        let asked = size.min(most - scanned);
        request.insert("Limit".to_owned(), asked.into());
        let sent = Value::Object(request.clone()).to_string();
        let answer = store.call(account_region, operation, sent).await?;
        bytes += body.len() + answer.len();
        // Nearly all pages are one part.
        if page.is_empty() && !answer.contains("\"LastEvaluatedKey\"") {
            return Ok(answer);
        }
        let part = object(&answer)?;
        let read = part.get("ScannedCount").and_then(Value::as_u64);
        let read = read.unwrap_or_default();
        scanned += read;
        add(&mut page, part);
        let Some(last) = page.get("LastEvaluatedKey") else {
            break;
        };
        // The store has ended the part by its size, or all together are enough.
        if read < asked || bytes >= MAX_PAGE_BYTES {
            break;
        }
        size = MAX_PART_ITEMS.min(size * 2);
        request.insert("ExclusiveStartKey".to_owned(), last.clone());
    }
    Ok(Value::Object(page).to_string())
}

/// Adds a part to the page before it: lists go on, numbers are sums, and where it goes on is where the part does.
fn add(page: &mut Map<String, Value>, part: Map<String, Value>) {
    page.remove("LastEvaluatedKey");
    for (name, value) in part {
        match (page.get_mut(&name), value) {
            (Some(Value::Array(before)), Value::Array(mut more)) => before.append(&mut more),
            (Some(Value::Object(before)), Value::Object(more)) => add(before, more),
            (Some(Value::Number(before)), Value::Number(more)) => {
                if let Some(sum) = sum(before, &more) {
                    *before = sum;
                }
            }
            (Some(_), _) => {}
            (None, value) => {
                page.insert(name, value);
            }
        }
    }
}

fn sum(one: &serde_json::Number, other: &serde_json::Number) -> Option<serde_json::Number> {
    if let (Some(one), Some(other)) = (one.as_u64(), other.as_u64()) {
        return Some(one.saturating_add(other).into());
    }
    serde_json::Number::from_f64(one.as_f64()? + other.as_f64()?)
}

fn object(text: &str) -> Result<Map<String, Value>, TableError> {
    serde_json::from_str(text).map_err(|error| TableError::Failed(error.into()))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::json;

    use super::*;
    use crate::upstream::BoxFuture;

    /// Items that are numbers, each with so many bytes; ends a part after 1 MB of them.
    #[derive(Debug)]
    struct Numbers {
        count: u64,
        bytes: usize,
        asked: Mutex<Vec<u64>>,
    }

    impl Numbers {
        fn new(count: u64, bytes: usize) -> Self {
            Self {
                count,
                bytes,
                asked: Mutex::default(),
            }
        }

        fn answer(&self, body: &str) -> String {
            let request = object(body).unwrap();
            let limit = request["Limit"].as_u64().unwrap();
            self.asked.lock().unwrap().push(limit);
            let first = request
                .get("ExclusiveStartKey")
                .map_or(0, |key| key["n"].as_u64().unwrap() + 1);
            let fit = (1_000_000 / self.bytes.max(1)).max(1) as u64;
            let end = self.count.min(first + limit.min(fit));
            let items: Vec<_> = (first..end)
                .map(|n| json!({ "n": n, "data": "x".repeat(self.bytes) }))
                .collect();
            let mut answer = json!({
                "Items": items, "Count": end - first, "ScannedCount": end - first,
                "ConsumedCapacity": { "TableName": "t", "CapacityUnits": 0.5 },
            });
            if end < self.count || end - first == limit {
                answer["LastEvaluatedKey"] = json!({ "n": end - 1 });
            }
            answer.to_string()
        }

        /// Counts, capacity, the last key, and what the store was asked for.
        async fn page(&self, body: Value) -> String {
            let account_region =
                AccountRegion::new("432797229265".parse().unwrap(), "us-east-1").unwrap();
            let answer = page(self, &account_region, Operation::Query, body.to_string()).await;
            let answer = object(&answer.unwrap()).unwrap();
            let items = answer["Items"].as_array().unwrap();
            let in_order = items
                .windows(2)
                .all(|two| two[0]["n"].as_u64() < two[1]["n"].as_u64());
            assert!(in_order);
            format!(
                "{} {} {} {} {} {:?}",
                items.len(),
                answer["Count"],
                answer["ScannedCount"],
                answer["ConsumedCapacity"]["CapacityUnits"],
                answer.get("LastEvaluatedKey").unwrap_or(&Value::Null),
                self.asked.lock().unwrap().drain(..).collect::<Vec<_>>()
            )
        }
    }

    impl TableStore for Numbers {
        fn call<'a>(
            &'a self,
            _: &'a AccountRegion,
            _: Operation,
            body: String,
        ) -> BoxFuture<'a, Result<String, TableError>> {
            Box::pin(async move { Ok(self.answer(&body)) })
        }

        fn leave<'a>(&'a self, _: &'a AccountRegion) -> BoxFuture<'a, Result<(), TableError>> {
            Box::pin(async { Ok(()) })
        }

        fn expire(&self, _: Vec<AccountRegion>) -> BoxFuture<'_, ()> {
            Box::pin(async {})
        }
    }

    #[tokio::test]
    async fn a_page_of_small_items_is_made_of_many_parts() {
        let store = Numbers::new(701, 10);
        insta::assert_snapshot!(store.page(json!({})).await, @"701 701 701 3.0 null [16, 32, 64, 128, 256, 300]");
        insta::assert_snapshot!(store.page(json!({ "Limit": 7 })).await, @r#"7 7 7 0.5 {"n":6} [7]"#);
        insta::assert_snapshot!(store.page(json!({ "Limit": 400 })).await, @r#"400 400 400 2.5 {"n":399} [16, 32, 64, 128, 160]"#);
        insta::assert_snapshot!(store.page(json!({ "Limit": 5_000, "ExclusiveStartKey": { "n": 599 } })).await, @"101 101 101 1.5 null [16, 32, 64]");
    }

    #[tokio::test]
    async fn a_page_ends_where_its_items_are_large_enough_or_too_many() {
        let store = Numbers::new(100, 400_000);
        insta::assert_snapshot!(store.page(json!({})).await, @r#"2 2 2 0.5 {"n":1} [16]"#);
        let store = Numbers::new(100_000, 2_000);
        insta::assert_snapshot!(store.page(json!({})).await, @r#"796 796 796 3.0 {"n":795} [16, 32, 64, 128, 256, 300]"#);
        let store = Numbers::new(100_000, 0);
        assert!(
            store
                .page(json!({}))
                .await
                .starts_with("10000 10000 10000 ")
        );
    }
}
