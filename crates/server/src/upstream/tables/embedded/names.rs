//! The engine's names of tables and indexes.
//!
//! The engine uses names of tables and indexes as SQLite identifiers, and SQLite ignores the case
//! of ASCII letters in these: `Orders` and `orders` would be one table, whose items are deleted
//! together. SQLite and the engine also have tables of their own. So a client's name is also the
//! engine's only if it is lower case, not reserved and not taken. Any other name becomes
//! `x.{hash}.{letters}`: 128 bits of its SHA-256, and its beginning for people who look into a
//! file. No client's name is used as it is if it begins with `x.`, so the two kinds cannot meet.
//!
//! The record of a table keeps the engine's names that differ
//! ([`UpstreamNames`](entity::UpstreamNames)). A record of an earlier build keeps none: its names
//! are the engine's, whatever their case, and new names give way to them.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use aws_lc_rs::digest::{SHA256, digest};
use bowline_aws::dynamodb::TableName;
use serde_json::{
    Map, Value,
    value::{RawValue, to_raw_value},
};

use super::{NameOf, TableError, invalid_json};
use crate::identity::entity;

/// How reserved names begin. The engine's own tables begin with `_`, SQLite's with `sqlite_`. A
/// table `pragma_table_info` would shadow the function that the engine calls when it opens a file.
const RESERVED_PREFIXES: [&str; 3] = ["_", "sqlite_", "pragma_"];
/// How names begin that differ from the client's.
const ESCAPED_PREFIX: &str = "x.";
/// Bytes of the hash in such a name.
const HASH_BYTES: usize = 16;
/// Maximum length of the client's name within such a name.
const MAX_READABLE_BYTES: usize = 64;

/// Whether the engine can tell a table or index from the others, and a table from its own.
pub(super) fn is_distinct(of: NameOf, name: &str, others: &[&str]) -> bool {
    // The identifier of an index begins with the name of its table.
    let is_reserved = of == NameOf::Table && is_reserved(name);
    !is_reserved && others.iter().all(|other| !other.eq_ignore_ascii_case(name))
}

/// The engine's name for a new table or index, if it differs from the client's.
pub(super) fn new_name(of: NameOf, name: &str, others: &[&str]) -> Option<String> {
    // The engine rejects the request, in the service's words.
    if name.parse::<TableName>().is_err() {
        return None;
    }
    let is_lower_case = !name.bytes().any(|byte| byte.is_ascii_uppercase());
    if is_lower_case && !name.starts_with(ESCAPED_PREFIX) && is_distinct(of, name, others) {
        return None;
    }
    // Only a table of an earlier build can have the first of these by chance.
    let mut escaped = (0..=others.len()).map(|attempt| escape(name, attempt));
    escaped.find(|escaped| is_distinct(of, escaped, others))
}

fn is_reserved(name: &str) -> bool {
    RESERVED_PREFIXES.iter().any(|prefix| {
        let start = name.get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    })
}

/// A name in the escaped form. The readable part has no dot, so no escaped name contains another.
fn escape(name: &str, attempt: usize) -> String {
    // A name has no line break.
    let hash = digest(&SHA256, format!("{name}\n{attempt}").as_bytes());
    let mut escaped = ESCAPED_PREFIX.to_owned();
    for byte in hash.as_ref().iter().take(HASH_BYTES) {
        // Writing to a string does not fail.
        let _ = write!(escaped, "{byte:02x}");
    }
    escaped.push('.');
    let readable = name.chars().map(|c| c.to_ascii_lowercase());
    escaped.extend(
        readable
            .map(|c| if c == '.' { '-' } else { c })
            .take(MAX_READABLE_BYTES),
    );
    escaped
}

/// The tables of a request whose names differ in the engine. Most requests have none.
#[derive(Clone, Debug, Default)]
pub(super) struct NameMap(Option<Arc<[RenamedTable]>>);

#[derive(Clone, Debug)]
struct RenamedTable {
    /// The client's name.
    name: String,
    upstream: entity::UpstreamNames,
}

/// Which names a map translates to.
#[derive(Clone, Copy)]
enum To {
    Engine,
    Client,
}

impl NameMap {
    /// The names of these tables.
    pub(super) fn new(tables: &[&entity::Table]) -> Self {
        let mut renamed: Vec<RenamedTable> = Vec::new();
        for table in tables {
            let is_known = |known: &RenamedTable| known.name == table.name;
            if !table.upstream_names.is_empty() && !renamed.iter().any(is_known) {
                renamed.push(RenamedTable {
                    name: table.name.clone(),
                    upstream: table.upstream_names.clone(),
                });
            }
        }
        Self((!renamed.is_empty()).then(|| renamed.into()))
    }

