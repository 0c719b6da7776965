//! Pages of a store whose items are numbers.

use std::sync::Mutex;

use serde_json::json;

use super::*;

/// Items that are numbers, each with this many bytes. A part ends after 1 MB.
#[derive(Debug)]
struct Numbers {
    count: u64,
    bytes: usize,
    limits: Mutex<Vec<u64>>,
}

impl Numbers {
    fn new(count: u64, bytes: usize) -> Self {
        Self {
            count,
            bytes,
            limits: Mutex::default(),
        }
    }

    fn respond(&self, body: &str) -> String {
        let request = object(body).unwrap();
        let limit = request["Limit"].as_u64().unwrap();
        self.limits.lock().unwrap().push(limit);
        let first = request
            .get("ExclusiveStartKey")
            .map_or(0, |key| key["n"].as_u64().unwrap() + 1);
        let fit = (1_000_000 / self.bytes.max(1)).max(1) as u64;
        let end = self.count.min(first + limit.min(fit));
        let items: Vec<_> = (first..end)
            .map(|n| json!({ "n": n, "data": "x".repeat(self.bytes) }))
            .collect();
        let mut response = json!({
            "Items": items, "Count": end - first, "ScannedCount": end - first,
            "ConsumedCapacity": { "TableName": "t", "CapacityUnits": 0.5 },
        });
        if end < self.count || end - first == limit {
            response["LastEvaluatedKey"] = json!({ "n": end - 1 });
        }
        response.to_string()
    }

    /// Counts, capacity, the last key, and the limits of the parts.
    async fn page(&self, body: Value) -> String {
        let response = page(
            body.to_string(),
            |body| async move { Ok(self.respond(&body)) },
        )
        .await;
        let response = object(&response.unwrap()).unwrap();
        let items = response["Items"].as_array().unwrap();
        let in_order = items
            .windows(2)
            .all(|two| two[0]["n"].as_u64() < two[1]["n"].as_u64());
        assert!(in_order);
        format!(
            "{} {} {} {} {} {:?}",
            items.len(),
            response["Count"],
            response["ScannedCount"],
            response["ConsumedCapacity"]["CapacityUnits"],
            response.get("LastEvaluatedKey").unwrap_or(&Value::Null),
            self.limits.lock().unwrap().drain(..).collect::<Vec<_>>()
        )
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
async fn a_page_ends_after_many_bytes_or_items() {
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
