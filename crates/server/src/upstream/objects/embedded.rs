//! The embedded object store: files in a folder.
//!
//! Keys map one to one to paths (`name.rs`). Data and metadata are one file (`footer.rs`), written
//! aside, synced and renamed into place, so that a crash leaves the old object or the new one. A
//! bucket is a folder named by the store's name of it, which no later bucket gets. An upload keeps
//! the folder of its bucket open: it completes in that folder, or it fails. Data streams, so memory
//! does not grow with objects. One process at a time uses a folder; the caller locks it.
//!
//! An object that is read whole is compared with the checksum that its file has: one that is read
//! by one job before the first byte is sent, a larger one before the last (`verify.rs`).
//!
//! Blocking work runs on the runtime's blocking threads. There are few of them (512), and name
//! resolution needs them too, so none ever waits for a client: each 64 KiB of data is a job of its
//! own, which ends when its disk operation ends. A change of threads costs about 10 µs, and hashing
//! 64 KiB costs 100 µs. In measurements, transfers were as fast as with one thread each. A slow
//! client costs two such buffers and delays no other request.

use std::{
    fs::File,
    io,
    ops::Range,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicU64},
};

use bowline_aws::s3::ObjectKey;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tokio::task::{JoinError, spawn_blocking};

use super::{
    DataStream, ListPage, ListQuery, NewObject, ObjectError, ObjectInfo, ObjectStore, OpenObject,
    UploadStream,
};
use crate::{
    identity::entity::UpstreamBucket, private_files::private_folder, upstream::BoxFuture,
    write_gate::WriteGate,
};

mod damage;
mod footer;
mod name;
pub(crate) mod snapshot;
mod tree;
mod upload;
mod verify;
mod walk;

use damage::Damage;
use footer::Footer;
use tree::Tree;
use upload::Upload;

/// Bytes read or written by one job.
const JOB_BYTES: u64 = 64 << 10;
/// Jobs of a download whose data the client has not taken yet.
const MAX_READ_AHEAD: usize = 2;
/// How often an upload creates its folders again because a delete pruned them.
const MAX_PLACE_ATTEMPTS: usize = 64;

/// A store of objects in a folder.
#[derive(Debug, Clone)]
pub struct EmbeddedObjects(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    gate: WriteGate,
    tree: Tree,
    uploads: AtomicU64,
    damage: Damage,
}

/// The file of an object.
struct OpenFile {
    inner: Arc<Inner>,
    bucket: UpstreamBucket,
    key: ObjectKey,
    file: File,
    footer: Footer,
}

impl OpenFile {
    /// Reads a range of the data. All of it is compared with its checksum.
    fn read(self, range: Range<u64>) -> DataStream {
        let length = self.footer.info.length;
        let whole = range == (0..length);
        let data = read(self.file, range);
        let Some(expected) = self.footer.data_checksum.filter(|_| whole) else {
            return data;
        };
        verify::verified(data, length, expected, move || {
            let damage = &self.inner.damage;
            damage.report(self.bucket.as_str(), self.key.as_str());
        })
    }
}

