//! Pages of `Query` and `Scan`, assembled from parts.
//!
//! A part is as much as fits into the memory of a step, and the lock of the database is released
//! between two parts. A page ends as on AWS: at the request's `Limit`, before the item that exceeds
//! 1 MB, or with the last item. It also ends after many items, since a filter may leave none of
//! them, and where the client's part of the memory for responses is used up.

use std::{collections::BTreeMap, fmt::Write as _};

use bowline_aws::dynamodb::Operation;
use dynoxide::{
    Item,
    actions::{query, scan},
    types::ConsumedCapacity,
};
use serde_json::{Map, Value, value::RawValue};

use super::{
    TableError, builds,
    cost::MAX_TIME,
    dispatch::{Call, json},
    engine::{quoted, run, sqlite},
    invalid_json,
    meter::{Budget, Meter, Read, Stop},
    step::{StepError, too_expensive},
};

/// Items of the first part.
const FIRST_PART_ITEMS: u64 = 64;
/// Maximum number of items in a part.
const MAX_PART_ITEMS: u64 = 1_000;
/// Items after which a page ends.
const MAX_PAGE_ITEMS: u64 = 10_000;
/// Bytes of the items of a page, as the service counts them ("Paginating table query results",
/// Amazon `DynamoDB` Developer Guide).
const MAX_PAGE_BYTES: usize = 1 << 20;
/// Bytes of the texts of the items of a part. A single item may have more.
const MAX_PART_TEXT_BYTES: usize = 512 << 10;
/// Bytes of the texts of the items of a page: JSON can take six bytes for one of an item's.
const MAX_PAGE_TEXT_BYTES: usize = 3 << 20;
/// How often a part is read again because items changed meanwhile.
const MAX_ATTEMPTS: usize = 8;

/// A page so far.
#[derive(Default)]
struct Page {
    /// The items' texts, with commas.
    items: Option<String>,
    count: u64,
    scanned: u64,
    last: Option<String>,
    capacity: Option<Value>,
    read: Read,
}

/// The engine's response for a part.
struct Part {
    items: Option<Vec<Item>>,
    count: u64,
    scanned: u64,
    last: Option<Item>,
    capacity: Option<ConsumedCapacity>,
}

/// Reads a page. The result is the body of the response.
pub(super) fn page(call: &Call<'_>) -> Result<String, StepError> {
    let mut request: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(call.body).map_err(invalid_json)?;
    let max_items = match request.get("Limit").map(|limit| limit.get().parse()) {
        None => MAX_PAGE_ITEMS,
        Some(Ok(limit @ 1..)) => MAX_PAGE_ITEMS.min(limit),
        // The engine rejects the limit.
        Some(_) => 1,
    };
    let text = |member: &str| {
        let text = request.get(member)?.get();
        serde_json::from_str::<String>(text).ok()
    };
    let (table, index) = (text("TableName").unwrap_or_default(), text("IndexName"));
    if let Some(index) = &index {
        builds::check_readable(call, &table, index)?;
    }
    if request.contains_key("Segment") && index.is_none() {
        call.job
            .slot
            .execute(|engine| order_by_hash(engine.storage.conn(), &table))?;
    }
    let mut page = Page::default();
    let mut size = FIRST_PART_ITEMS;
    while page.scanned < max_items {
        if !call.job.share.reserve(page.text() + MAX_PART_TEXT_BYTES) && page.scanned > 0 {
            break;
        }
        let requested = size.min(max_items - page.scanned);
        if request.get("Limit").is_none_or(|limit| !is_invalid(limit)) {
            request.insert("Limit".to_owned(), raw(requested)?);
        }
        let budget = Budget {
            weight: call.job.memory,
            size: MAX_PAGE_BYTES.saturating_sub(page.read.size),
            text: MAX_PART_TEXT_BYTES.min(MAX_PAGE_TEXT_BYTES.saturating_sub(page.read.text)),
            time: MAX_TIME,
            uses: call.job.uses.first().cloned().unwrap_or_default(),
            is_first: page.scanned == 0,
        };
        let Some((part, read, requested)) = part(
            call,
            &mut request,
            &table,
            index.as_deref(),
            &budget,
            requested,
        )?
        else {
            break;
        };
        let is_short = part.scanned < requested;
        let is_last = part.last.is_none();
        page.add(part, read)?;
        call.job.reserve(page.text())?;
        if is_last || is_short || page.read.size >= MAX_PAGE_BYTES {
            break;
        }
        size = MAX_PART_ITEMS.min(requested * 2);
        if let Some(last) = &page.last {
            let last = RawValue::from_string(last.clone()).map_err(invalid_json)?;
            request.insert("ExclusiveStartKey".to_owned(), last);
        }
    }
    Ok(page.body(call))
}

