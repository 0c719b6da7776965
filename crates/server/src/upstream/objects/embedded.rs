//! The embedded object store: a folder of files.
//!
//! Keys map one to one to paths (`name.rs`); data and metadata are one file (`footer.rs`), written aside, synced, then renamed into place, so that
//! a crash leaves the old object or the new one. A bucket's objects are in a folder named by its id, which no later bucket of that name
//! has. An upload ends in the very folder in which it began, held open until then, or nowhere. Data streams in pieces: memory does not grow
//! with objects. One process at a time uses a folder; the caller holds the lock.
//!
//! Blocking work runs on the runtime's blocking threads, of which there are few (512), and others need them: names are resolved there. So none of
//! them ever waits for a client: each piece of 64 KiB is a job of its own, which ends with the disk. That costs a change of threads (some ten
//! microseconds) where hashing the piece costs a hundred; measured, transfers take no longer than with a thread for each. However many clients
//! are slow, no other call waits for them, and each holds two pieces at most.

use std::{
    fs::File,
    io,
    ops::Range,
    os::unix::fs::FileExt as _,
    path::Path,
    sync::{Arc, atomic::AtomicU64},
};

use bowline_aws::s3::ObjectKey;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tokio::task::{JoinError, spawn_blocking};

use super::{
    DataStream, ListPage, ListQuery, NewObject, ObjectError, ObjectInfo, ObjectStore, OpenObject,
    PutStream,
};

use crate::upstream::BoxFuture;
use crate::{data_folder::private_folder, identity::entity::BucketId};

mod footer;
mod name;
mod tree;
mod upload;
mod walk;

use tree::Tree;
use upload::Upload;

/// Bytes read or written at a time.
const CHUNK: u64 = 64 << 10;
/// Pieces that are read before the client has taken the one before.
const AHEAD: usize = 2;
/// How often an upload makes its folders anew because a delete pruned them.
const ATTEMPTS: usize = 64;

/// Objects in a folder.
#[derive(Debug, Clone)]
pub struct EmbeddedObjects(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    tree: Tree,
    uploads: AtomicU64,
}

impl EmbeddedObjects {
    /// Opens the store in `root`, which is made if need be, and removes what uploads left behind that a crash cut short.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn open(root: &Path) -> io::Result<Self> {
        private_folder(&root.join("buckets"))?;
        match std::fs::remove_dir_all(root.join("uploads")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        private_folder(&root.join("uploads"))?;
        let tree = Tree::open(root)?;
        Ok(Self(Arc::new(Inner {
            tree,
            uploads: AtomicU64::new(0),
        })))
    }

    /// Does blocking work on a thread for it.
    fn run<'a, T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, ObjectError> + Send + 'static,
    ) -> BoxFuture<'a, Result<T, ObjectError>> {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            spawn_blocking(move || work(&inner))
                .await
                .unwrap_or_else(|error| Err(lost(error)))
        })
    }
}

impl ObjectStore for EmbeddedObjects {
    fn create_bucket<'a>(&'a self, bucket: &'a BucketId) -> BoxFuture<'a, Result<(), ObjectError>> {
        let name = bucket.to_string();
        self.run(move |inner| {
            let bucket = inner.tree.make(&["buckets".to_owned(), name])?;
            // A creation that a crash cut short has left no object. Whatever else lies here belongs to somebody that this bucket's owner may not be.
            empty_folders(&bucket, Path::new("")).map_err(no_bucket)
        })
    }

    fn delete_bucket<'a>(&'a self, bucket: &'a BucketId) -> BoxFuture<'a, Result<(), ObjectError>> {
        let name = bucket.to_string();
        self.run(move |inner| {
            let bucket = inner.bucket(&name)?;
            empty_folders(&bucket, Path::new("")).map_err(no_bucket)?;
            inner
                .tree
                .remove_folder(Path::new("buckets"), &name)
                .map_err(no_bucket)
        })
    }

    fn open<'a>(
        &'a self,
        bucket: &'a BucketId,
        key: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<OpenObject, ObjectError>> {
        // One path, resolved at once, is about one bucket too.
        let (folders, file) = name::path_of(key.as_str());
        let path = Path::new("buckets")
            .join(bucket.as_str())
            .join(name::join(&folders))
            .join(file);
        let bucket = bucket.to_string();
        self.run(move |inner| {
            let file = match inner.tree.file(&path).map_err(no_key) {
                // Or there is no bucket that it could be in.
                Err(ObjectError::NoSuchKey) => {
                    inner.bucket(&bucket)?;
                    return Err(ObjectError::NoSuchKey);
                }
                opened => opened?,
            };
            let info = footer::read(&file)?;
            Ok(OpenObject {
                info,
                read: Box::new(|range| read(file, range)),
            })
        })
    }

