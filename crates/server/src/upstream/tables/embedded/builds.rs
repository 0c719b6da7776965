//! Builds indexes that are added to existing tables (`UpdateTable`).
//!
//! The engine would build an index in one transaction. Here the table has the index at once, so
//! that every write maintains it, and the items that were there before are copied in steps, between
//! which the lock of the database is released. Until the last step the index cannot be read, the
//! table is `UPDATING` and the index `Backfilling`. A table of the database has what is left to be
//! copied: a build that was cut short goes on when the database is opened again.
//!
//! The engine validates the change, and makes the entries of the index, on copies of the table in
//! memory: one without items, and one with the items of a step.

use std::{collections::BTreeSet, time::Duration};

use bowline_aws::error::Code;
use dynoxide::{
    actions::{
        describe_table::{self, DescribeTableRequest},
        update_table::{self, UpdateTableRequest},
        vector_lifecycle::VectorIndexLifecycle,
    },
    storage::Storage,
    storage_backend::{BaseItemRow, GsiItemRow},
};
use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter, types::Value as Sql};
use serde_json::{Value, json};

use super::{
    TableError,
    chores::Chores,
    cost::{Key, Members},
    dispatch::{Call, json as text_of},
    engine::{Engine, quoted, run, sqlite},
    engine_failed, invalid_json,
    slot::Slot,
    step::{StepError, rejected},
    trash,
};

/// Items that a step copies.
const MAX_STEP_ITEMS: usize = 500;
/// Bytes of their texts. The last item may have more.
const MAX_STEP_TEXT_BYTES: usize = 256 << 10;
/// Memory of a step: the largest item, parsed, and the texts.
pub(super) const STEP_BYTES: usize = 40 << 20;

/// How long a description may count items. Beyond that it has no counts and sizes.
const COUNT_TIMEOUT: Duration = Duration::from_millis(20);

/// What is left to be copied, of each index: the items after one key, up to another.
const CREATE: &str = "CREATE TABLE IF NOT EXISTS _bowline_builds (
    table_name TEXT NOT NULL, index_name TEXT NOT NULL,
    after_pk TEXT NOT NULL, after_sk TEXT NOT NULL, last_pk TEXT NOT NULL, last_sk TEXT NOT NULL,
    PRIMARY KEY (table_name, index_name))";

/// Indexes that are being built, by table.
pub(super) type Builds = BTreeSet<(String, String)>;

struct Build {
    table: String,
    index: String,
    after: (String, String),
    last: (String, String),
}

/// The indexes of a database that are being built.
pub(super) fn load(engine: &Engine) -> Result<Builds, TableError> {
    let connection = engine.storage.conn();
    let exists = connection
        .prepare("SELECT 1 FROM sqlite_schema WHERE name = '_bowline_builds'")
        .and_then(|mut statement| statement.exists([]))
        .map_err(sqlite)?;
    if !exists {
        return Ok(Builds::new());
    }
    let mut statement = connection
        .prepare("SELECT table_name, index_name FROM _bowline_builds")
        .map_err(sqlite)?;
    let builds = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    builds.and_then(Iterator::collect).map_err(sqlite)
}

/// `UpdateTable`.
pub(super) fn update(call: &Call<'_>) -> Result<String, StepError> {
    let request: UpdateTableRequest = call.read()?;
    let updates = request.global_secondary_index_updates.as_deref();
    let updates = updates.unwrap_or_default();
    let created = updates.iter().filter_map(|update| update.create.as_ref());
    let created: Vec<_> = created.map(|create| create.index_name.clone()).collect();
    let deleted = updates.iter().filter_map(|update| update.delete.as_ref());
    let deleted: Vec<_> = deleted.map(|delete| delete.index_name.clone()).collect();
    let table = request.table_name.clone();
    let slot = &call.job.slot;
    let outcome = slot.execute(|engine| {
        if !created.is_empty() && slot.is_updating(&table) {
            return Err(rejected(
                Code::LimitExceeded,
                "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
            ));
        }
        let copy = if created.is_empty() && deleted.is_empty() {
            None
        } else {
            copy_of(engine, &table)?
        };
        if let Some(copy) = copy {
            run(update_table::execute(
                &copy,
                request,
                &VectorIndexLifecycle::new(),
            ))
            .map_err(|error| call.failed(error))?;
            apply(engine, &copy, &table, &created, &deleted)?;
        } else {
            run(update_table::execute(
                &engine.storage,
                request,
                &engine.vectors,
            ))
            .map_err(|error| call.failed(error))?;
        }
        slot.set_chores(Chores::load(engine)?);
        let request = DescribeTableRequest { table_name: table };
        let _limit = engine.end_after(COUNT_TIMEOUT);
        run(describe_table::execute(
            &engine.storage,
            request,
            &engine.vectors,
        ))
        .map_err(|error| call.failed(error).into())
    });
    slot.forget_tables();
    let described = serde_json::to_value(outcome?).map_err(invalid_json)?;
    let description = described.get("Table").cloned().unwrap_or_default();
    let mut body = json!({ "TableDescription": description });
    describe(slot, &mut body);
    Ok(body.to_string())
}