impl EmbeddedObjects {
    /// Opens the store in `root`. Creates the folder if it is missing, and removes the uploads that
    /// a crash interrupted.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn open(root: &Path) -> io::Result<Self> {
        Self::behind(root, &WriteGate::default())
    }

    /// The same. Writes pass this gate.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) fn behind(root: &Path, gate: &WriteGate) -> io::Result<Self> {
        private_folder(&root.join("buckets"))?;
        match std::fs::remove_dir_all(root.join("uploads")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        private_folder(&root.join("uploads"))?;
        let tree = Tree::open(root)?;
        snapshot::remove_interrupted(root)?;
        Ok(Self(Arc::new(Inner {
            root: root.to_owned(),
            gate: gate.clone(),
            tree,
            uploads: AtomicU64::new(0),
            damage: Damage::default(),
        })))
    }

    /// Runs blocking work on a blocking thread.
    fn run<'a, T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, ObjectError> + Send + 'static,
    ) -> BoxFuture<'a, Result<T, ObjectError>> {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            spawn_blocking(move || work(&inner))
                .await
                .unwrap_or_else(|error| Err(job_lost(error)))
        })
    }

    /// Opens an object's file and reads its metadata, then lets `work` have both.
    fn open_file<'a, T: Send + 'static>(
        &self,
        bucket: &'a UpstreamBucket,
        key: &'a ObjectKey,
        work: impl FnOnce(OpenFile) -> T + Send + 'static,
    ) -> BoxFuture<'a, Result<T, ObjectError>> {
        // The whole path is resolved at once, so it is inside one bucket.
        let (folders, file) = name::path_of(key.as_str());
        let path = Path::new("buckets")
            .join(bucket.as_str())
            .join(name::join(&folders))
            .join(file);
        let (bucket, key) = (bucket.clone(), key.clone());
        let inner = Arc::clone(&self.0);
        self.run(move |store| {
            let file = match store.tree.file(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    store.bucket(&bucket)?;
                    return Err(ObjectError::NoSuchKey);
                }
                opened => opened.map_err(ObjectError::from),
            };
            let name = footer::Name {
                bucket: bucket.as_str(),
                key: key.as_str(),
            };
            let read = file.and_then(|file| Ok((footer::read(&file, name)?, file)));
            let (footer, file) = read.inspect_err(|error| {
                if matches!(error, ObjectError::Damaged) {
                    store.damage.report(bucket.as_str(), key.as_str());
                }
            })?;
            Ok(work(OpenFile {
                inner,
                bucket,
                key,
                file,
                footer,
            }))
        })
    }
}

impl ObjectStore for EmbeddedObjects {
    fn create_bucket<'a>(
        &'a self,
        bucket: &'a UpstreamBucket,
    ) -> BoxFuture<'a, Result<(), ObjectError>> {
        let name = bucket.to_string();
        self.run(move |inner| {
            let _writing = inner.gate.pass();
            let bucket = inner.tree.make(&["buckets".to_owned(), name])?;
            // An interrupted creation leaves no object. Anything else may belong to another
            // account.
            remove_empty_folders(&bucket, Path::new("")).map_err(bucket_error)
        })
    }

    fn delete_bucket<'a>(
        &'a self,
        bucket: &'a UpstreamBucket,
    ) -> BoxFuture<'a, Result<(), ObjectError>> {
        let name = bucket.clone();
        self.run(move |inner| {
            let _writing = inner.gate.pass();
            let bucket = inner.bucket(&name)?;
            remove_empty_folders(&bucket, Path::new("")).map_err(bucket_error)?;
            inner
                .tree
                .remove_folder(Path::new("buckets"), name.as_str())
                .map_err(bucket_error)
        })
    }

    fn open<'a>(
        &'a self,
        bucket: &'a UpstreamBucket,
        key: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<OpenObject, ObjectError>> {
        self.open_file(bucket, key, move |opened| OpenObject {
            info: opened.footer.info.clone(),
            read: Box::new(move |range| opened.read(range)),
        })
    }

    fn info<'a>(
        &'a self,
        bucket: &'a UpstreamBucket,
        key: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<ObjectInfo, ObjectError>> {
        self.open_file(bucket, key, |opened| opened.footer.info)
    }

    fn put<'a>(
        &'a self,
        bucket: &'a UpstreamBucket,
        key: &'a ObjectKey,
        object: NewObject,
        body: UploadStream,
    ) -> BoxFuture<'a, Result<ObjectInfo, ObjectError>> {
        let name = bucket.clone();
        let (folders, file) = name::path_of(key.as_str());
        Box::pin(async move {
            let inner = Arc::clone(&self.0);
            let begun = self.run(move |store| {
                let bucket = store.bucket(&name)?;
                Upload::begin(inner, bucket)
            });
            let received = upload::receive(begun.await?, body).await?;
            let (bucket, key) = (bucket.clone(), key.clone());
            self.run(move |_| {
                let name = footer::Name {
                    bucket: bucket.as_str(),
                    key: key.as_str(),
                };
                received.end(&object, name, &folders, &file)
            })
            .await
        })
    }

    fn delete<'a>(
        &'a self,
        bucket: &'a UpstreamBucket,
        key: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<(), ObjectError>> {
        let bucket = bucket.clone();
        let (folders, file) = name::path_of(key.as_str());
        self.run(move |inner| {
            let _writing = inner.gate.pass();
            let bucket = inner.bucket(&bucket)?;
            match bucket.remove_file(&name::join(&folders), &file) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                result => result?,
            }
            // Prunes empty folders. An upload that is about to use one creates it again.
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
        bucket: &'a UpstreamBucket,
        query: ListQuery,
    ) -> BoxFuture<'a, Result<ListPage, ObjectError>> {
        let bucket = bucket.clone();
        self.run(move |inner| {
            let tree = inner.bucket(&bucket)?;
            walk::list(&tree, bucket.as_str(), &inner.damage, &query)
        })
    }

    fn damage(&self) -> u64 {
        self.0.damage.count()
    }
}

