//! `BatchGetItem` and `BatchWriteItem`, in parts: neither is a transaction.
//!
//! A part is as much as fits into the memory of a step, and the lock of the database is released
//! between two parts. A `BatchGetItem` ends as on AWS at 16 MB, as the service counts them, and
//! also where its text reaches 16 MB or the client's part of the memory for responses is used up.
//! The response then has the other keys as `UnprocessedKeys`.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt::Write as _,
};

use bowline_aws::error::Code;
use dynoxide::{
    Item,
    actions::{
        batch_get_item::{self, BatchGetItemRequest, BatchGetItemResponse, KeysAndAttributes},
        batch_write_item::{self, BatchWriteItemRequest, BatchWriteItemResponse, WriteRequest},
    },
};
use serde_json::{Map, Value, json};

use super::{
    dispatch::{Call, json as text_of},
    engine::{Engine, run},
    invalid_json,
    item::{asks, check_written, indexes},
    pages::add_capacity,
    step::{StepError, rejected},
    weight::{MAX_WEIGHT_OF_BYTE, SMALL_TEXT_BYTES, weight},
};

/// Bytes of the items of a `BatchGetItem`, as the service counts them ("`BatchGetItem`", Amazon
/// `DynamoDB` API Reference), and of their text.
const MAX_BATCH_BYTES: usize = 16 << 20;
/// Bytes of text that a part reads. A single item may have more.
const MAX_PART_TEXT_BYTES: usize = 512 << 10;
/// Bytes of text that a part writes. A single item may have more.
const MAX_WRITTEN_PART_BYTES: usize = 4 << 20;

/// A batch so far.
#[derive(Default)]
struct Batch {
    /// The items' texts, by table.
    items: BTreeMap<String, String>,
    unprocessed: Map<String, Value>,
    capacity: BTreeMap<String, Option<Value>>,
    has_capacity: bool,
    /// Bytes of the items, as the service counts them.
    size: usize,
    is_full: bool,
}

/// `BatchGetItem`.
pub(super) fn get(call: &Call<'_>) -> Result<String, StepError> {
    let request: BatchGetItemRequest = call.read()?;
    check_duplicates(&request)?;
    let mut batch = Batch::default();
    let capacity = request.return_consumed_capacity;
    let mut tables: Vec<_> = request.request_items.into_iter().collect();
    tables.sort_by(|(one, _), (other, _)| one.cmp(other));
    for (table, mut of_table) in tables {
        batch.items.insert(table.clone(), String::new());
        let mut keys = std::mem::take(&mut of_table.keys);
        // The engine rejects a table without keys.
        let mut is_first = true;
        while !batch.is_full && (is_first || !keys.is_empty()) {
            is_first = false;
            let (response, rest) =
                part(call, &mut batch, &table, &of_table, keys, capacity.as_ref())?;
            keys = rest;
            if let Some(response) = response {
                batch.add(response)?;
                call.job.reserve(batch.text())?;
            }
        }
        if !keys.is_empty() {
            let unprocessed = unprocessed(&of_table, &keys)?;
            batch.unprocessed.insert(table, unprocessed);
        }
    }
    Ok(batch.body(call))
}

/// Reads the first of these keys, and returns the others.
fn part(
    call: &Call<'_>,
    batch: &mut Batch,
    table: &str,
    of_table: &KeysAndAttributes,
    mut keys: Vec<Item>,
    capacity: Option<&String>,
) -> Result<(Option<BatchGetItemResponse>, Vec<Item>), StepError> {
    call.job.slot.execute(|engine| {
        let many = fitting(call, engine, batch, table, &keys)?;
        if many == 0 && !keys.is_empty() {
            return Ok((None, keys));
        }
        let rest = keys.split_off(many);
        let of_part = KeysAndAttributes {
            keys,
            projection_expression: of_table.projection_expression.clone(),
            expression_attribute_names: of_table.expression_attribute_names.clone(),
            consistent_read: of_table.consistent_read,
            attributes_to_get: of_table.attributes_to_get.clone(),
        };
        let request = BatchGetItemRequest {
            request_items: HashMap::from([(table.to_owned(), of_part)]),
            return_consumed_capacity: capacity.cloned(),
        };
        let response = run(batch_get_item::execute(&engine.storage, request));
        Ok((Some(response.map_err(|error| call.failed(error))?), rest))
    })
}

