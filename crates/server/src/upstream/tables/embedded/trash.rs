//! Removes deleted tables and indexes in bounded steps.
//!
//! SQLite reads all pages of a table to drop it. So a deleted table is renamed, which is one short
//! write, and its name is free at once. Its rows are then removed in steps, between which the lock
//! of the database is released. In the end the free pages return to the file system. A table of the
//! database has what is left to be removed: what was cut short goes on when the database is opened
//! again.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Rows, params};
use tokio::time::Instant;

use super::{
    TableError,
    builds::in_transaction,
    engine::{Engine, quoted, sqlite},
};

/// How long a step removes rows or moves pages, apart from its commit. It ends after the row that
/// exceeds it.
const MAX_STEP_TIME: Duration = Duration::from_millis(15);
/// Memory of a step, beside the pages that the connection keeps.
pub(super) const STEP_BYTES: usize = 1 << 20;
/// Free pages that are returned between two looks at the time.
const RETURNED_PAGES: u32 = 32;

/// Each row is one renamed table, until its rows are removed and the pages are returned.
const CREATE: &str =
    "CREATE TABLE IF NOT EXISTS _bowline_trash (id INTEGER PRIMARY KEY AUTOINCREMENT)";

/// Whether anything is left to be removed.
pub(super) fn is_left(engine: &Engine) -> Result<bool, TableError> {
    Ok(next(engine.storage.conn())?.is_some())
}

/// Removes a table with its indexes, or only one index, from the names in use. The caller has begun
/// a transaction. `table` is a name of the engine's.
pub(super) fn discard(connection: &Connection, table: &str) -> Result<(), TableError> {
    connection.execute_batch(CREATE).map_err(sqlite)?;
    // The engine's own names have colons, which no name of a client's has.
    let tables: Vec<String> = connection
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' \
             AND (name = ?1 OR substr(name, 1, length(?1) + 2) = ?1 || '::')",
        )
        .and_then(|mut statement| {
            let names = statement.query_map([table], |row| row.get(0))?;
            names.collect()
        })
        .map_err(sqlite)?;
    for table in tables {
        connection
            .execute("INSERT INTO _bowline_trash DEFAULT VALUES", [])
            .map_err(sqlite)?;
        rename(connection, &table, &renamed(connection.last_insert_rowid())).map_err(sqlite)?;
    }
    Ok(())
}

/// The name of a table that is removed. Clients cannot have it: it begins with `_`.
fn renamed(id: i64) -> String {
    format!("_bowline_trash_{id}")
}

/// Renames a table and its indexes.
fn rename(connection: &Connection, table: &str, to: &str) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(
        "SELECT name, sql FROM sqlite_schema \
         WHERE type = 'index' AND tbl_name = ?1 AND sql IS NOT NULL",
    )?;
    let indexes = statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let indexes: Vec<(String, String)> = indexes.collect::<rusqlite::Result<_>>()?;
    drop(statement);
    connection.pragma_update(None, "writable_schema", true)?;
    let renamed =
        indexes.iter().enumerate().try_for_each(|(at, index)| {
            let (name, sql) = index;
            let (before, after) = (quoted(name), quoted(&format!("{to}_{at}")));
            // SQLite keeps the text from the name on. It has no statement that renames an index.
            let Some(rest) = sql.strip_prefix(&format!("CREATE INDEX {before}")) else {
                return connection.execute_batch(&format!("DROP INDEX {before}"));
            };
            connection
            .execute(
                "UPDATE sqlite_schema SET name = ?1, sql = ?2 WHERE type = 'index' AND name = ?3",
                params![format!("{to}_{at}"), format!("CREATE INDEX {after}{rest}"), name],
            )
            .map(drop)
        });
    connection.pragma_update(None, "writable_schema", false)?;
    renamed?;
    // This reads the whole schema again, for all connections.
    connection.execute_batch(&format!(
        "ALTER TABLE {} RENAME TO {}",
        quoted(table),
        quoted(to)
    ))
}

/// The next table to remove.
fn next(connection: &Connection) -> Result<Option<i64>, TableError> {
    if !exists(connection, "_bowline_trash")? {
        return Ok(None);
    }
    connection
        .query_row("SELECT min(id) FROM _bowline_trash", [], |row| row.get(0))
        .map_err(sqlite)
}

fn exists(connection: &Connection, table: &str) -> Result<bool, TableError> {
    connection
        .prepare_cached("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1")
        .and_then(|mut statement| statement.exists([table]))
        .map_err(sqlite)
}

/// Removes some rows, or returns some pages. The result is whether anything was left to be done.
pub(super) fn step(engine: &Engine) -> Result<bool, TableError> {
    let Some(id) = next(engine.storage.conn())? else {
        return Ok(false);
    };
    let ends = Instant::now() + MAX_STEP_TIME;
    let table = renamed(id);
    in_transaction(engine, |connection| {
        if exists(connection, &table)? {
            if remove_rows(connection, &table, ends).map_err(sqlite)? {
                // It is empty, so this is short.
                let sql = format!("DROP TABLE {}", quoted(&table));
                connection.execute_batch(&sql).map_err(sqlite)?;
            }
        } else if return_pages(connection, ends).map_err(sqlite)? {
            connection
                .execute("DELETE FROM _bowline_trash WHERE id = ?1", [id])
                .map_err(sqlite)?;
        }
        Ok(())
    })?;
    Ok(true)
}

/// Writes the log back to the file, which shrinks then. Nothing is read meanwhile: what a reader
/// needs is not written back.
pub(super) fn write_back(engine: &Engine) -> Result<(), TableError> {
    engine
        .storage
        .conn()
        .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
        .map_err(sqlite)
}

/// Removes the first rows. The result is whether none is left.
fn remove_rows(connection: &Connection, table: &str, ends: Instant) -> rusqlite::Result<bool> {
    let table = quoted(table);
    let mut statement = connection.prepare(&format!(
        "DELETE FROM {table} WHERE rowid = (SELECT min(rowid) FROM {table})"
    ))?;
    while statement.execute([])? > 0 {
        if Instant::now() > ends {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns free pages to the file system. The result is whether none is left. Databases of earlier
/// versions keep their free pages, and use them for new items.
fn return_pages(connection: &Connection, ends: Instant) -> rusqlite::Result<bool> {
    let number = |pragma: &str| {
        let value = connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0));
        value.optional().map(Option::<i64>::unwrap_or_default)
    };
    if number("auto_vacuum")? != 2 {
        return Ok(true);
    }
    while number("freelist_count")? > 0 {
        if Instant::now() > ends {
            return Ok(false);
        }
        // Each row of the result is a page.
        let mut statement =
            connection.prepare(&format!("PRAGMA incremental_vacuum({RETURNED_PAGES})"))?;
        exhaust(statement.query([])?)?;
    }
    Ok(true)
}

fn exhaust(mut rows: Rows<'_>) -> rusqlite::Result<()> {
    while rows.next()?.is_some() {}
    Ok(())
}

#[cfg(test)]
mod tests;
