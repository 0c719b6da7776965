//! Makes the rows of an index from the files: those of a store that had no index, and those that a
//! crash lost.
//!
//! A file that is as its row says is not opened. Rows without a file are left: they are damage,
//! which reads and `bowline store check` report.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    OpenObjectsError, footer,
    index::{
        Change, IndexError, ObjectIndex,
        row::{Agreement, Row, Stamp},
    },
    name,
};
use crate::{private_files::private_file, upstream::objects::ObjectError};

/// Changes of a transaction.
const MAX_CHANGES: usize = 1000;
/// Files between two lines of the log.
const LOGGED_FILES: u64 = 50_000;

/// Which objects may be new to the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accepts {
    /// Only those of a store that had no index: another one is [`IndexError::Missing`].
    Earlier,
    /// All.
    All,
}

struct Reconciliation<'a> {
    root: PathBuf,
    index: &'a ObjectIndex,
    accepts: Accepts,
    changes: Vec<Change>,
    files: u64,
}

/// Compares all files with their rows.
pub(super) fn reconcile(
    root: &Path,
    index: &ObjectIndex,
    accepts: Accepts,
) -> Result<(), OpenObjectsError> {
    let mut reconciliation = Reconciliation {
        root: root.join("buckets"),
        index,
        accepts,
        changes: Vec::new(),
        files: 0,
    };
    reconciliation.walk()?;
    let rows = index.rows().count().map_err(OpenObjectsError::Store)?;
    let files = reconciliation.files;
    if rows > files {
        tracing::error!(
            "The index has {rows} objects, and there are {files} files: `bowline store check` \
             names the objects that have lost theirs"
        );
    }
    Ok(())
}

impl Reconciliation<'_> {
    fn walk(&mut self) -> Result<(), OpenObjectsError> {
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(self.root.join(&folder))? {
                let entry = entry?;
                let path = folder.join(entry.file_name());
                let found = entry.metadata()?;
                if found.is_dir() {
                    folders.push(path);
                } else if found.is_file()
                    && let Some((bucket, key)) = path.to_str().and_then(name::of_path)
                {
                    self.file(&entry.path(), bucket, key, Stamp::of(&found))?;
                }
            }
        }
        self.commit()
    }

    fn file(
        &mut self,
        path: &Path,
        bucket: String,
        key: String,
        stamp: Stamp,
    ) -> Result<(), OpenObjectsError> {
        self.files += 1;
        if self.files.is_multiple_of(LOGGED_FILES) {
            tracing::info!("Comparing objects with their index: {} so far", self.files);
        }
        let row = match self.index.rows().get(&bucket, &key) {
            Ok(Some(row)) if row.stamp == stamp => return Ok(()),
            Ok(row) => row,
            // It stays damaged until the object is stored again.
            Err(ObjectError::Damaged) => return Ok(()),
            Err(error) => return Err(OpenObjectsError::Store(error)),
        };
        let name = footer::Name {
            bucket: &bucket,
            key: &key,
        };
        let file = private_file(path, false)?;
        let row = match footer::read(&file, name) {
            Ok(footer) => {
                if footer.generation > 0 && self.accepts == Accepts::Earlier {
                    let path = ObjectIndex::path(self.root.parent().unwrap_or(&self.root));
                    return Err(IndexError::Missing(path.display().to_string()).into());
                }
                let agreement = row.map(|row| row.compare(&footer));
                if agreement == Some(Agreement::Older) {
                    return Ok(());
                }
                Row::new(&footer.info, footer.generation, stamp)
            }
            // It exists, so it is listed.
            Err(ObjectError::Damaged) if row.is_none() => Row::damaged(stamp),
            Err(ObjectError::Damaged) => return Ok(()),
            Err(error) => return Err(OpenObjectsError::Store(error)),
        };
        self.changes.push(Change {
            bucket,
            key,
            row: Some(row),
        });
        if self.changes.len() >= MAX_CHANGES {
            self.commit()?;
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), OpenObjectsError> {
        let committed = self.index.commit_all(&self.changes);
        self.changes.clear();
        committed.map_err(OpenObjectsError::Store)
    }
}