/// How many of the keys fit into a part. If the batch has no room for the first, it is full.
fn fitting(
    call: &Call<'_>,
    engine: &Engine,
    batch: &mut Batch,
    table: &str,
    keys: &[Item],
) -> Result<usize, StepError> {
    let (mut text, mut memory) = (0, 0);
    for (at, key) in keys.iter().enumerate() {
        let Some(key) = engine.key(table, key)? else {
            continue;
        };
        let Some((size, length)) = engine.sizes(&key)? else {
            continue;
        };
        if at > 0 && text + length > MAX_PART_TEXT_BYTES {
            return Ok(at);
        }
        let whole = batch.text() + text + length;
        let is_empty = at == 0 && batch.size == 0;
        let is_room = batch.size + size <= MAX_BATCH_BYTES && whole <= MAX_BATCH_BYTES;
        if is_empty {
            // Without any item the client could not go on.
            call.job.reserve(whole)?;
        } else if !is_room || !call.job.share.reserve(whole) {
            batch.is_full = true;
            return Ok(at);
        }
        let needed = memory
            + if length < SMALL_TEXT_BYTES {
                length * MAX_WEIGHT_OF_BYTE
            } else {
                weight(engine.text(&key)?.unwrap_or_default().as_bytes())
            };
        if needed > call.job.memory {
            if at > 0 {
                return Ok(at);
            }
            call.job.fits(needed)?;
        }
        memory = needed;
        text += length;
        batch.size += size;
    }
    Ok(keys.len())
}

impl Batch {
    fn text(&self) -> usize {
        self.items.values().map(String::len).sum()
    }

    fn add(&mut self, response: BatchGetItemResponse) -> Result<(), StepError> {
        for (table, items) in response.responses {
            let texts = self.items.entry(table).or_default();
            for item in items {
                if !texts.is_empty() {
                    texts.push(',');
                }
                texts.push_str(&text_of(&item)?);
            }
        }
        add_capacities(&mut self.capacity, response.consumed_capacity.as_ref())?;
        self.has_capacity |= response.consumed_capacity.is_some();
        Ok(())
    }

    /// The body of the response, with the client's names.
    fn body(self, call: &Call<'_>) -> String {
        let names = &call.job.names;
        let mut body = String::with_capacity(self.text() + 256);
        body.push_str("{\"Responses\":{");
        for (at, (table, items)) in self.items.into_iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            let name = Value::from(names.client_table(&table));
            let _ = write!(body, "{comma}{name}:[");
            body.push_str(&items);
            body.push(']');
        }
        body.push_str("},\"UnprocessedKeys\":{");
        for (at, (table, keys)) in self.unprocessed.into_iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            let name = Value::from(names.client_table(&table));
            let _ = write!(body, "{comma}{name}:{keys}");
        }
        body.push('}');
        if self.has_capacity {
            let capacity: Vec<_> = self.capacity.into_values().flatten().collect();
            let capacity = names.capacity(Value::Array(capacity));
            let _ = write!(body, ",\"ConsumedCapacity\":{capacity}");
        }
        body.push('}');
        body
    }
}

fn add_capacities(
    sums: &mut BTreeMap<String, Option<Value>>,
    more: Option<&Vec<dynoxide::types::ConsumedCapacity>>,
) -> Result<(), StepError> {
    for capacity in more.into_iter().flatten() {
        let capacity = serde_json::to_value(capacity).map_err(invalid_json)?;
        let table = capacity.get("TableName").and_then(Value::as_str);
        let table = table.unwrap_or_default().to_owned();
        add_capacity(sums.entry(table).or_default(), capacity);
    }
    Ok(())
}

/// A table's member of `UnprocessedKeys`.
fn unprocessed(of_table: &KeysAndAttributes, keys: &[Item]) -> Result<Value, StepError> {
    let keys = serde_json::to_value(keys).map_err(invalid_json)?;
    let mut unprocessed = Map::from_iter([("Keys".to_owned(), keys)]);
    let members = [
        (
            "ProjectionExpression",
            json!(of_table.projection_expression),
        ),
        (
            "ExpressionAttributeNames",
            json!(of_table.expression_attribute_names),
        ),
        ("ConsistentRead", json!(of_table.consistent_read)),
        ("AttributesToGet", json!(of_table.attributes_to_get)),
    ];
    for (name, value) in members {
        if !value.is_null() {
            unprocessed.insert(name.to_owned(), value);
        }
    }
    Ok(Value::Object(unprocessed))
}

/// Rejects a key that appears twice: in parts the engine would not notice.
fn check_duplicates(request: &BatchGetItemRequest) -> Result<(), StepError> {
    for of_table in request.request_items.values() {
        let mut seen = HashSet::new();
        for key in &of_table.keys {
            let mut members: Vec<_> = key
                .iter()
                .map(|(name, value)| format!("{name}={value:?}"))
                .collect();
            members.sort();
            if !seen.insert(members) {
                return Err(rejected(
                    Code::ValidationError,
                    "Provided list of item keys contains duplicates",
                ));
            }
        }
    }
    Ok(())
}

