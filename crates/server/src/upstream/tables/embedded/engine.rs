//! Connections of the engine to one database file: one that executes requests, and one that reads
//! pages.
//!
//! The engine's operations are futures that never wait, over a connection that is ours. So between
//! two operations under one lock this folder can read what an operation is about to read, and
//! reject it before it takes memory or time. The second connection reads through views that meter
//! every item before the engine copies it.

use std::{
    collections::HashSet,
    path::Path,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use dynoxide::{
    AttributeValue, DynoxideError, Item, actions::vector_lifecycle::VectorIndexLifecycle,
    storage::Storage, storage_backend::StorageBackend as _,
};
use rusqlite::{Connection, OptionalExtension as _, functions::FunctionFlags, types::ValueRef};
use serde::Deserialize;

use super::{
    TableError, engine_failed,
    meter::{Meter, Row},
    tokens::Tokens,
};

/// Pages that each connection keeps in memory, in KiB.
const CACHE_KIB: i64 = 512;
/// Operations of SQLite between two looks at the time. Small tables take fewer.
const CHECKED_OPERATIONS: i32 = 1_000;
/// Entries, and bytes of their texts, that are read for the size of an item collection.
const MAX_COLLECTION_ITEMS: usize = 1_000;
const MAX_COLLECTION_BYTES: usize = 8 << 20;
/// The SQL function that meters a row.
const METER: &str = "bowline_meter";

/// The connection that executes requests.
pub(super) struct Engine {
    pub(super) storage: Storage,
    pub(super) vectors: VectorIndexLifecycle,
    pub(super) tokens: Tokens,
}

/// The connection that reads pages.
pub(super) struct Reader {
    pub(super) storage: Storage,
    meter: Arc<Mutex<Meter>>,
    /// The engine's tables that have a view.
    views: HashSet<String>,
}

/// The key of an item in the engine's tables.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct StoredKey {
    pub(super) table: String,
    partition: String,
    sort: String,
}

#[derive(Deserialize)]
struct KeyElement {
    #[serde(rename = "AttributeName")]
    name: String,
    #[serde(rename = "KeyType")]
    kind: String,
}

impl Engine {
    pub(super) fn open(path: &Path) -> Result<Self, TableError> {
        Ok(Self {
            storage: open(path)?,
            vectors: VectorIndexLifecycle::new(),
            tokens: Tokens::default(),
        })
    }

    /// The time in seconds of the Unix epoch.
    pub(super) fn now(&self) -> u64 {
        self.storage.clock().now_unix_secs()
    }

    /// Lets statements that read for longer than this end with an error, until the result is
    /// dropped.
    pub(super) fn end_after(&self, limit: Duration) -> EndAfter<'_> {
        let deadline = tokio::time::Instant::now() + limit;
        let is_late = move || tokio::time::Instant::now() > deadline;
        let connection = self.storage.conn();
        connection.progress_handler(CHECKED_OPERATIONS, Some(is_late));
        EndAfter(connection)
    }

    /// Whether no transaction is open, as between two operations.
    pub(super) fn is_idle(&self) -> bool {
        self.storage.conn().is_autocommit()
    }

    /// The key of an item. `None` if the table does not exist, or if the key is not one of its: the
    /// engine rejects the request.
    pub(super) fn key(&self, table: &str, item: &Item) -> Result<Option<StoredKey>, TableError> {
        let Some(table) = self
            .storage
            .get_table_metadata(table)
            .map_err(engine_failed)?
        else {
            return Ok(None);
        };
        let elements: Vec<KeyElement> =
            serde_json::from_str(&table.key_schema).map_err(super::invalid_json)?;
        let part = |kind: &str| {
            let of_kind = elements.iter().find(|element| element.kind == kind);
            of_kind.map(|element| item.get(&element.name))
        };
        let text = |value: Option<&AttributeValue>| value.and_then(AttributeValue::to_key_string);
        let sort = match part("RANGE") {
            None => Some(String::new()),
            Some(value) => text(value),
        };
        let (Some(partition), Some(sort)) = (part("HASH").and_then(text), sort) else {
            return Ok(None);
        };
        Ok(Some(StoredKey {
            table: table.table_name,
            partition,
            sort,
        }))
    }

    /// The attributes of a table's key.
    pub(super) fn key_names(&self, table: &str) -> Result<Vec<String>, TableError> {
        let table = self.storage.get_table_metadata(table);
        let Some(table) = table.map_err(engine_failed)? else {
            return Ok(Vec::new());
        };
        let elements: Vec<KeyElement> =
            serde_json::from_str(&table.key_schema).map_err(super::invalid_json)?;
        Ok(elements.into_iter().map(|element| element.name).collect())
    }

    /// The size of a stored item as the service counts it, and the length of its text. The text
    /// itself is not read.
    pub(super) fn sizes(&self, key: &StoredKey) -> Result<Option<(usize, usize)>, TableError> {
        let sql = format!(
            "SELECT item_size, octet_length(item_json) FROM {} WHERE pk = ?1 AND sk = ?2",
            quoted(&key.table)
        );
        let mut statement = self.storage.conn().prepare_cached(&sql).map_err(sqlite)?;
        let sizes = statement.query_row([&key.partition, &key.sort], |row| {
            Ok((row.get(0)?, row.get(1)?))
        });
        sizes.optional().map_err(sqlite)
    }

    /// Whether an item collection, with its parts of local indexes, is too large to be read whole, as
    /// one of so many. The lengths of texts are known without reading them.
    pub(super) fn is_large_collection(
        &self,
        key: &StoredKey,
        many: usize,
    ) -> Result<bool, TableError> {
        let most = MAX_COLLECTION_ITEMS / many.max(1);
        let connection = self.storage.conn();
        let mut statement = connection
            .prepare_cached(
                "SELECT name FROM sqlite_schema WHERE type = 'table' \
                 AND (name = ?1 OR substr(name, 1, length(?1) + 7) = ?1 || '::lsi::')",
            )
            .map_err(sqlite)?;
        let tables = statement.query_map([&key.table], |row| row.get::<_, String>(0));
        let (mut rows, mut bytes) = (0, 0);
        for table in tables.map_err(sqlite)? {
            let sql = format!(
                "SELECT count(*), ifnull(sum(octet_length(item_json)), 0) FROM \
                 (SELECT item_json FROM {} WHERE pk = ?1 LIMIT {})",
                quoted(&table.map_err(sqlite)?),
                most + 1
            );
            let of_table: (usize, usize) = connection
                .prepare_cached(&sql)
                .and_then(|mut statement| {
                    statement.query_row([&key.partition], |row| Ok((row.get(0)?, row.get(1)?)))
                })
                .map_err(sqlite)?;
            rows += of_table.0;
            bytes += of_table.1;
            if rows > most || bytes > MAX_COLLECTION_BYTES / many.max(1) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The text of a stored item.
    pub(super) fn text(&self, key: &StoredKey) -> Result<Option<String>, TableError> {
        self.storage
            .get_item(&key.table, &key.partition, &key.sort)
            .map_err(engine_failed)
    }
}

/// A limit of the time of statements, until it is dropped.
pub(super) struct EndAfter<'c>(&'c Connection);

