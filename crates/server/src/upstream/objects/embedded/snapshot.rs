//! All objects at one moment, for a backup: links to their files, which are never changed in place.
//!
//! Most links are made while writes go on. The moment itself only repeats those of the keys that
//! were written meanwhile, so writes wait for these and not for all objects.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::{Arc, MutexGuard, PoisonError},
};

use md5::{Digest as _, Md5};

use super::{EmbeddedObjects, Inner, JOB_BYTES, damage::Fault, footer, name};
use crate::{
    checksum::Crc64,
    private_files::{private_file, private_folder},
    upstream::objects::ObjectError,
};

/// The folder of the links, in the store's folder.
const SNAPSHOT: &str = "snapshot";

/// The objects of a store at one moment. Dropping it removes the links.
#[derive(Debug)]
pub(crate) struct ObjectSnapshot {
    /// The folder that stands for `buckets`.
    root: PathBuf,
    store: Arc<Inner>,
    /// The highest generation of an object.
    moment: u64,
    /// The length of all files.
    pub(crate) bytes: u64,
}

/// Removes the links of a backup that a crash interrupted.
pub(super) fn remove_interrupted(root: &Path) -> io::Result<()> {
    match fs::remove_dir_all(root.join(SNAPSHOT)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

impl EmbeddedObjects {
    /// Begins a snapshot: links all objects, while writes go on. One at a time.
    ///
    /// # Errors
    /// Those of the file system; [`io::ErrorKind::InvalidData`] if something else than a file or a
    /// folder is in a bucket.
    pub(crate) fn begin_snapshot(&self) -> io::Result<ObjectSnapshot> {
        let root = &self.0.root;
        remove_interrupted(root)?;
        let mut snapshot = ObjectSnapshot {
            root: root.join(SNAPSHOT),
            store: Arc::clone(&self.0),
            moment: 0,
            bytes: 0,
        };
        {
            // From here on, every writer notes its key before it changes a file.
            let _pause = self.0.gate.pause();
            *self.0.written() = Some(BTreeSet::new());
        }
        link(&root.join("buckets"), &snapshot.root, &mut snapshot.bytes)?;
        Ok(snapshot)
    }
}

impl Inner {
    /// Notes that a file of this key is about to change.
    pub(super) fn note(&self, bucket: &str, key: &str) {
        if let Some(written) = &mut *self.written() {
            written.insert((bucket.to_owned(), key.to_owned()));
        }
    }

    fn written(&self) -> MutexGuard<'_, Option<BTreeSet<(String, String)>>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Links the files of a folder. What is removed meanwhile is left out.
fn link(from: &Path, to: &Path, bytes: &mut u64) -> io::Result<()> {
    private_folder(to)?;
    let Some(entries) = unless_removed(fs::read_dir(from))? else {
        return Ok(());
    };
    for entry in entries {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let Some(found) = unless_removed(entry.metadata())? else {
            continue;
        };
        if found.is_dir() {
            link(&from, &to, bytes)?;
        } else if found.is_file() {
            if unless_removed(fs::hard_link(&from, &to))?.is_some() {
                *bytes += found.len();
            }
        } else {
            let error = format!("`{}` is neither a file nor a folder", from.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, error));
        }
    }
    Ok(())
}

fn unless_removed<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

impl ObjectSnapshot {
    /// Fixes the moment. The caller keeps writes waiting meanwhile.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) fn fix(&mut self) -> io::Result<()> {
        let written = self.store.written().take().unwrap_or_default();
        for (bucket, key) in written {
            let path = name::object_path(&bucket, &key);
            let (from, to) = (
                self.store.root.join("buckets").join(&path),
                self.root.join(path),
            );
            unless_removed(fs::remove_file(&to))?;
            if let Some(folder) = to.parent() {
                private_folder(folder)?;
            }
            if unless_removed(fs::hard_link(&from, &to))?.is_some() {
                self.bytes += fs::symlink_metadata(&to)?.len();
            }
        }
        self.moment = self.store.index.last_generation();
        Ok(())
    }

    /// Looks for the file of every object of the moment that was not deleted since.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] if objects have lost their files.
    pub(crate) fn check(&self) -> io::Result<()> {
        let mut lost = None;
        let visited = self.store.index.rows().visit(|bucket, key, row| {
            let path = self.root.join(name::object_path(bucket, key));
            let is_of_moment = row.is_none_or(|row| row.generation <= self.moment);
            if is_of_moment && fs::symlink_metadata(path).is_err() {
                lost = Some((bucket.to_owned(), key.to_owned()));
            }
        });
        visited.map_err(io::Error::other)?;
        match lost {
            None => Ok(()),
            Some((bucket, key)) => {
                self.store.damage.report(&bucket, &key, Fault::Missing);
                let error = format!(
                    "the object `{}` in the bucket `{bucket}` has lost its file: `bowline store check` finds all",
                    key.escape_debug()
                );
                Err(io::Error::new(io::ErrorKind::InvalidData, error))
            }
        }
    }

    /// Visits every file, with its path relative to the store's folder.
    ///
    /// # Errors
    /// Those of `visit` and of the file system.
    pub(crate) fn visit<E: From<io::Error>>(
        &self,
        mut visit: impl FnMut(String, SnapshotFile) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(self.root.join(&folder)).map_err(E::from)? {
                let entry = entry.map_err(E::from)?;
                let path = folder.join(entry.file_name());
                if entry.file_type().map_err(E::from)?.is_dir() {
                    folders.push(path);
                    continue;
                }
                let file = private_file(&entry.path(), false).map_err(E::from)?;
                let text = path.to_str().unwrap_or_default();
                let file = SnapshotFile {
                    file,
                    path: text.to_owned(),
                    moment: Some((Arc::clone(&self.store), self.moment)),
                };
                visit(format!("buckets/{text}"), file)?;
            }
        }
        Ok(())
    }
}

