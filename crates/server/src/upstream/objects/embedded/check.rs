//! Looks at everything in a store that no server uses, and rebuilds its index.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    OpenObjectsError, footer,
    index::{
        ObjectIndex, Rows,
        row::{Agreement, Row},
    },
    name,
    reconcile::{Accepts, reconcile},
    snapshot::SnapshotFile,
};
use crate::{
    private_files::private_file, upstream::objects::ObjectError, upstream::tables::embedded::guard,
};

/// What a check tells.
#[derive(Debug)]
pub(crate) enum Told<'a> {
    /// This many bytes of objects were read.
    Read(u64),
    /// A file is damaged.
    Damaged(&'a Path, String),
    /// A file is missing or older than its row, or the index is damaged: a new index accepts it.
    Lost(&'a Path, String),
}

/// Reads every file, and compares it with its row. Changes nothing.
///
/// # Errors
/// Those of the file system, for folders.
pub(crate) fn check(root: &Path, tell: &mut impl FnMut(Told<'_>)) -> io::Result<u64> {
    let index = ObjectIndex::path(root);
    let rows = match guard::check_offline(&index)? {
        Some(problem) => {
            tell(Told::Lost(&index, problem));
            None
        }
        None if index.exists() => match Rows::stopped(&index) {
            Ok(rows) => Some(rows),
            Err(error) => {
                tell(Told::Lost(&index, error.to_string()));
                None
            }
        },
        None => None,
    };
    let mut check = Check {
        root: root.join("buckets"),
        rows: rows.as_ref(),
        objects: 0,
        has_generations: false,
        tell,
    };
    check.files()?;
    check.rows(&index);
    let objects = check.objects;
    if !index.exists() && check.has_generations {
        tell(Told::Lost(&index, "the index is missing".to_owned()));
    }
    Ok(objects)
}

/// Makes the index anew from the files: what they do not have is forgotten.
///
/// # Errors
/// [`OpenObjectsError`].
pub(crate) fn rebuild_index(root: &Path) -> Result<(), OpenObjectsError> {
    if !root.join("buckets").exists() {
        return Ok(());
    }
    ObjectIndex::remove(root)?;
    let index = ObjectIndex::open(root)?.index;
    reconcile(root, &index, Accepts::All)?;
    index.complete()?;
    Ok(())
}

struct Check<'a, T> {
    root: PathBuf,
    rows: Option<&'a Rows>,
    objects: u64,
    /// Whether an object was in an index.
    has_generations: bool,
    tell: &'a mut T,
}

impl<T: FnMut(Told<'_>)> Check<'_, T> {
    fn files(&mut self) -> io::Result<()> {
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(self.root.join(&folder))? {
                let entry = entry?;
                let path = folder.join(entry.file_name());
                if entry.file_type()?.is_dir() {
                    folders.push(path);
                    continue;
                }
                self.objects += 1;
                let checked = if entry.file_type()?.is_file() {
                    self.file(&entry.path(), path.to_str().unwrap_or_default())
                } else {
                    Err(ObjectError::Damaged)
                };
                match checked {
                    Ok(None) => {}
                    Ok(Some(problem)) => {
                        (self.tell)(Told::Lost(&entry.path(), problem.to_owned()));
                    }
                    Err(error) => (self.tell)(Told::Damaged(&entry.path(), error.to_string())),
                }
            }
        }
        Ok(())
    }

    /// Reads a file: what is wrong with its row.
    fn file(&mut self, path: &Path, relative: &str) -> Result<Option<&'static str>, ObjectError> {
        let file = private_file(path, false)?;
        let (bucket, key) = name::of_path(relative).ok_or(ObjectError::Damaged)?;
        let name = footer::Name {
            bucket: &bucket,
            key: &key,
        };
        let footer = footer::read(&file, name)?;
        self.has_generations |= footer.generation > 0;
        SnapshotFile::stopped(file, relative).read(true, |piece| {
            (self.tell)(Told::Read(piece.len() as u64));
            Ok::<_, ObjectError>(())
        })?;
        let Some(rows) = self.rows else {
            return Ok(None);
        };
        Ok(match rows.get(&bucket, &key) {
            Ok(Some(row)) if row.compare(&footer) == Agreement::Older => {
                Some("the file is older than the object that was stored last")
            }
            Ok(_) => None,
            Err(ObjectError::Damaged) => Some("the row of the object in the index is damaged"),
            Err(error) => return Err(error),
        })
    }

    /// Looks for the file of every row.
    fn rows(&mut self, index: &Path) {
        let Some(rows) = self.rows else {
            return;
        };
        let (root, tell) = (&self.root, &mut self.tell);
        let visited = rows.visit(|bucket, key, _: Option<Row>| {
            let path = root.join(name::object_path(bucket, key));
            if fs::symlink_metadata(&path).is_err() {
                let key = key.escape_debug();
                tell(Told::Lost(
                    &path,
                    format!("the file of the object `{key}` is missing"),
                ));
            }
        });
        if let Err(error) = visited {
            tell(Told::Lost(index, error.to_string()));
        }
    }
}