impl Drop for EndAfter<'_> {
    fn drop(&mut self) {
        self.0.progress_handler(0, None::<fn() -> bool>);
    }
}

impl Reader {
    pub(super) fn open(path: &Path) -> Result<Self, TableError> {
        let storage = open(path)?;
        let meter = Arc::new(Mutex::new(Meter::default()));
        let shared = Arc::clone(&meter);
        storage
            .conn()
            .create_scalar_function(METER, 3, FunctionFlags::SQLITE_UTF8, move |row| {
                let ValueRef::Text(text) = row.get_raw(0) else {
                    return Err(rusqlite::Error::InvalidQuery);
                };
                // Tables of indexes have no sizes.
                let size = if let ValueRef::Integer(size) = row.get_raw(1) {
                    usize::try_from(size).unwrap_or_default()
                } else {
                    text.len()
                };
                let is_index = matches!(row.get_raw(2), ValueRef::Integer(1));
                let mut meter = shared.lock().unwrap_or_else(PoisonError::into_inner);
                if meter.admit(&Row {
                    text,
                    size,
                    is_index,
                }) {
                    Ok(true)
                } else {
                    Err(rusqlite::Error::InvalidQuery)
                }
            })
            .map_err(sqlite)?;
        Ok(Self {
            storage,
            meter,
            views: HashSet::new(),
        })
    }

    /// Meters what the engine reads of this table and index from now on.
    pub(super) fn watch(&mut self, table: &str, index: Option<&str>) -> Result<(), TableError> {
        self.view(
            table,
            "item_size, 0",
            "pk, sk, item_size, cached_at, hash_prefix",
        )?;
        if let Some(index) = index {
            let columns = "gsi_pk, gsi_sk, table_pk, table_sk";
            self.view(&format!("{table}::gsi::{index}"), "NULL, 1", columns)?;
            let columns = "pk, sk, base_pk, base_sk";
            self.view(&format!("{table}::lsi::{index}"), "NULL, 1", columns)?;
        }
        Ok(())
    }

    /// A view in front of a table of the engine's, if there is such a table. Unqualified names mean
    /// views of this connection first.
    fn view(&mut self, table: &str, arguments: &str, columns: &str) -> Result<(), TableError> {
        if self.views.contains(table) {
            return Ok(());
        }
        let connection = self.storage.conn();
        let exists = connection
            .prepare_cached("SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = ?1")
            .and_then(|mut statement| statement.exists([table]))
            .map_err(sqlite)?;
        if !exists {
            return Ok(());
        }
        let name = quoted(table);
        let sql = format!(
            "CREATE TEMP VIEW {name} AS SELECT {columns}, \
             CASE WHEN {METER}(item_json, {arguments}) THEN item_json END AS item_json \
             FROM main.{name}"
        );
        connection.execute_batch(&sql).map_err(sqlite)?;
        self.views.insert(table.to_owned());
        Ok(())
    }

    /// Replaces the meter. The result is the one before.
    pub(super) fn swap_meter(&self, meter: Meter) -> Meter {
        let mut current = self.meter.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *current, meter)
    }
}

fn open(path: &Path) -> Result<Storage, TableError> {
    let path = path
        .to_str()
        .ok_or_else(|| TableError::Failed("the path of the data folder is not UTF-8".into()))?;
    let storage = Storage::new(path).map_err(engine_failed)?;
    storage
        .conn()
        .pragma_update(None, "cache_size", -CACHE_KIB)
        .map_err(sqlite)?;
    Ok(storage)
}

/// A name as an SQL identifier.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub(super) fn sqlite(error: rusqlite::Error) -> TableError {
    TableError::Failed(error.into())
}

/// Runs an operation of the engine.
pub(super) fn run<T>(operation: impl Future<Output = dynoxide::Result<T>>) -> dynoxide::Result<T> {
    match pin!(operation).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Err(DynoxideError::InternalServerError(
            "an operation of the engine waits".to_owned(),
        )),
    }
}