/// Reads a part: as many of the requested items as the budget allows. None if the first of them
/// does not fit into the page any more. The result has the number of items that were requested
/// last.
fn part(
    call: &Call<'_>,
    request: &mut BTreeMap<String, Box<RawValue>>,
    table: &str,
    index: Option<&str>,
    budget: &Budget,
    mut requested: u64,
) -> Result<Option<(Part, Read, u64)>, StepError> {
    for _ in 0..MAX_ATTEMPTS {
        let body = json(request)?;
        let (outcome, meter) = call.job.slot.read(|reader| {
            reader.watch(table, index)?;
            reader.swap_meter(Meter::new(budget.clone()));
            let outcome = if call.operation == Operation::Query {
                let request: query::QueryRequest = call.read_from(&body)?;
                run(query::execute(&reader.storage, request)).map(Part::from)
            } else {
                let request: scan::ScanRequest = call.read_from(&body)?;
                run(scan::execute(&reader.storage, request)).map(Part::from)
            };
            Ok::<_, StepError>((outcome, reader.swap_meter(Meter::default())))
        })?;
        match (meter.stopped(), outcome) {
            (None, Ok(part)) => return Ok(Some((part, meter.read(), requested))),
            (None, Err(error)) => return Err(call.failed(error).into()),
            (Some(Stop::After(0)), _) => return Ok(None),
            (Some(Stop::After(rows)), _) => {
                requested = rows;
                request.insert("Limit".to_owned(), raw(requested)?);
            }
            (Some(Stop::Memory(needed)), _) => return Err(StepError::Memory(needed)),
            (Some(Stop::Time), _) => return Err(too_expensive()),
        }
    }
    let error = "the items of a page change faster than it is read";
    Err(TableError::Failed(error.into()).into())
}

/// Whether a limit is one that the engine rejects.
fn is_invalid(limit: &RawValue) -> bool {
    !matches!(limit.get().parse::<u64>(), Ok(1..))
}

fn raw(number: u64) -> Result<Box<RawValue>, TableError> {
    RawValue::from_string(number.to_string()).map_err(invalid_json)
}

/// Lets a scan in segments read a table in the order of its hashes. Without an index every part
/// would sort the whole table.
pub(super) fn order_by_hash(
    connection: &rusqlite::Connection,
    table: &str,
) -> Result<(), TableError> {
    let exists = connection
        .prepare_cached("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1")
        .and_then(|mut statement| statement.exists([table]))
        .map_err(sqlite)?;
    if !exists {
        return Ok(());
    }
    let sql = format!(
        "CREATE INDEX IF NOT EXISTS {} ON {} (hash_prefix, pk, sk)",
        quoted(&format!("{table}::hash")),
        quoted(table)
    );
    connection.execute_batch(&sql).map_err(sqlite)
}

impl Page {
    fn text(&self) -> usize {
        self.items.as_ref().map_or(0, String::len)
    }

    fn add(&mut self, part: Part, read: Read) -> Result<(), TableError> {
        if let Some(items) = part.items {
            let texts = self.items.get_or_insert_default();
            for item in items {
                if !texts.is_empty() {
                    texts.push(',');
                }
                texts.push_str(&json(&item)?);
            }
        }
        self.count += part.count;
        self.scanned += part.scanned;
        self.last = part.last.as_ref().map(json).transpose()?;
        self.read.size += read.size;
        self.read.text += read.text;
        if let Some(capacity) = part.capacity {
            let capacity = serde_json::to_value(capacity).map_err(invalid_json)?;
            add_capacity(&mut self.capacity, capacity);
        }
        Ok(())
    }

    /// The body of the response, with the client's names.
    fn body(self, call: &Call<'_>) -> String {
        let mut body = String::from("{");
        if let Some(items) = self.items {
            body = format!("{{\"Items\":[{items}],");
        }
        let _ = write!(
            body,
            "\"Count\":{},\"ScannedCount\":{}",
            self.count, self.scanned
        );
        if let Some(last) = self.last {
            let _ = write!(body, ",\"LastEvaluatedKey\":{last}");
        }
        if let Some(capacity) = self.capacity {
            let capacity = call.job.names.capacity(capacity);
            let _ = write!(body, ",\"ConsumedCapacity\":{capacity}");
        }
        body.push('}');
        body
    }
}

macro_rules! from_response {
    ($($response:ty)*) => {$(
        impl From<$response> for Part {
            fn from(response: $response) -> Self {
                Self {
                    items: response.items,
                    count: response.count as u64,
                    scanned: response.scanned_count as u64,
                    last: response.last_evaluated_key,
                    capacity: response.consumed_capacity,
                }
            }
        }
    )*};
}

from_response! { query::QueryResponse scan::ScanResponse }

/// Adds the capacity that another part consumed.
pub(super) fn add_capacity(sum: &mut Option<Value>, more: Value) {
    match (sum, more) {
        (Some(Value::Object(sum)), Value::Object(more)) => add(sum, more),
        (sum, more) => *sum = Some(more),
    }
}

/// Adds the numbers of an object to those of another.
fn add(sum: &mut Map<String, Value>, more: Map<String, Value>) {
    for (name, value) in more {
        match (sum.get_mut(&name), value) {
            (Some(Value::Object(before)), Value::Object(more)) => add(before, more),
            (Some(Value::Number(before)), Value::Number(more)) => {
                if let Some(total) = total(before, &more) {
                    *before = total;
                }
            }
            (Some(_), _) => {}
            (None, value) => {
                sum.insert(name, value);
            }
        }
    }
}

fn total(one: &serde_json::Number, other: &serde_json::Number) -> Option<serde_json::Number> {
    if let (Some(one), Some(other)) = (one.as_u64(), other.as_u64()) {
        return Some(one.saturating_add(other).into());
    }
    serde_json::Number::from_f64(one.as_f64()? + other.as_f64()?)
}

#[cfg(test)]
mod tests;
