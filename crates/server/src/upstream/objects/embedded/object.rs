//! One object: its file, and its row in the index.

use std::{fs::File, io, ops::Range, os::unix::fs::FileExt as _, path::Path, sync::Arc};

use bowline_aws::s3::ObjectKey;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tokio::task::spawn_blocking;

use super::{
    Inner, JOB_BYTES, bucket_error,
    damage::Fault,
    footer::{self, Footer},
    index::row::{Agreement, Row, Stamp},
    job_lost, name,
    tree::Tree,
    verify,
};
use crate::{
    identity::entity::UpstreamBucket,
    upstream::objects::{DataStream, ObjectError},
};

/// Jobs of a download whose data the client has not taken yet.
const MAX_READ_AHEAD: usize = 2;
/// How often an upload creates its folders again because a delete pruned them.
const MAX_PLACE_ATTEMPTS: usize = 64;

/// Where an upload goes.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) bucket: &'a Tree,
    pub(super) folders: &'a [String],
    pub(super) file: &'a str,
    /// Whether it may replace an object.
    pub(super) replace: bool,
}

/// The file of an object.
pub(super) struct OpenFile {
    inner: Arc<Inner>,
    bucket: UpstreamBucket,
    key: ObjectKey,
    file: File,
    pub(super) footer: Footer,
}

impl OpenFile {
    /// Reads a range of the data. All of it is compared with its checksum.
    pub(super) fn read(self, range: Range<u64>) -> DataStream {
        let length = self.footer.info.length;
        let whole = range == (0..length);
        let data = read(self.file, range);
        let Some(expected) = self.footer.data_checksum.filter(|_| whole) else {
            return data;
        };
        verify::verified(data, length, expected, move || {
            let damage = &self.inner.damage;
            damage.report(self.bucket.as_str(), self.key.as_str(), Fault::Content);
        })
    }
}

impl Inner {
    /// Opens an object's file, and compares it with its row. `None` if they differ, since a writer
    /// may be between the two. With the lock of the key, a difference is damage, or a row that a
    /// crash lost, which is written anew.
    pub(super) fn look(
        self: &Arc<Self>,
        bucket: &UpstreamBucket,
        key: &ObjectKey,
        is_locked: bool,
    ) -> Result<Option<OpenFile>, ObjectError> {
        let name = footer::Name {
            bucket: bucket.as_str(),
            key: key.as_str(),
        };
        let damaged = |fault| {
            self.damage.report(name.bucket, name.key, fault);
            ObjectError::Damaged
        };
        let row = || match self.index.rows().get(name.bucket, name.key) {
            Err(ObjectError::Damaged) => Err(damaged(Fault::Row)),
            row => row,
        };
        // The whole path is resolved at once, so it is inside one bucket.
        let path = Path::new("buckets").join(name::object_path(name.bucket, name.key));
        let file = match self.tree.file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.bucket(bucket)?;
                return match row()? {
                    None => Err(ObjectError::NoSuchKey),
                    Some(_) if is_locked => Err(damaged(Fault::Missing)),
                    Some(_) => Ok(None),
                };
            }
            opened => opened.map_err(ObjectError::from),
        };
        let read = file.and_then(|file| Ok((footer::read(&file, name)?, file)));
        let (footer, file) = match read {
            Err(ObjectError::Damaged) => return Err(damaged(Fault::Content)),
            read => read?,
        };
        match row()?.map_or(Agreement::Newer, |row| row.compare(&footer)) {
            Agreement::Same => {}
            Agreement::Newer if is_locked => {
                let _writing = self.gate.pass();
                let row = Row::new(&footer.info, footer.generation, Stamp::read(&file)?);
                self.index.put(name.bucket, name.key, row)?;
            }
            Agreement::Older if is_locked => return Err(damaged(Fault::Older)),
            Agreement::Newer | Agreement::Older => return Ok(None),
        }
        Ok(Some(OpenFile {
            inner: Arc::clone(self),
            bucket: bucket.clone(),
            key: key.clone(),
            file,
            footer,
        }))
    }

    /// Deletes an object: its row, then its file. The caller has the lock of the key.
    pub(super) fn remove(
        &self,
        bucket: &UpstreamBucket,
        key: &ObjectKey,
    ) -> Result<(), ObjectError> {
        let _writing = self.gate.pass();
        self.note(bucket.as_str(), key.as_str());
        let tree = self.bucket(bucket)?;
        match self.index.rows().get(bucket.as_str(), key.as_str()) {
            Ok(None) => {}
            Ok(Some(_)) | Err(ObjectError::Damaged) => {
                self.index.delete(bucket.as_str(), key.as_str())?;
            }
            Err(error) => return Err(error),
        }
        let (folders, file) = name::path_of(key.as_str());
        match tree.remove_file(&name::join(&folders), &file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            result => result?,
        }
        // Prunes empty folders. An upload that is about to use one creates it again.
        let mut rest = folders.as_slice();
        while let Some((last, parents)) = rest.split_last() {
            if tree.remove_folder(&name::join(parents), last).is_err() {
                break;
            }
            rest = parents;
        }
        Ok(())
    }

    /// Moves a finished upload to its object's path, whose folders it creates, and commits its row.
    pub(super) fn place(
        &self,
        upload: &Path,
        place: Place<'_>,
        name: footer::Name<'_>,
        row: Row,
    ) -> Result<(), ObjectError> {
        let _writing = self.gate.pass();
        // An object that has lost its file exists.
        if !place.replace && matches!(self.index.rows().get(name.bucket, name.key), Ok(Some(_))) {
            return Err(ObjectError::AlreadyExists);
        }
        self.note(name.bucket, name.key);
        self.move_to(upload, place)?;
        self.index.put(name.bucket, name.key, row)
    }

    fn move_to(&self, upload: &Path, place: Place<'_>) -> Result<(), ObjectError> {
        let Place {
            bucket,
            folders,
            file,
            replace,
        } = place;
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
