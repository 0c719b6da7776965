//! Opens the database, and checks that it is whole before anything is written to it.
//!
//! SQLite checks neither its pages nor that its log is complete: it drops a log from the first
//! damaged frame on, and takes an empty file for a new database. So each record has a checksum, the
//! store has the sum of them, and the [kept revision](super::super::kept_revision) says which
//! commits there were. A database that fails a check is closed as it was found.

use std::{fs, io, io::Read as _, path::Path};

use aws_lc_rs::rand;
use rusqlite::{
    Connection, OpenFlags, OptionalExtension as _, TransactionBehavior, config::DbConfig, params,
};

use super::{super::kept_revision::KeptRevision, Revision, StoreError, database};
use crate::{checksum::crc64, private_files::private_file};

/// The schema version that this build writes, and the newest that it reads.
pub(super) const SCHEMA_VERSION: i64 = 2;

const SCHEMA: &str = include_str!("schema.sql");
const VERSION_2: &str = include_str!("version_2.sql");
const SETTINGS: &str = include_str!("settings.sql");

/// The first bytes of every database.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The row of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoreRow {
    pub(super) store_id: String,
    pub(super) revision: Revision,
    /// The sum of the checksums of all records.
    pub(super) total: u64,
}

impl StoreRow {
    fn checksum(&self) -> u64 {
        crc64(&[
            &SCHEMA_VERSION.to_le_bytes(),
            self.store_id.as_bytes(),
            &self.revision.number().to_le_bytes(),
            &self.total.to_le_bytes(),
        ])
    }

    /// Reads the row.
    ///
    /// # Errors
    /// Its checksum is that of another one.
    pub(super) fn read(connection: &Connection) -> Result<Self, StoreError> {
        let (row, checksum) = connection
            .prepare_cached("SELECT store_id, revision, total, checksum FROM store")
            .and_then(|mut select| {
                select.query_row([], |row| {
                    let stored = Self {
                        store_id: row.get(0)?,
                        revision: Revision::from_number(row.get(1)?),
                        total: unsigned(row.get(2)?),
                    };
                    Ok((stored, unsigned(row.get(3)?)))
                })
            })
            .map_err(database)?;
        if row.checksum() == checksum {
            Ok(row)
        } else {
            Err(StoreError::Damaged(
                "the row of the store does not match its checksum".into(),
            ))
        }
    }

    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection
            .prepare_cached(
                "UPDATE store SET store_id = ?1, revision = ?2, total = ?3, checksum = ?4",
            )?
            .execute(params![
                self.store_id,
                self.revision.number(),
                signed(self.total),
                signed(self.checksum())
            ])
            .map(drop)
    }
}

/// The checksum of a record.
pub(super) fn record_checksum(key: &str, value: &[u8], revision: Revision) -> u64 {
    crc64(&[key.as_bytes(), value, &revision.number().to_le_bytes()])
}

/// SQLite's integers are signed.
pub(super) fn signed(number: u64) -> i64 {
    i64::from_le_bytes(number.to_le_bytes())
}

pub(super) fn unsigned(number: i64) -> u64 {
    u64::from_le_bytes(number.to_le_bytes())
}

/// Creates a database. The file must not exist.
pub(super) fn create(path: &Path) -> Result<(Connection, StoreRow), StoreError> {
    let file_error = |source| file_error(path, source);
    private_file(path, true).map_err(file_error)?;
    let mut connection = Connection::open(path).map_err(database)?;
    connection.execute_batch(SETTINGS).map_err(database)?;
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(database)?;
    transaction.execute_batch(SCHEMA).map_err(database)?;
    let row = upgrade(&transaction)?;
    transaction.commit().map_err(database)?;
    Ok((connection, row))
}

/// Opens a database that exists, checks it and brings it to the current schema.
pub(super) fn open(
    path: &Path,
    kept: Option<&KeptRevision>,
) -> Result<(Connection, StoreRow), StoreError> {
    check_header(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(damaged)?;
    // If a check fails, the files stay as they are.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .map_err(database)?;
    connection.execute_batch(SETTINGS).map_err(damaged)?;
    check_structure(&connection)?;
    let found = connection
        .query_row("SELECT schema_version FROM store", [], |row| row.get(0))
        .optional()
        .map_err(damaged)?
        .ok_or_else(|| StoreError::Damaged("the row of the store is missing".into()))?;
    if found > SCHEMA_VERSION {
        return Err(StoreError::NewerSchema {
            found,
            supported: SCHEMA_VERSION,
        });
    }
    let row = if found < SCHEMA_VERSION {
        let revision = connection
            .query_row("SELECT revision FROM store", [], |row| row.get(0))
            .map_err(database)?;
        check_age(Revision::from_number(revision), kept)?;
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(database)?;
        let row = upgrade(&transaction)?;
        transaction.commit().map_err(database)?;
        row
    } else {
        let row = StoreRow::read(&connection)?;
        if kept.is_some_and(|kept| kept.store_id != row.store_id) {
            return Err(StoreError::OtherStore);
        }
        check_age(row.revision, kept)?;
        check_records(&connection, &row)?;
        row
    };
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)
        .map_err(database)?;
    Ok((connection, row))
}

