//! Removes expired items (`UpdateTimeToLive`) in bounded steps, between which the lock of the
//! database is released.

use std::collections::VecDeque;

use dynoxide::{
    AttributeValue, Item,
    actions::delete_item::{self, DeleteItemRequest},
};
use rusqlite::OptionalExtension as _;

use super::{
    TableError,
    cost::{Key, Members},
    engine::{Engine, quoted, run, sqlite},
    engine_failed,
};

/// Items that a step reads.
const MAX_STEP_ITEMS: usize = 500;
/// Bytes of their texts. The last item may have more.
const MAX_STEP_TEXT_BYTES: usize = 1 << 20;
/// Items that a step removes: each is a transaction.
const MAX_STEP_REMOVED: usize = 25;

/// A sweep through the tables of a database.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    /// The tables that are left, the current one first. None before the sweep begins.
    tables: Option<VecDeque<String>>,
    current: Option<Range>,
}

/// The keys that are left of a table. Items that are written behind the last are left to the next
/// sweep.
#[derive(Debug)]
struct Range {
    after: (String, String),
    last: (String, String),
}

impl Sweep {
    /// Does a step. The result is whether there is another.
    pub(super) fn step(&mut self, engine: &mut Engine) -> Result<bool, TableError> {
        let tables = match &mut self.tables {
            Some(tables) => tables,
            none => {
                let tables = engine
                    .storage
                    .list_ttl_enabled_tables()
                    .map_err(engine_failed)?;
                none.insert(tables.into_iter().map(|table| table.table_name).collect())
            }
        };
        let Some(table) = tables.front() else {
            return Ok(false);
        };
        // It may have been changed or deleted since the step before.
        let known = engine.storage.get_table_metadata(table);
        let known = known.map_err(engine_failed)?;
        let known = known.filter(|known| known.ttl_enabled);
        let attribute = known.and_then(|known| known.ttl_attribute);
        let range = match self.current.take() {
            None => first_range(engine, table, attribute.is_some())?,
            range => range,
        };
        self.current = match (attribute, range) {
            (Some(attribute), Some(range)) => sweep(engine, table, &attribute, range)?,
            _ => None,
        };
        if self.current.is_none() {
            tables.pop_front();
        }
        Ok(!tables.is_empty())
    }
}

/// All keys of a table. None if it has no item.
fn first_range(engine: &Engine, table: &str, exists: bool) -> Result<Option<Range>, TableError> {
    if !exists {
        return Ok(None);
    }
    let sql = format!(
        "SELECT pk, sk FROM {} ORDER BY pk DESC, sk DESC LIMIT 1",
        quoted(table)
    );
    let last = engine
        .storage
        .conn()
        .query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)));
    let last = last.optional().map_err(sqlite)?;
    Ok(last.map(|last| Range {
        after: (String::new(), String::new()),
        last,
    }))
}

/// Removes the expired ones of the next items. The result is the range that is left.
fn sweep(
    engine: &Engine,
    table: &str,
    attribute: &str,
    range: Range,
) -> Result<Option<Range>, TableError> {
    let keys = engine.key_names(table)?;
    let now = engine.now();
    let sql = format!(
        "SELECT pk, sk, item_json FROM {} WHERE (pk, sk) > (?1, ?2) AND (pk, sk) <= (?3, ?4) \
         ORDER BY pk, sk LIMIT {MAX_STEP_ITEMS}",
        quoted(table)
    );
    let (mut expired, mut read, mut text, mut next) = (Vec::new(), 0, 0, None);
    {
        let connection = engine.storage.conn();
        let mut statement = connection.prepare_cached(&sql).map_err(sqlite)?;
        let (after, last) = (&range.after, &range.last);
        let mut rows = statement
            .query([&after.0, &after.1, &last.0, &last.1])
            .map_err(sqlite)?;
        while let Some(row) = rows.next().map_err(sqlite)? {
            let item = row.get_ref(2).map_err(sqlite)?;
            let item = item.as_bytes().unwrap_or_default();
            read += 1;
            text += item.len();
            next = Some((row.get(0).map_err(sqlite)?, row.get(1).map_err(sqlite)?));
            expired.extend(expired_key(item, attribute, &keys, now));
            if expired.len() >= MAX_STEP_REMOVED || text >= MAX_STEP_TEXT_BYTES {
                read = MAX_STEP_ITEMS;
                break;
            }
        }
    }
    for key in expired {
        let request = DeleteItemRequest {
            table_name: table.to_owned(),
            key,
            ..DeleteItemRequest::default()
        };
        run(delete_item::execute(&engine.storage, request)).map_err(engine_failed)?;
    }
    let next = next.filter(|_| read >= MAX_STEP_ITEMS);
    Ok(next.map(|after| Range { after, ..range }))
}

/// The key of an item that has expired.
fn expired_key(item: &[u8], attribute: &str, keys: &[String], now: u64) -> Option<Item> {
    let members: Members<'_> = serde_json::from_slice(item).ok()?;
    let value = |name: &str| {
        let text = members.get(&Key(name.into()))?.get();
        serde_json::from_str::<AttributeValue>(text).ok()
    };
    let AttributeValue::N(time) = value(attribute)? else {
        return None;
    };
    let has_expired = time.parse::<u64>().is_ok_and(|time| time < now);
    if !has_expired {
        return None;
    }
    keys.iter()
        .map(|name| Some((name.clone(), value(name)?)))
        .collect()
}
