//! Reads the index: one indexed lookup, or a page of rows.

use std::{
    path::{Path, PathBuf},
    sync::Mutex,
};

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

use super::{database_error, lock, row::Row};
use crate::upstream::{objects::ObjectError, tables::embedded::guard};

/// Connections that are kept.
const MAX_READERS: usize = 8;

/// The rows of an index.
#[derive(Debug)]
pub(in super::super) struct Rows {
    path: PathBuf,
    readers: Mutex<Vec<Connection>>,
}

/// Where a scan goes on.
pub(in super::super) enum Next {
    /// At the next row.
    Row,
    /// At the first key that is not below this one.
    From(Vec<u8>),
    /// Nowhere.
    End,
}

impl Rows {
    /// Those of an index that is open.
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            readers: Mutex::default(),
        }
    }

    /// Those of an index that no process uses. Nothing is changed.
    pub(in super::super) fn stopped(path: &Path) -> rusqlite::Result<Self> {
        let rows = Self::new(path.to_owned());
        lock(&rows.readers).push(guard::connect(path)?);
        Ok(rows)
    }

    /// Closes all connections.
    pub(super) fn close(&self) {
        lock(&self.readers).clear();
    }

    /// The row of an object.
    ///
    /// # Errors
    /// [`ObjectError::Damaged`] if the row is damaged; those of the database.
    pub(in super::super) fn get(
        &self,
        bucket: &str,
        key: &str,
    ) -> Result<Option<Row>, ObjectError> {
        let stored: Option<Vec<u8>> = self.read(|connection| {
            let mut select = connection
                .prepare_cached("SELECT facts FROM object WHERE bucket = ?1 AND key = ?2")?;
            select
                .query_row(params![bucket, key.as_bytes()], |row| row.get(0))
                .optional()
        })?;
        stored
            .map(|stored| Row::decode(bucket, key, &stored).ok_or(ObjectError::Damaged))
            .transpose()
    }

    /// Whether a bucket has rows.
    pub(in super::super) fn has_any(&self, bucket: &str) -> Result<bool, ObjectError> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT 1 FROM object WHERE bucket = ?1 LIMIT 1")?
                .exists([bucket])
        })
    }

    /// How many rows there are.
    pub(in super::super) fn count(&self) -> Result<u64, ObjectError> {
        self.read(|connection| {
            connection.query_row("SELECT count(*) FROM object", [], |row| row.get(0))
        })
    }

    /// Visits the rows of a bucket from this key on, in order, until `visit` says where to go on or
    /// that it is done. A row that is damaged is `None`.
    pub(in super::super) fn scan(
        &self,
        bucket: &str,
        from: Vec<u8>,
        mut visit: impl FnMut(&str, Option<Row>) -> Next,
    ) -> Result<(), ObjectError> {
        self.read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT key, facts FROM object WHERE bucket = ?1 AND key >= ?2 ORDER BY key",
            )?;
            let mut from = Some(from);
            while let Some(start) = from.take() {
                let mut rows = select.query(params![bucket, start])?;
                while let Some(row) = rows.next()? {
                    // The store makes no other keys.
                    let Ok(key) = str::from_utf8(row.get_ref(0)?.as_blob()?) else {
                        continue;
                    };
                    let facts = Row::decode(bucket, key, row.get_ref(1)?.as_blob()?);
                    match visit(key, facts) {
                        Next::Row => {}
                        Next::From(key) => {
                            from = Some(key);
                            break;
                        }
                        Next::End => break,
                    }
                }
            }
            Ok(())
        })
    }

    /// Visits every row of the store. A row that is damaged is `None`.
    pub(in super::super) fn visit(
        &self,
        mut visit: impl FnMut(&str, &str, Option<Row>),
    ) -> Result<(), ObjectError> {
        self.read(|connection| {
            let mut select = connection.prepare("SELECT bucket, key, facts FROM object")?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let bucket = row.get_ref(0)?.as_str()?;
                if let Ok(key) = str::from_utf8(row.get_ref(1)?.as_blob()?) {
                    let facts = Row::decode(bucket, key, row.get_ref(2)?.as_blob()?);
                    visit(bucket, key, facts);
                }
            }
            Ok(())
        })
    }

    /// Runs a query on a connection that only reads.
    fn read<T>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, ObjectError> {
        let kept = lock(&self.readers).pop();
        let run = || {
            let connection = kept.map_or_else(|| reader(&self.path), Ok)?;
            let result = query(&connection);
            let mut readers = lock(&self.readers);
            if result.is_ok() && readers.len() < MAX_READERS {
                readers.push(connection);
            }
            result
        };
        run().map_err(|error| database_error(&error))
    }
}

fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "cache_size", -1024)?;
    Ok(connection)
}