/// Shows in a description which indexes are being built.
pub(super) fn describe(slot: &Slot, body: &mut Value) {
    let Some(table) = body
        .as_object_mut()
        .and_then(|body| body.values_mut().next())
    else {
        return;
    };
    let name = table.get("TableName").and_then(Value::as_str);
    let name = name.unwrap_or_default().to_owned();
    if !slot.is_updating(&name) {
        return;
    }
    if let Some(table) = table.as_object_mut() {
        table.insert("TableStatus".to_owned(), "UPDATING".into());
    }
    let indexes = table.get_mut("GlobalSecondaryIndexes");
    let indexes = indexes.and_then(Value::as_array_mut).into_iter().flatten();
    for index in indexes.filter_map(Value::as_object_mut) {
        let of = index.get("IndexName").and_then(Value::as_str);
        if of.is_some_and(|of| slot.is_building(&name, of)) {
            index.insert("IndexStatus".to_owned(), "CREATING".into());
            index.insert("Backfilling".to_owned(), true.into());
        }
    }
}

/// The error for a page of an index that is being built.
pub(super) fn check_readable(call: &Call<'_>, table: &str, index: &str) -> Result<(), StepError> {
    if !call.job.slot.is_building(table, index) {
        return Ok(());
    }
    let message = format!("Cannot read from backfilling global secondary index: {index}");
    Err(rejected(
        Code::ValidationError,
        call.job.names.message(message),
    ))
}

/// Ends the builds of a table, or of one of its indexes.
pub(super) fn forget(engine: &Engine, table: &str, index: Option<&str>) -> Result<(), TableError> {
    let connection = engine.storage.conn();
    connection.execute_batch(CREATE).map_err(sqlite)?;
    connection
        .execute(
            "DELETE FROM _bowline_builds WHERE table_name = ?1 AND index_name = ifnull(?2, index_name)",
            params![table, index],
        )
        .map(drop)
        .map_err(sqlite)
}

/// The table without items, in memory. None if it does not exist.
fn copy_of(engine: &Engine, table: &str) -> Result<Option<Storage>, TableError> {
    let copy = Storage::memory().map_err(engine_failed)?;
    if !copy_row(engine.storage.conn(), copy.conn(), table)? {
        return Ok(None);
    }
    copy.create_data_table(table).map_err(engine_failed)?;
    Ok(Some(copy))
}

/// Copies the engine's description of a table.
fn copy_row(from: &Connection, to: &Connection, table: &str) -> Result<bool, TableError> {
    let mut statement = from
        .prepare("SELECT * FROM _tables WHERE table_name = ?1")
        .map_err(sqlite)?;
    let columns: Vec<String> = statement.column_names().into_iter().map(quoted).collect();
    let row = statement.query_row([table], |row| {
        let values = (0..columns.len()).map(|at| row.get::<_, Sql>(at));
        values.collect::<rusqlite::Result<Vec<_>>>()
    });
    let Some(row) = row.optional().map_err(sqlite)? else {
        return Ok(false);
    };
    let sql = format!(
        "INSERT OR REPLACE INTO _tables ({}) VALUES ({})",
        columns.join(", "),
        vec!["?"; columns.len()].join(", ")
    );
    to.execute(&sql, params_from_iter(row)).map_err(sqlite)?;
    Ok(true)
}

/// Makes the table what its copy is, in one transaction. Nothing is copied into its new indexes
/// yet.
fn apply(
    engine: &Engine,
    copy: &Storage,
    table: &str,
    created: &[String],
    deleted: &[String],
) -> Result<(), TableError> {
    let storage = &engine.storage;
    let changed = copy.get_table_metadata(table).map_err(engine_failed)?;
    let changed = changed.ok_or_else(|| TableError::Failed("a copy has no table".into()))?;
    in_transaction(engine, |connection| {
        connection.execute_batch(CREATE).map_err(sqlite)?;
        for index in deleted {
            trash::discard(connection, &format!("{table}::gsi::{index}"))?;
            forget(engine, table, Some(index))?;
        }
        for index in created {
            storage
                .create_gsi_table(table, index)
                .map_err(engine_failed)?;
            let sql = format!(
                "INSERT OR REPLACE INTO _bowline_builds SELECT ?1, ?2, '', '', pk, sk FROM {} \
                 ORDER BY pk DESC, sk DESC LIMIT 1",
                quoted(table)
            );
            connection.execute(&sql, [table, index]).map_err(sqlite)?;
        }
        copy_row(copy.conn(), connection, table)?;
        // The engine forgets the description that it knows.
        storage
            .update_table_metadata(
                table,
                &changed.attribute_definitions,
                changed.gsi_definitions.as_deref(),
            )
            .map_err(engine_failed)
    })
}