/// `BatchWriteItem`. A batch that fits into a part is validated as a whole, as on AWS; the parts of
/// a larger one are validated one after another.
pub(super) fn write(call: &Call<'_>) -> Result<String, StepError> {
    let request: BatchWriteItemRequest = call.read()?;
    let mut capacities = BTreeMap::new();
    let mut metrics: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let (capacity, item_metrics) = (
        request.return_consumed_capacity,
        request.return_item_collection_metrics,
    );
    let parts = parts(request.request_items)?;
    if parts.len() > 1 {
        check_targets(call, &parts)?;
    }
    for part in parts {
        let mut request = BatchWriteItemRequest {
            request_items: part,
            return_consumed_capacity: capacity.clone(),
            return_item_collection_metrics: item_metrics.clone(),
        };
        let response: BatchWriteItemResponse = call.job.slot.execute(|engine| {
            for (table, writes) in &request.request_items {
                let factor = 1 + indexes(engine, table)?;
                for write in writes {
                    if let Some(put) = &write.put_request {
                        check_written(text_of(&put.item)?.len() * factor)?;
                    }
                }
            }
            if asks(request.return_item_collection_metrics.as_ref())
                && has_large_collection(engine, &request.request_items)?
            {
                request.return_item_collection_metrics = None;
            }
            run(batch_write_item::execute(&engine.storage, request))
                .map_err(|error| StepError::from(call.failed(error)))
        })?;
        add_capacities(&mut capacities, response.consumed_capacity.as_ref())?;
        for (table, more) in response.item_collection_metrics.into_iter().flatten() {
            for more in more {
                let more = serde_json::to_value(more).map_err(invalid_json)?;
                metrics.entry(table.clone()).or_default().push(more);
            }
        }
    }
    let mut body = json!({ "UnprocessedItems": {} });
    if let Value::Object(body) = &mut body {
        if capacity.is_some_and(|capacity| capacity != "NONE") {
            let capacities: Vec<_> = capacities.into_values().flatten().collect();
            body.insert("ConsumedCapacity".to_owned(), capacities.into());
        }
        if !metrics.is_empty() {
            body.insert("ItemCollectionMetrics".to_owned(), json!(metrics));
        }
    }
    Ok(body.to_string())
}

/// Whether a collection that a batch writes to is too large to be read whole.
fn has_large_collection(engine: &Engine, writes: &Writes) -> Result<bool, StepError> {
    let many = writes.values().map(Vec::len).sum();
    for (table, writes) in writes {
        for write in writes {
            let put = write.put_request.as_ref().map(|put| &put.item);
            let item = put.or(write.delete_request.as_ref().map(|delete| &delete.key));
            let key = item.map(|item| engine.key(table, item)).transpose()?;
            if let Some(key) = key.flatten()
                && engine.is_large_collection(&key, many)?
            {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

type Writes = HashMap<String, Vec<WriteRequest>>;

/// Splits writes into parts.
fn parts(all: Writes) -> Result<Vec<Writes>, StepError> {
    let mut sizes = Vec::new();
    for write in all.values().flatten() {
        let put = write.put_request.as_ref();
        sizes.push(put.map_or(Ok(0), |put| text_of(&put.item).map(|text| text.len()))?);
    }
    if sizes.iter().sum::<usize>() <= MAX_WRITTEN_PART_BYTES {
        return Ok(vec![all]);
    }
    let mut sizes = sizes.into_iter();
    let mut parts: Vec<Writes> = vec![HashMap::new()];
    let mut bytes = 0;
    for (table, writes) in all {
        for write in writes {
            let size = sizes.next().unwrap_or_default();
            if bytes > 0 && bytes + size > MAX_WRITTEN_PART_BYTES {
                parts.push(HashMap::new());
                bytes = 0;
            }
            bytes += size;
            if let Some(part) = parts.last_mut() {
                part.entry(table.clone()).or_default().push(write);
            }
        }
    }
    Ok(parts)
}

/// Rejects an item that a batch writes twice, before any part is written.
fn check_targets(call: &Call<'_>, parts: &[Writes]) -> Result<(), StepError> {
    call.job.slot.execute(|engine| {
        let mut seen = HashSet::new();
        for (table, writes) in parts.iter().flatten() {
            for write in writes {
                let put = write.put_request.as_ref().map(|put| &put.item);
                let item = put.or(write.delete_request.as_ref().map(|delete| &delete.key));
                let key = item.map(|item| engine.key(table, item)).transpose()?;
                if let Some(key) = key.flatten()
                    && !seen.insert(key)
                {
                    return Err(rejected(
                        Code::ValidationError,
                        "Provided list of item keys contains duplicates",
                    ));
                }
            }
        }
        Ok(())
    })
}