    fn put<'a>(
        &'a self,
        bucket: &'a BucketId,
        key: &'a ObjectKey,
        object: NewObject,
        body: PutStream,
    ) -> BoxFuture<'a, Result<ObjectInfo, ObjectError>> {
        let name = bucket.to_string();
        let (folders, file) = name::path_of(key.as_str());
        Box::pin(async move {
            let inner = Arc::clone(&self.0);
            let begun = self.run(move |began| {
                let bucket = began.bucket(&name)?;
                Upload::begin(inner, bucket)
            });
            let received = upload::receive(begun.await?, body).await?;
            self.run(move |_| received.end(&object, &folders, &file))
                .await
        })
    }

    fn delete<'a>(
        &'a self,
        bucket: &'a BucketId,
        key: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<(), ObjectError>> {
        let bucket = bucket.to_string();
        let (folders, file) = name::path_of(key.as_str());
        self.run(move |inner| {
            let bucket = inner.bucket(&bucket)?;
            match bucket.remove_file(&name::join(&folders), &file) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                result => result?,
            }
            // Empty folders are tidied away as far as they go; one that an upload is about to use is made again by it.
            let mut rest = folders.as_slice();
            while let Some((last, parents)) = rest.split_last() {
                if bucket.remove_folder(&name::join(parents), last).is_err() {
                    break;
                }
                rest = parents;
            }
            Ok(())
        })
    }

    fn list<'a>(
        &'a self,
        bucket: &'a BucketId,
        query: ListQuery,
    ) -> BoxFuture<'a, Result<ListPage, ObjectError>> {
        let bucket = bucket.to_string();
        self.run(move |inner| walk::list(&inner.bucket(&bucket)?, &query))
    }
}

impl Inner {
    /// Opens a bucket's folder. Calls do this once, so that all of a call is about one bucket.
    fn bucket(&self, name: &str) -> Result<Tree, ObjectError> {
        self.tree
            .within(&Path::new("buckets").join(name))
            .map_err(no_bucket)
    }

    fn place(
        &self,
        upload: &Path,
        bucket: &Tree,
        folders: &[String],
        file: &str,
        replace: bool,
    ) -> Result<(), ObjectError> {
        for _ in 0..ATTEMPTS {
            let placed = bucket
                .make(folders)
                .and_then(|folder| self.tree.commit(upload, &folder, file, replace));
            match placed {
                Ok(()) => return Ok(()),
                // A delete has pruned a folder, or the bucket is gone: then nothing can be made in it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => match folders.first() {
                    Some(outermost) => bucket.add(outermost).map_err(no_bucket)?,
                    None => return Err(ObjectError::NoSuchBucket),
                },
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    return Err(ObjectError::Exists);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(io::Error::from(io::ErrorKind::ResourceBusy).into())
    }
}

/// Removes the empty folders in `path`; stops at the first thing that is none.
fn empty_folders(bucket: &Tree, path: &Path) -> io::Result<()> {
    for name in bucket.names(path)? {
        if !matches!(name::read(&name), Some(name::Name::Folder(_))) {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        let removed = empty_folders(bucket, &path.join(&name))
            .and_then(|()| bucket.remove_folder(path, &name));
        match removed {
            // The delete of an object has pruned it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => result?,
        }
    }
    Ok(())
}

/// Reads a part of a file, a piece at a time.
fn read(file: File, range: Range<u64>) -> DataStream {
    let file = Arc::new(file);
    let pieces = stream::unfold(range, |rest: Range<u64>| async move {
        let end = rest.end.min(rest.start.saturating_add(CHUNK));
        (!rest.is_empty()).then_some((rest.start..end, end..rest.end))
    });
    let pieces = pieces.map(move |piece| {
        let file = Arc::clone(&file);
        let read = spawn_blocking(move || {
            let length = piece.end.saturating_sub(piece.start);
            let mut buffer = vec![0; usize::try_from(length).unwrap_or_default()];
            file.read_exact_at(&mut buffer, piece.start)?;
            Ok(Bytes::from(buffer))
        });
        async move { read.await.unwrap_or_else(|error| Err(lost(error))) }
    });
    Box::pin(pieces.buffered(AHEAD))
}

/// A job that was given up, since the runtime ends.
fn lost(error: JoinError) -> ObjectError {
    io::Error::other(error).into()
}

fn no_bucket(error: io::Error) -> ObjectError {
    if error.kind() == io::ErrorKind::NotFound {
        ObjectError::NoSuchBucket
    } else if error.kind() == io::ErrorKind::DirectoryNotEmpty {
        ObjectError::NotEmpty
    } else {
        ObjectError::Io(error)
    }
}

fn no_key(error: io::Error) -> ObjectError {
    if matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    ) {
        ObjectError::NoSuchKey
    } else {
        ObjectError::Io(error)
    }
}

#[cfg(test)]
mod tests;