/// Does work in a transaction.
pub(super) fn in_transaction<T>(
    engine: &Engine,
    work: impl FnOnce(&Connection) -> Result<T, TableError>,
) -> Result<T, TableError> {
    engine.storage.begin_transaction().map_err(engine_failed)?;
    // A transaction that stays open ends with the connection.
    let done = work(engine.storage.conn())?;
    engine.storage.commit().map_err(engine_failed)?;
    Ok(done)
}

/// Copies some items into an index. The result is whether anything was left to be done.
pub(super) fn step(engine: &Engine) -> Result<bool, TableError> {
    let connection = engine.storage.conn();
    let build = connection
        .query_row("SELECT * FROM _bowline_builds LIMIT 1", [], |row| {
            Ok(Build {
                table: row.get(0)?,
                index: row.get(1)?,
                after: (row.get(2)?, row.get(3)?),
                last: (row.get(4)?, row.get(5)?),
            })
        })
        .optional()
        .map_err(sqlite)?;
    let Some(build) = build else {
        return Ok(false);
    };
    let Some(request) = request_of(engine, &build)? else {
        // The index or the table is gone.
        forget(engine, &build.table, Some(&build.index))?;
        return Ok(true);
    };
    let (items, is_last) = items(connection, &build)?;
    let last = items.last().map(|item| (item.pk.clone(), item.sk.clone()));
    let entries = entries(engine, &build, request, &items)?;
    in_transaction(engine, |connection| {
        engine
            .storage
            .insert_gsi_items(&build.table, &build.index, &entries)
            .map_err(engine_failed)?;
        match last.filter(|_| !is_last) {
            None => forget(engine, &build.table, Some(&build.index)),
            Some((pk, sk)) => connection
                .execute(
                    "UPDATE _bowline_builds SET after_pk = ?3, after_sk = ?4 \
                     WHERE table_name = ?1 AND index_name = ?2",
                    [&build.table, &build.index, &pk, &sk],
                )
                .map(drop)
                .map_err(sqlite),
        }
    })?;
    Ok(true)
}

/// The request that adds the index to a table. None if the table does not have the index any more.
fn request_of(engine: &Engine, build: &Build) -> Result<Option<UpdateTableRequest>, TableError> {
    let table = engine.storage.get_table_metadata(&build.table);
    let Some(table) = table.map_err(engine_failed)? else {
        return Ok(None);
    };
    let parse = |text: &str| serde_json::from_str::<Value>(text).map_err(invalid_json);
    let indexes = parse(table.gsi_definitions.as_deref().unwrap_or("[]"))?;
    let indexes = indexes.as_array().into_iter().flatten();
    let mut named = indexes.filter(|index| {
        let name = index.get("IndexName").and_then(Value::as_str);
        name == Some(&build.index)
    });
    let Some(index) = named.next() else {
        return Ok(None);
    };
    let keys = index.get("KeySchema").and_then(Value::as_array);
    let keys: BTreeSet<&str> = keys
        .into_iter()
        .flatten()
        .filter_map(|key| key.get("AttributeName")?.as_str())
        .collect();
    let attributes = parse(&table.attribute_definitions)?;
    let attributes: Vec<&Value> = attributes
        .as_array()
        .into_iter()
        .flatten()
        .filter(|attribute| {
            let name = attribute.get("AttributeName").and_then(Value::as_str);
            name.is_some_and(|name| keys.contains(name))
        })
        .collect();
    let request = json!({
        "TableName": build.table,
        "AttributeDefinitions": attributes,
        "GlobalSecondaryIndexUpdates": [{ "Create": {
            "IndexName": index.get("IndexName"),
            "KeySchema": index.get("KeySchema"),
            "Projection": index.get("Projection"),
        } }],
    });
    serde_json::from_value(request)
        .map(Some)
        .map_err(invalid_json)
}

