//! Pages of `Query` and `Scan`, assembled from parts.
//!
//! The engine reads as many items as requested before it looks at their size. So the first part is
//! small, and the next ones grow while the items are small. A page ends as on AWS: at the request's
//! `Limit`, at 1 MB, or with the last item. It also ends after many items, since a filter may leave
//! none of them.

use serde_json::{Map, Value};

use super::{TableError, invalid_json};

/// Items of the first part. Each may have 400 KB as `DynamoDB` counts, and several times that in
/// memory.
const FIRST_PART_ITEMS: u64 = 16;
/// Maximum number of items in a part.
const MAX_PART_ITEMS: u64 = 300;
/// Items after which a page ends.
const MAX_PAGE_ITEMS: u64 = 10_000;
/// Bytes after which a page ends ("Paginating table query results", Amazon `DynamoDB` Developer
/// Guide). Those of the request count for each part, so that a large request is not read again and
/// again.
const MAX_PAGE_BYTES: usize = 1 << 20;

/// Reads a page: `read` executes a request with this body. The result is the body of the response.
///
/// # Errors
/// Those of `read`.
pub(super) async fn page<F>(
    body: String,
    read: impl Fn(String) -> F + Send + Sync,
) -> Result<String, TableError>
where
    F: Future<Output = Result<String, TableError>> + Send,
{
    let mut request = object(&body)?;
    let limit = match request.get("Limit") {
        None => None,
        Some(limit) => match limit.as_u64() {
            Some(limit) if limit > FIRST_PART_ITEMS => Some(limit),
            // One part is enough, or the engine rejects the limit.
            Some(_) | None => return read(body).await,
        },
    };
    let max_items = limit.unwrap_or(MAX_PAGE_ITEMS).min(MAX_PAGE_ITEMS);
    let mut page = Map::new();
    let (mut bytes, mut scanned, mut size) = (0, 0, FIRST_PART_ITEMS);
    while scanned < max_items {
        let requested = size.min(max_items - scanned);
        request.insert("Limit".to_owned(), requested.into());
        let response = read(Value::Object(request.clone()).to_string()).await?;
        bytes += body.len() + response.len();
        // Most pages are one part.
        if page.is_empty() && !response.contains("\"LastEvaluatedKey\"") {
            return Ok(response);
        }
        let part = object(&response)?;
        let count = part.get("ScannedCount").and_then(Value::as_u64);
        let count = count.unwrap_or_default();
        scanned += count;
        add(&mut page, part);
        let Some(last) = page.get("LastEvaluatedKey") else {
            break;
        };
        // The engine ended the part by its size, or the parts together are large enough.
        if count < requested || bytes >= MAX_PAGE_BYTES {
            break;
        }
        size = MAX_PART_ITEMS.min(size * 2);
        request.insert("ExclusiveStartKey".to_owned(), last.clone());
    }
    Ok(Value::Object(page).to_string())
}

/// Appends a part to a page: lists are joined and numbers added. The page continues where the part
/// does.
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
    serde_json::from_str(text).map_err(invalid_json)
}

#[cfg(test)]
mod tests;
