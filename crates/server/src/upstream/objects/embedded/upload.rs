//! Uploads: a file in a folder of its own, renamed to its object's path once it is complete.

use std::{
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
};

use futures_util::StreamExt as _;
use md5::{Digest as _, Md5};
use tokio::task::{JoinHandle, spawn_blocking};

use super::{
    Inner, JOB_BYTES, footer,
    index::row::{Row, Stamp},
    job_lost,
    object::Place,
    tree::Tree,
};
use crate::{
    checksum::Crc64,
    upstream::objects::{
        ETag, NewObject, ObjectChecksum, ObjectError, ObjectInfo, Piece, UploadStream,
    },
};

/// The folder of unfinished uploads.
const UPLOADS: &str = "uploads";

/// An unfinished upload. Dropping it removes its file.
#[derive(Debug)]
pub(super) struct Upload {
    inner: Arc<Inner>,
    /// The bucket's folder, opened when the upload began.
    bucket: Tree,
    /// The name of its file in [`UPLOADS`].
    name: String,
    file: File,
    md5: Md5,
    crc: Box<Crc64>,
    length: u64,
}

/// An upload whose body is complete.
#[derive(Debug)]
pub(super) struct Received {
    upload: Upload,
    /// The data that is not written yet.
    rest: Vec<u8>,
    checksum: Option<ObjectChecksum>,
}

/// Whether a job is writing an upload.
enum Writer {
    Idle(Upload),
    Busy(JoinHandle<Result<Upload, ObjectError>>),
}

/// Receives a body. It writes one buffer while it receives the next, so a slow client costs memory
/// for two and no thread.
///
/// # Errors
/// [`ObjectError::Body`] if the body is rejected, and errors of the file system. The upload's file
/// is removed then.
pub(super) async fn receive(
    upload: Upload,
    mut body: UploadStream,
) -> Result<Received, ObjectError> {
    let mut writer = Writer::Idle(upload);
    // Copied together, so that single bytes neither cost a job each nor keep the buffer alive that
    // they arrived in.
    let mut gathered = Vec::new();
    let failure = loop {
        match body.next().await {
            Some(Ok(Piece::Data(data))) => gathered.extend_from_slice(&data),
            Some(Ok(Piece::End { checksum })) => {
                return Ok(Received {
                    upload: writer.ready().await?,
                    rest: gathered,
                    checksum,
                });
            }
            Some(Err(error)) => break ObjectError::Body(error),
            // The client went away.
            None => break io::Error::from(io::ErrorKind::UnexpectedEof).into(),
        }
        if gathered.len() as u64 >= JOB_BYTES {
            let mut upload = writer.ready().await?;
            let piece = std::mem::take(&mut gathered);
            writer = Writer::Busy(spawn_blocking(move || {
                upload.write(&piece)?;
                Ok(upload)
            }));
        }
    };
    let upload = writer.ready().await;
    // Removing the file blocks too. If the runtime shuts down first, the next start removes it.
    let _ = spawn_blocking(move || drop(upload)).await;
    Err(failure)
}

impl Writer {
    /// The upload, once no job writes it.
    async fn ready(self) -> Result<Upload, ObjectError> {
        match self {
            Self::Idle(upload) => Ok(upload),
            Self::Busy(job) => job.await.unwrap_or_else(|error| Err(job_lost(error))),
        }
    }
}

impl Upload {
    /// Begins an upload to this bucket.
    pub(super) fn begin(inner: Arc<Inner>, bucket: Tree) -> Result<Self, ObjectError> {
        let number = inner.uploads.fetch_add(1, Ordering::Relaxed);
        let name = number.to_string();
        let file = inner.tree.new_file(&path(&name))?;
        Ok(Self {
            inner,
            bucket,
            name,
            file,
            md5: Md5::new(),
            crc: Box::new(Crc64::new()),
            length: 0,
        })
    }

    fn write(&mut self, piece: &[u8]) -> Result<(), ObjectError> {
        self.file.write_all(piece)?;
        self.md5.update(piece);
        self.crc.update(piece);
        self.length += piece.len() as u64;
        Ok(())
    }
}

impl Received {
    /// Writes the rest and the metadata, moves the file to the object's path, and commits its row.
    /// The caller has the lock of the key.
    ///
    /// # Errors
    /// Errors of the file system; [`ObjectError::AlreadyExists`] if an object must not be replaced;
    /// [`ObjectError::NoSuchBucket`] if the bucket is gone.
    pub(super) fn end(
        self,
        object: &NewObject,
        name: footer::Name<'_>,
        folders: &[String],
        file: &str,
    ) -> Result<ObjectInfo, ObjectError> {
        let mut upload = self.upload;
        upload.write(&self.rest)?;
        let info = ObjectInfo {
            length: upload.length,
            etag: ETag::new(format!("{:x}", std::mem::take(&mut upload.md5).finalize())),
            modified: object.modified,
            headers: object.headers.clone(),
            user: object.user.clone(),
            checksum: self.checksum,
        };
        let generation = upload.inner.index.next_generation();
        let crc = upload.crc.value();
        footer::write(&mut upload.file, name, &info, crc, generation)?;
        upload.file.sync_all()?;
        let row = Row::new(&info, generation, Stamp::read(&upload.file)?);
        let (from, replace) = (path(&upload.name), !object.only_if_absent);
        let place = Place {
            bucket: &upload.bucket,
            folders,
            file,
            replace,
        };
        upload.inner.place(&from, place, name, row)?;
        Ok(info)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // Does nothing once the file was moved.
        let _ = self.inner.tree.remove_file(Path::new(UPLOADS), &self.name);
    }
}

/// The path of an upload's file, relative to the store's folder.
fn path(name: &str) -> PathBuf {
    Path::new(UPLOADS).join(name)
}