/// The next items to copy, and whether no other follows.
fn items(connection: &Connection, build: &Build) -> Result<(Vec<BaseItemRow>, bool), TableError> {
    let sql = format!(
        "SELECT pk, sk, item_json, item_size, hash_prefix FROM {} \
         WHERE (pk, sk) > (?1, ?2) AND (pk, sk) <= (?3, ?4) ORDER BY pk, sk LIMIT {MAX_STEP_ITEMS}",
        quoted(&build.table)
    );
    let mut statement = connection.prepare_cached(&sql).map_err(sqlite)?;
    let (after, last) = (&build.after, &build.last);
    let mut rows = statement
        .query([&after.0, &after.1, &last.0, &last.1])
        .map_err(sqlite)?;
    let (mut items, mut text) = (Vec::new(), 0);
    while let Some(row) = rows.next().map_err(sqlite)? {
        let item = |row: &rusqlite::Row<'_>| {
            Ok(BaseItemRow {
                pk: row.get(0)?,
                sk: row.get(1)?,
                item_json: row.get(2)?,
                item_size: row.get(3)?,
                cached_at: None,
                hash_prefix: row.get(4)?,
            })
        };
        let item: BaseItemRow = item(row).map_err(sqlite)?;
        text += item.item_json.len();
        items.push(item);
        if text >= MAX_STEP_TEXT_BYTES {
            return Ok((items, false));
        }
    }
    let is_last = items.len() < MAX_STEP_ITEMS;
    Ok((items, is_last))
}

/// The entries of the index for these items, as the engine makes them.
fn entries(
    engine: &Engine,
    build: &Build,
    request: UpdateTableRequest,
    items: &[BaseItemRow],
) -> Result<Vec<GsiItemRow>, TableError> {
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let Some(copy) = copy_of(engine, &build.table)? else {
        return Ok(Vec::new());
    };
    // Throughput is set per index, and not relevant here.
    let only_this = "UPDATE _tables SET gsi_definitions = NULL, lsi_definitions = NULL, \
                     vector_index_definitions = NULL, billing_mode = 'PAY_PER_REQUEST'";
    copy.conn().execute_batch(only_this).map_err(sqlite)?;
    let types = request.attribute_definitions.as_deref().unwrap_or_default();
    let types: Vec<_> = types
        .iter()
        .map(|key| (&*key.attribute_name, format!("{:?}", key.attribute_type)))
        .collect();
    let items: Vec<_> = items
        .iter()
        .filter(|item| can_be_indexed(&item.item_json, &types))
        .cloned()
        .collect();
    copy.put_base_items(&build.table, &items)
        .map_err(engine_failed)?;
    run(update_table::execute(
        &copy,
        request,
        &VectorIndexLifecycle::new(),
    ))
    .map_err(engine_failed)?;
    let sql = format!(
        "SELECT gsi_pk, gsi_sk, table_pk, table_sk, item_json FROM {}",
        quoted(&format!("{}::gsi::{}", build.table, build.index))
    );
    let mut statement = copy.conn().prepare(&sql).map_err(sqlite)?;
    let entries = statement.query_map([], |row| {
        Ok(GsiItemRow {
            gsi_pk: row.get(0)?,
            gsi_sk: row.get(1)?,
            table_pk: row.get(2)?,
            table_sk: row.get(3)?,
            item_json: row.get(4)?,
        })
    });
    entries.and_then(Iterator::collect).map_err(sqlite)
}

/// Whether the attributes of an item that are keys of an index have the types of these, and are not
/// empty. Other items are not in the index, as on AWS ("Detecting and correcting index key
/// violations", Amazon `DynamoDB` Developer Guide).
fn can_be_indexed(item: &str, types: &[(&str, String)]) -> bool {
    let members: Members<'_> = serde_json::from_str(item).unwrap_or_default();
    types.iter().all(|(name, kind)| {
        let value = members.get(&Key((*name).into())).map(|value| value.get());
        value.is_none_or(|value| {
            value.starts_with(&format!("{{\"{kind}\":")) && !value.ends_with(":\"\"}")
        })
    })
}

/// `DescribeTable`.
pub(super) fn describe_table(call: &Call<'_>) -> Result<String, StepError> {
    let request: DescribeTableRequest = call.read()?;
    let slot = &call.job.slot;
    let described = slot.execute(|engine| {
        let _limit = engine.end_after(COUNT_TIMEOUT);
        run(describe_table::execute(
            &engine.storage,
            request,
            &engine.vectors,
        ))
        .map_err(|error| StepError::from(call.failed(error)))
    })?;
    if !slot.has_builds() {
        return Ok(text_of(&described)?);
    }
    let mut body = serde_json::to_value(described).map_err(invalid_json)?;
    describe(slot, &mut body);
    Ok(body.to_string())
}

#[cfg(test)]
mod tests;