impl Inner {
    /// Opens a bucket's folder. A call does this once, so that all of it is about one bucket.
    fn bucket(&self, name: &UpstreamBucket) -> Result<Tree, ObjectError> {
        self.tree
            .within(&Path::new("buckets").join(name.as_str()))
            .map_err(bucket_error)
    }

    /// Moves a finished upload to its object's path, whose folders it creates.
    fn place(
        &self,
        upload: &Path,
        bucket: &Tree,
        folders: &[String],
        file: &str,
        replace: bool,
    ) -> Result<(), ObjectError> {
        let _writing = self.gate.pass();
        for _ in 0..MAX_PLACE_ATTEMPTS {
            let placed = bucket
                .make(folders)
                .and_then(|folder| self.tree.commit(upload, &folder, file, replace));
            match placed {
                Ok(()) => return Ok(()),
                // A delete pruned a folder; or the bucket is gone, and nothing can be created in
                // it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => match folders.first() {
                    Some(outermost) => bucket.add(outermost).map_err(bucket_error)?,
                    None => return Err(ObjectError::NoSuchBucket),
                },
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    return Err(ObjectError::AlreadyExists);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(io::Error::from(io::ErrorKind::ResourceBusy).into())
    }
}

/// Removes the empty folders in `path`; fails at the first entry that is not one.
fn remove_empty_folders(bucket: &Tree, path: &Path) -> io::Result<()> {
    for name in bucket.names(path)? {
        if !matches!(name::read(&name), Some(name::Name::Folder(_))) {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        let removed = remove_empty_folders(bucket, &path.join(&name))
            .and_then(|()| bucket.remove_folder(path, &name));
        match removed {
            // The delete of an object pruned it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => result?,
        }
    }
    Ok(())
}

/// Reads a range of a file, one job after another.
fn read(file: File, range: Range<u64>) -> DataStream {
    let file = Arc::new(file);
    let jobs = stream::unfold(range, |rest: Range<u64>| async move {
        let end = rest.end.min(rest.start.saturating_add(JOB_BYTES));
        (!rest.is_empty()).then_some((rest.start..end, end..rest.end))
    });
    let jobs = jobs.map(move |range| {
        let file = Arc::clone(&file);
        let read = spawn_blocking(move || {
            let length = range.end.saturating_sub(range.start);
            let mut buffer = vec![0; usize::try_from(length).unwrap_or_default()];
            file.read_exact_at(&mut buffer, range.start)?;
            Ok(Bytes::from(buffer))
        });
        async move { read.await.unwrap_or_else(|error| Err(job_lost(error))) }
    });
    Box::pin(jobs.buffered(MAX_READ_AHEAD))
}

/// The runtime shut down before a job ended.
fn job_lost(error: JoinError) -> ObjectError {
    io::Error::other(error).into()
}

impl From<io::Error> for ObjectError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::StorageFull {
            Self::Full(error.into())
        } else if error.kind() == io::ErrorKind::InvalidData
            || error.kind() == io::ErrorKind::NotADirectory
        {
            // Something else is in the place of a file or a folder.
            Self::Damaged
        } else {
            Self::Failed(error.into())
        }
    }
}

fn bucket_error(error: io::Error) -> ObjectError {
    if error.kind() == io::ErrorKind::NotFound {
        ObjectError::NoSuchBucket
    } else if error.kind() == io::ErrorKind::DirectoryNotEmpty {
        ObjectError::BucketNotEmpty
    } else {
        error.into()
    }
}

#[cfg(test)]
mod tests;
