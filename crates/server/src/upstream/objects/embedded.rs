//! The embedded object store: files in a folder.
//!
//! Keys map one to one to paths (`name.rs`). Data and metadata are one file (`footer.rs`), written
//! aside, synced and renamed into place, so that a crash leaves the old object or the new one. A
//! bucket is a folder named by the store's name of it, which no later bucket gets. An upload keeps
//! the folder of its bucket open: it completes in that folder, or it fails. Data streams, so memory
//! does not grow with objects. One process at a time uses a folder; the caller locks it.
//!
//! The index (`index.rs`) has a row for each object. Listings come from it, and a file that is missing
//! or older than its row is damage.
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
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, atomic::AtomicU64},
};

use bowline_aws::s3::ObjectKey;
use tokio::task::{JoinError, spawn_blocking};

use super::{
    ListPage, ListQuery, NewObject, ObjectError, ObjectInfo, ObjectStore, OpenObject, UploadStream,
};
use crate::{
    identity::entity::UpstreamBucket, private_files::private_folder, upstream::BoxFuture,
    write_gate::WriteGate,
};

pub(crate) mod check;
mod damage;
mod footer;
mod index;
mod key_locks;
mod list;
mod name;
mod object;
mod reconcile;
pub(crate) mod snapshot;
mod tree;
mod upload;
mod verify;

use damage::Damage;
pub use index::IndexError;
use index::ObjectIndex;
use key_locks::KeyLocks;
use object::OpenFile;
use reconcile::{Accepts, reconcile};
use tree::Tree;
use upload::Upload;

/// Bytes read or written by one job.
const JOB_BYTES: u64 = 64 << 10;

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
    locks: KeyLocks,
    /// While a snapshot begins, the keys that are written: bucket and key.
    written: Mutex<Option<BTreeSet<(String, String)>>>,
    index: ObjectIndex,
}

/// Why a store is not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenObjectsError {
    /// A folder or a file cannot be read.
    #[error(transparent)]
    File(#[from] io::Error),
    /// The index cannot be used.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// Objects cannot be compared with the index.
    #[error("comparing objects with their index")]
    Store(#[source] ObjectError),
}

impl EmbeddedObjects {
    /// Opens the store in `root`. Creates the folder if it is missing, removes the uploads that a
    /// crash interrupted, and completes the index.
    ///
    /// # Errors
    /// [`OpenObjectsError`].
    pub fn open(root: &Path) -> Result<Self, OpenObjectsError> {
        Self::behind(root, &WriteGate::default())
    }

    /// The same. Writes pass this gate.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) fn behind(root: &Path, gate: &WriteGate) -> Result<Self, OpenObjectsError> {
        private_folder(&root.join("buckets"))?;
        match std::fs::remove_dir_all(root.join("uploads")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
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
            locks: KeyLocks::default(),
            written: Mutex::default(),
            index: open_index(root)?,
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
        &'a self,
        bucket: &'a UpstreamBucket,
        key: &'a ObjectKey,
        work: impl FnOnce(OpenFile) -> T + Send + 'static,
    ) -> BoxFuture<'a, Result<T, ObjectError>> {
        // A job that is ready to be moved to a blocking thread.
        let job = || {
            let (inner, bucket, key) = (Arc::clone(&self.0), bucket.clone(), key.clone());
            move |is_locked| inner.look(&bucket, &key, is_locked)
        };
        let (first, again) = (job(), job());
        let first = self.run(move |_| {
            Ok(match first(false)? {
                Some(file) => Ok(work(file)),
                None => Err(work),
            })
        });
        Box::pin(async move {
            let work = match first.await? {
                Ok(done) => return Ok(done),
                Err(work) => work,
            };
            // No writer of the key is between its file and its row then.
            let lock = self.0.locks.lock(bucket.as_str(), key.as_str()).await;
            self.run(move |_| {
                let _lock = lock;
                again(true)?.map(work).ok_or(ObjectError::Damaged)
            })
            .await
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
            inner.refuse_objects(&name)?;
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
            inner.refuse_objects(name.as_str())?;
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
            let lock = self.0.locks.lock(bucket.as_str(), key.as_str()).await;
            let (bucket, key) = (bucket.clone(), key.clone());
            self.run(move |_| {
                let _lock = lock;
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
        Box::pin(async move {
            let lock = self.0.locks.lock(bucket.as_str(), key.as_str()).await;
            let (bucket, key) = (bucket.clone(), key.clone());
            self.run(move |inner| {
                let _lock = lock;
                inner.remove(&bucket, &key)
            })
            .await
        })
    }

    fn list<'a>(
        &'a self,
        bucket: &'a UpstreamBucket,
        query: ListQuery,
    ) -> BoxFuture<'a, Result<ListPage, ObjectError>> {
        let bucket = bucket.clone();
        self.run(move |inner| {
            // A bucket that has lost its folder is not an empty one.
            inner.bucket(&bucket)?;
            list::list(inner.index.rows(), bucket.as_str(), &inner.damage, &query)
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

    /// Whether a bucket has objects, also such that have lost their files.
    fn refuse_objects(&self, bucket: &str) -> Result<(), ObjectError> {
        if self.index.rows().has_any(bucket)? {
            return Err(ObjectError::BucketNotEmpty);
        }
        Ok(())
    }
}

/// Opens the index, and makes the rows that it lacks.
fn open_index(root: &Path) -> Result<ObjectIndex, OpenObjectsError> {
    let opened = ObjectIndex::open(root)?;
    if opened.is_behind {
        let accepts = if opened.is_new {
            Accepts::Earlier
        } else {
            Accepts::All
        };
        if let Err(error) = reconcile(root, &opened.index, accepts) {
            drop(opened.index);
            if opened.is_new {
                // Nothing was in it, and the next start must not take it for one.
                ObjectIndex::remove(root)?;
            }
            return Err(error);
        }
        opened.index.complete()?;
    }
    Ok(opened.index)
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
