//! Operations on one item: what they will read, copy and write is bounded before they begin.

use bowline_aws::error::Code;
use dynoxide::{
    Item,
    actions::{
        delete_item::DeleteItemRequest, get_item::GetItemRequest, put_item::PutItemRequest,
        update_item::UpdateItemRequest,
    },
    storage::TableMetadata,
};

use super::{
    cost::{MAX_TIME, Uses},
    engine::{Engine, StoredKey},
    engine_failed,
    step::{Job, LIGHT_BYTES, StepError, rejected, too_expensive},
    weight::weight,
};

/// Bytes of text that a request may write, with each index once more. An item of 400 KB that is
/// plain text fits into a table with all indexes that a table may have.
const MAX_WRITTEN_BYTES: usize = 24 << 20;
/// How much memory the engine takes for an item that it changes, in parsed items.
const COPIES: usize = 2;
/// Bytes of text from which an item's weight is counted: smaller items are always light.
const LARGE_TEXT_BYTES: usize = LIGHT_BYTES / 64;

/// A request about one item.
pub(super) trait ItemRequest {
    fn table(&self) -> &str;
    /// The item, or its key.
    fn item(&self) -> &Item;
    /// Whether the response may have the stored item.
    fn returns_item(&self) -> bool;
    fn is_write(&self) -> bool {
        true
    }
    /// The member that asks for the size of the item's collection.
    fn metrics(&mut self) -> Option<&mut Option<String>>;
}

/// Whether a member such as `ReturnValues` asks for values.
pub(super) fn asks(member: Option<&String>) -> bool {
    member.is_some_and(|values| values != "NONE")
}

impl ItemRequest for GetItemRequest {
    fn table(&self) -> &str {
        &self.table_name
    }
    fn item(&self) -> &Item {
        &self.key
    }
    fn returns_item(&self) -> bool {
        true
    }
    fn is_write(&self) -> bool {
        false
    }
    fn metrics(&mut self) -> Option<&mut Option<String>> {
        None
    }
}

macro_rules! writes {
    ($($request:ty: $item:ident;)*) => {$(
        impl ItemRequest for $request {
            fn table(&self) -> &str {
                &self.table_name
            }
            fn item(&self) -> &Item {
                &self.$item
            }
            fn returns_item(&self) -> bool {
                asks(self.return_values.as_ref())
                    || asks(self.return_values_on_condition_check_failure.as_ref())
            }
            fn metrics(&mut self) -> Option<&mut Option<String>> {
                Some(&mut self.return_item_collection_metrics)
            }
        }
    )*};
}

writes! {
    DeleteItemRequest: key;
    PutItemRequest: item;
    UpdateItemRequest: key;
}

/// Checks a request about one item. `body` is the length of the request.
pub(super) fn check(
    job: &Job,
    engine: &Engine,
    request: &impl ItemRequest,
    body: usize,
) -> Result<(), StepError> {
    let Some(key) = engine.key(request.table(), request.item())? else {
        return Ok(());
    };
    let Some((_, stored)) = engine.sizes(&key)? else {
        return Ok(());
    };
    if request.returns_item() {
        job.reserve(stored + if request.is_write() { body } else { 0 })?;
    }
    if request.is_write() {
        check_written(stored.max(body) * (1 + indexes(engine, request.table())?))?;
    }
    let uses = job.uses.first();
    let is_large = stored > LARGE_TEXT_BYTES;
    if !is_large && uses.is_none_or(|uses| uses.is_cheap(stored)) {
        return Ok(());
    }
    let text = engine.text(&key)?.unwrap_or_default();
    let copies = if request.is_write() { COPIES } else { 1 };
    job.fits(weight(text.as_bytes()) * copies + stored)?;
    check_time(uses.map_or(0, |uses| uses.cost(text.as_bytes())))
}

/// Leaves the size of the item's collection out of the response if reading it would take long.
pub(super) fn bound_metrics(
    engine: &Engine,
    request: &mut impl ItemRequest,
) -> Result<(), StepError> {
    if !request
        .metrics()
        .is_some_and(|metrics| asks(metrics.as_ref()))
    {
        return Ok(());
    }
    let key = engine.key(request.table(), request.item())?;
    if let Some(key) = key
        && engine.is_large_collection(&key, 1)?
        && let Some(metrics) = request.metrics()
        && metrics.as_ref().is_some_and(|metrics| metrics == "SIZE")
    {
        *metrics = None;
    }
    Ok(())
}

/// The time of a part's expressions with the stored item.
pub(super) fn time(engine: &Engine, key: &StoredKey, uses: &Uses) -> Result<u64, StepError> {
    if uses.is_empty() {
        return Ok(0);
    }
    let text = engine.text(key)?.unwrap_or_default();
    Ok(uses.cost(text.as_bytes()))
}

pub(super) fn check_time(time: u64) -> Result<(), StepError> {
    if time > MAX_TIME {
        return Err(too_expensive());
    }
    Ok(())
}

/// Checks the bytes that a request writes.
pub(super) fn check_written(bytes: usize) -> Result<(), StepError> {
    if bytes > MAX_WRITTEN_BYTES {
        return Err(rejected(
            Code::ValidationError,
            "One or more parameter values were invalid: The items are too large as JSON for the number of the table's indexes",
        ));
    }
    Ok(())
}

/// The number of indexes of a table.
pub(super) fn indexes(engine: &Engine, table: &str) -> Result<usize, StepError> {
    let table = engine.storage.get_table_metadata(table);
    let table = table.map_err(engine_failed)?;
    let count = |definitions: &Option<String>| {
        let definitions = definitions.as_deref().unwrap_or_default();
        definitions.matches("\"IndexName\"").count()
    };
    Ok(table.map_or(0, |table: TableMetadata| {
        count(&table.gsi_definitions) + count(&table.lsi_definitions)
    }))
}