impl Drop for ObjectSnapshot {
    fn drop(&mut self) {
        self.store.written().take();
        // What stays is removed by the next backup or start.
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// The file of an object.
pub(crate) struct SnapshotFile {
    file: File,
    /// Bucket, folders and file.
    path: String,
    /// The store, and the highest generation at the moment of the snapshot.
    moment: Option<(Arc<Inner>, u64)>,
}

impl SnapshotFile {
    /// A file of a store that no server uses.
    pub(super) fn stopped(file: File, path: &str) -> Self {
        Self {
            file,
            path: path.to_owned(),
            moment: None,
        }
    }

    /// The length of the file.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Reads the file in pieces, and compares its data with its checksum, or with its entity tag if
    /// it is of an earlier version and `compares_md5`.
    ///
    /// # Errors
    /// Those of `take`; [`ObjectError`] if it cannot be read or is damaged.
    pub(crate) fn read<E: From<ObjectError>>(
        &self,
        compares_md5: bool,
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let length = self.length().map_err(ObjectError::from)?;
        let (bucket, key) = name::of_path(&self.path).ok_or(ObjectError::Damaged)?;
        let name = footer::Name {
            bucket: &bucket,
            key: &key,
        };
        let footer = footer::read(&self.file, name)?;
        if self.is_older(&bucket, &key, footer.generation)? {
            return Err(ObjectError::Damaged.into());
        }
        let mut crc = Crc64::new();
        let mut md5 = (compares_md5 && footer.data_checksum.is_none()).then(Md5::new);
        let mut buffer = vec![0; usize::try_from(JOB_BYTES).unwrap_or_default()];
        let mut at = 0;
        while at < length {
            let size = usize::try_from(JOB_BYTES.min(length - at)).unwrap_or_default();
            let piece = buffer.get_mut(..size).unwrap_or_default();
            let read = self.file.read_exact_at(piece, at);
            read.map_err(ObjectError::from)?;
            let data = footer.info.length.saturating_sub(at);
            let data = usize::try_from(data).unwrap_or(usize::MAX).min(size);
            let data = piece.get(..data).unwrap_or_default();
            crc.update(data);
            if let Some(md5) = &mut md5 {
                md5.update(data);
            }
            at += size as u64;
            // The last piece is passed on only once the data is known to be whole.
            let is_last = at >= length;
            if is_last && footer.data_checksum.is_some_and(|sum| sum != crc.value()) {
                return Err(ObjectError::Damaged.into());
            }
            take(piece)?;
        }
        match md5.map(|md5| format!("{:x}", md5.finalize())) {
            Some(md5) if md5 != footer.info.etag.as_str() => Err(ObjectError::Damaged.into()),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether the row had a higher generation at the moment of the snapshot.
    fn is_older(&self, bucket: &str, key: &str, generation: u64) -> Result<bool, ObjectError> {
        let Some((store, moment)) = &self.moment else {
            return Ok(false);
        };
        let row = store.index.rows().get(bucket, key)?;
        Ok(row.is_some_and(|row| row.generation > generation && row.generation <= *moment))
    }

    /// The path in the folder of buckets.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}
