//! All table databases at one moment, for a backup.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, backup::Backup};

use super::{EmbeddedTables, guard};
use crate::private_files::{private_file, private_folder};

/// The folder of copies, in the folder of the databases.
const SNAPSHOT: &str = "snapshot";
/// Pages that are copied at a time.
const PAGES: i32 = 1024;

/// A database in a read transaction: it stays as it was at that moment.
#[derive(Debug)]
pub(crate) struct TableSnapshot {
    /// The name of its file.
    pub(crate) name: String,
    /// Its size, about.
    pub(crate) bytes: u64,
    connection: Connection,
    folder: PathBuf,
}

/// A copy of a database. Dropping it removes the file.
#[derive(Debug)]
pub(crate) struct TableCopy(pub(crate) PathBuf);

impl Drop for TableCopy {
    fn drop(&mut self) {
        // What stays is removed by the next start.
        let _ = fs::remove_file(&self.0);
    }
}

/// Removes the copies of a backup that a crash interrupted.
pub(super) fn remove_interrupted(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder.join(SNAPSHOT)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

impl EmbeddedTables {
    /// Begins a read transaction in every database. The caller keeps writes waiting meanwhile.
    ///
    /// # Errors
    /// Those of the file system and of the database.
    pub(crate) fn snapshot(
        &self,
    ) -> Result<Vec<TableSnapshot>, Box<dyn std::error::Error + Send + Sync>> {
        let mut snapshots = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            // What is damaged must not be taken for a backup of anything.
            if path.extension().is_some_and(|end| end == "state")
                && !path.with_extension("db").exists()
            {
                return Err(format!("`{}` is missing", path.with_extension("db").display()).into());
            }
            if path.extension().is_none_or(|end| end != "db") {
                continue;
            }
            let connection = guard::connect(&path)?;
            connection.execute_batch("BEGIN")?;
            let number = |pragma: &str| {
                connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, u32>(0))
            };
            // The first read fixes the moment.
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
            let bytes = u64::from(number("page_count")?) * u64::from(number("page_size")?);
            snapshots.push(TableSnapshot {
                name: name.to_owned(),
                bytes,
                connection,
                folder: self.folder.join(SNAPSHOT),
            });
        }
        Ok(snapshots)
    }
}

impl TableSnapshot {
    /// Copies the database to a file of its own, and checks the copy.
    ///
    /// # Errors
    /// Those of the file system and of the database.
    pub(crate) fn copy(self) -> Result<TableCopy, Box<dyn std::error::Error + Send + Sync>> {
        private_folder(&self.folder)?;
        let copy = TableCopy(self.folder.join(&self.name));
        drop(private_file(&copy.0, true)?);
        let mut target = Connection::open(&copy.0)?;
        target.execute_batch("PRAGMA synchronous = OFF")?;
        Backup::new(&self.connection, &mut target)?.run_to_completion(
            PAGES,
            Duration::ZERO,
            None,
        )?;
        // One file, without a log.
        let found: String =
            target.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))?;
        let check: String = target.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if found != "delete" || check != "ok" {
            return Err(format!("the table database `{}` is damaged ({check})", self.name).into());
        }
        Ok(copy)
    }
}