    /// The body of a request with the engine's names.
    pub(super) fn request(&self, body: String) -> Result<String, TableError> {
        let Some(tables) = &self.0 else {
            return Ok(body);
        };
        // Items are not parsed: they can take many times the memory of their text.
        let mut body: Members = serde_json::from_str(&body).map_err(invalid_json)?;
        tables.of_request(&mut body)?;
        if let Some(text) = body.get_mut("RequestItems") {
            let of_tables: Members = serde_json::from_str(text.get()).map_err(invalid_json)?;
            let renamed: Members = of_tables
                .into_iter()
                .map(|(name, value)| {
                    let table = tables.find(&name, To::Engine);
                    let engine = table.map(|table| table.engine_name().to_owned());
                    (engine.unwrap_or(name), value)
                })
                .collect();
            *text = to_raw_value(&renamed).map_err(invalid_json)?;
        }
        if let Some(text) = body.get_mut("TransactItems") {
            let mut items: Vec<BTreeMap<String, Members>> =
                serde_json::from_str(text.get()).map_err(invalid_json)?;
            for part in items.iter_mut().flat_map(BTreeMap::values_mut) {
                tables.of_request(part)?;
            }
            *text = to_raw_value(&items).map_err(invalid_json)?;
        }
        serde_json::to_string(&body).map_err(invalid_json)
    }

    /// The body of a response with the client's names.
    pub(super) fn response(&self, body: String) -> Result<String, TableError> {
        let Some(tables) = &self.0 else {
            return Ok(body);
        };
        // Few responses name tables.
        if !tables.iter().any(|table| table.is_named_in(&body)) {
            return Ok(body);
        }
        // Items are not parsed: they can take many times the memory of their text.
        let mut body: BTreeMap<String, Box<RawValue>> =
            serde_json::from_str(&body).map_err(invalid_json)?;
        for member in [
            "Table",
            "TableDescription",
            "UnprocessedItems",
            "ItemCollectionMetrics",
            "ConsumedCapacity",
        ] {
            let Some(text) = body.get_mut(member) else {
                continue;
            };
            let mut value: Value = serde_json::from_str(text.get()).map_err(invalid_json)?;
            match (member, &mut value) {
                ("Table" | "TableDescription", Value::Object(description)) => {
                    tables.of_part(description, To::Client);
                }
                ("ConsumedCapacity", _) => value = self.capacity(value),
                (_, value) => tables.of_keys(Some(value), To::Client),
            }
            *text = RawValue::from_string(value.to_string()).map_err(invalid_json)?;
        }
        serde_json::to_string(&body).map_err(invalid_json)
    }

    /// The client's name of a table of the engine's.
    pub(super) fn client_table<'n>(&'n self, name: &'n str) -> &'n str {
        let table = self
            .0
            .as_ref()
            .and_then(|tables| tables.find(name, To::Client));
        table.map_or(name, |table| &table.name)
    }

    /// The member `ConsumedCapacity` with the client's names.
    pub(super) fn capacity(&self, mut capacity: Value) -> Value {
        if let Some(tables) = &self.0 {
            if let Value::Object(capacity) = &mut capacity {
                tables.of_capacity(capacity);
            }
            for capacity in elements(Some(&mut capacity)) {
                tables.of_capacity(capacity);
            }
        }
        capacity
    }

    /// A message of the engine with the client's names.
    pub(super) fn message(&self, text: String) -> String {
        let tables = self.0.iter().flat_map(|tables| tables.iter());
        let names = tables.flat_map(RenamedTable::pairs);
        names.fold(text, |text, (client, engine)| {
            if text.contains(engine) {
                text.replace(engine, client)
            } else {
                text
            }
        })
    }
}

impl RenamedTable {
    /// The engine's name of the table.
    fn engine_name(&self) -> &str {
        self.upstream.table.as_deref().unwrap_or(&self.name)
    }