/// Brings a database of version 1 to version 2.
fn upgrade(connection: &Connection) -> Result<StoreRow, StoreError> {
    let mut id = [0; 16];
    rand::fill(&mut id).map_err(|error| StoreError::Database(Box::new(error)))?;
    let upgrade = || {
        connection.execute_batch(VERSION_2)?;
        let mut total = 0_u64;
        let mut select = connection.prepare("SELECT key, value, revision FROM record")?;
        let mut update = connection.prepare("UPDATE record SET checksum = ?2 WHERE key = ?1")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let (key, value): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
            let sum = record_checksum(&key, &value, Revision::from_number(row.get(2)?));
            update.execute(params![key, signed(sum)])?;
            total = total.wrapping_add(sum);
        }
        let revision = connection.query_row("SELECT revision FROM store", [], |row| row.get(0))?;
        let row = StoreRow {
            store_id: format!("{:032x}", u128::from_be_bytes(id)),
            revision: Revision::from_number(revision),
            total,
        };
        row.write(connection)?;
        Ok(row)
    };
    upgrade().map_err(database)
}

/// SQLite takes an empty file for a new database, and removes the log beside it.
fn check_header(path: &Path) -> Result<(), StoreError> {
    let file_error = |source| file_error(path, source);
    let file = private_file(path, false).map_err(file_error)?;
    let mut magic = [0; 16];
    match (&file).read_exact(&mut magic) {
        Ok(()) if magic == *MAGIC => {}
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            return Err(file_error(error));
        }
        Ok(()) | Err(_) => {
            let problem = format!("`{}` is not a database", path.display());
            return Err(StoreError::Damaged(problem.into()));
        }
    }
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    match fs::symlink_metadata(&log) {
        Ok(found) if !found.is_file() => {
            let problem = format!("`{}` is not a file", Path::new(&log).display());
            Err(StoreError::Damaged(problem.into()))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Reads the whole database: it is read into the index anyway.
fn check_structure(connection: &Connection) -> Result<(), StoreError> {
    let found: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(damaged)?;
    if found == "ok" {
        Ok(())
    } else {
        Err(StoreError::Damaged(found.into()))
    }
}

fn check_age(found: Revision, kept: Option<&KeptRevision>) -> Result<(), StoreError> {
    match kept {
        Some(kept) if found < kept.revision => Err(StoreError::Older {
            found,
            kept: kept.revision,
        }),
        Some(_) | None => Ok(()),
    }
}

fn check_records(connection: &Connection, row: &StoreRow) -> Result<(), StoreError> {
    let mut select = connection
        .prepare("SELECT key, value, revision, checksum FROM record")
        .map_err(database)?;
    let mut rows = select.query([]).map_err(damaged)?;
    let mut total = 0_u64;
    while let Some(row) = rows.next().map_err(damaged)? {
        let mut read = || {
            let (key, value, revision) = (
                row.get_ref(0)?.as_str()?,
                row.get_ref(1)?.as_blob()?,
                row.get(2)?,
            );
            let sum = record_checksum(key, value, Revision::from_number(revision));
            total = total.wrapping_add(sum);
            Ok((key.to_owned(), sum == unsigned(row.get(3)?)))
        };
        let (key, whole) = read().map_err(damaged)?;
        if !whole {
            let key = key.escape_debug();
            let problem = format!("the record `{key}` does not match its checksum");
            return Err(StoreError::Damaged(problem.into()));
        }
    }
    if total == row.total {
        Ok(())
    } else {
        Err(StoreError::Damaged("records are missing".into()))
    }
}

fn damaged(error: rusqlite::Error) -> StoreError {
    StoreError::Damaged(Box::new(error))
}

fn file_error(path: &Path, source: io::Error) -> StoreError {
    let path = path.display().to_string();
    StoreError::File { path, source }
}