    /// The client's and the engine's names that differ.
    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let table = self.upstream.table.as_deref();
        let indexes = self.upstream.indexes.iter();
        table
            .map(|engine| (&*self.name, engine))
            .into_iter()
            .chain(indexes.map(|(client, engine)| (&**client, &**engine)))
    }

    fn is_named_in(&self, text: &str) -> bool {
        self.pairs().any(|(_, engine)| text.contains(engine))
    }

    /// Another name for an index.
    fn index(&self, name: &str, to: To) -> Option<&str> {
        let indexes = &self.upstream.indexes;
        match to {
            To::Engine => indexes.get(name).map(String::as_str),
            To::Client => indexes
                .iter()
                .find(|(_, engine)| *engine == name)
                .map(|(client, _)| &**client),
        }
    }

    fn rename_index(&self, of: &mut Map<String, Value>, to: To) {
        let name = of.get("IndexName").and_then(Value::as_str);
        if let Some(name) = name.and_then(|name| self.index(name, to)) {
            of.insert("IndexName".to_owned(), name.into());
        }
    }
}

/// The members of an object as text.
type Members = BTreeMap<String, Box<RawValue>>;

/// The members of a request to one table that name it or its indexes.
const NAMING_MEMBERS: [&str; 5] = [
    "TableName",
    "IndexName",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
    "GlobalSecondaryIndexUpdates",
];

/// Renames in parts of bodies.
trait Rename {
    fn of_request(&self, members: &mut Members) -> Result<(), TableError>;
    fn find(&self, name: &str, to: To) -> Option<&RenamedTable>;
    fn of_part(&self, part: &mut Map<String, Value>, to: To);
    fn of_keys(&self, tables: Option<&mut Value>, to: To);
    fn of_capacity(&self, capacity: &mut Map<String, Value>);
}

impl Rename for [RenamedTable] {
    /// A request to a table.
    fn of_request(&self, members: &mut Members) -> Result<(), TableError> {
        let mut naming = Map::new();
        for name in NAMING_MEMBERS {
            if let Some(text) = members.get(name) {
                let value = serde_json::from_str(text.get()).map_err(invalid_json)?;
                naming.insert(name.to_owned(), value);
            }
        }
        self.of_part(&mut naming, To::Engine);
        for (name, value) in naming {
            let text = to_raw_value(&value).map_err(invalid_json)?;
            members.insert(name, text);
        }
        Ok(())
    }

    fn find(&self, name: &str, to: To) -> Option<&RenamedTable> {
        self.iter().find(|table| match to {
            To::Engine => table.name == name,
            To::Client => table.engine_name() == name,
        })
    }

    /// A request to a table or a description of one: `TableName`, and the indexes.
    fn of_part(&self, part: &mut Map<String, Value>, to: To) {
        let name = part.get("TableName").and_then(Value::as_str);
        let Some(table) = name.and_then(|name| self.find(name, to)) else {
            return;
        };
        let name = match to {
            To::Engine => table.engine_name(),
            To::Client => &table.name,
        };
        part.insert("TableName".to_owned(), name.into());
        table.rename_index(part, to);
        for list in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
            for index in elements(part.get_mut(list)) {
                table.rename_index(index, to);
            }
        }
        for update in elements(part.get_mut("GlobalSecondaryIndexUpdates")) {
            for index in update.values_mut().filter_map(Value::as_object_mut) {
                table.rename_index(index, to);
            }
        }
    }

    /// A map whose keys are names of tables.
    fn of_keys(&self, tables: Option<&mut Value>, to: To) {
        let Some(Value::Object(tables)) = tables else {
            return;
        };
        rename_keys(tables, |name| {
            let table = self.find(name, to)?;
            Some(match to {
                To::Engine => table.engine_name(),
                To::Client => &table.name,
            })
        });
    }

    fn of_capacity(&self, capacity: &mut Map<String, Value>) {
        let name = capacity.get("TableName").and_then(Value::as_str);
        let Some(table) = name.and_then(|name| self.find(name, To::Client)) else {
            return;
        };
        capacity.insert("TableName".to_owned(), table.name.as_str().into());
        for member in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
            if let Some(Value::Object(indexes)) = capacity.get_mut(member) {
                rename_keys(indexes, |name| table.index(name, To::Client));
            }
        }
    }
}

fn rename_keys<'n>(map: &mut Map<String, Value>, rename: impl Fn(&str) -> Option<&'n str>) {
    *map = std::mem::take(map)
        .into_iter()
        .map(|(name, value)| match rename(&name) {
            Some(name) => (name.to_owned(), value),
            None => (name, value),
        })
        .collect();
}

/// The objects of a list.
fn elements(list: Option<&mut Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    let list = list.and_then(Value::as_array_mut);
    list.into_iter().flatten().filter_map(Value::as_object_mut)
}

#[cfg(test)]
mod tests;
