//! An upload: a file beside all others, until it is whole and gets its name.

use std::{
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
};

use futures_util::StreamExt as _;
use md5::{Digest as _, Md5};
use tokio::task::{JoinHandle, spawn_blocking};

use super::{CHUNK, Inner, footer, lost, tree::Tree};
use crate::upstream::objects::{NewObject, ObjectError, ObjectInfo, Piece, PutStream};

/// Where uploads are until they end.
const UPLOADS: &str = "uploads";

/// An upload that has begun. Dropped before its end, it leaves nothing.
#[derive(Debug)]
pub(super) struct Upload {
    inner: Arc<Inner>,
    /// The folder that it is for, as it was when it began.
    bucket: Tree,
    /// Its name among uploads.
    name: String,
    file: File,
    md5: Md5,
    length: u64,
}

/// An upload whose body has ended well.
#[derive(Debug)]
pub(super) struct Received {
    upload: Upload,
    /// What of it is not written yet.
    rest: Vec<u8>,
    checksum: Option<(String, String)>,
}

/// Who writes an upload: nobody at the moment, or a job.
enum Writer {
    Idle(Upload),
    Busy(JoinHandle<Result<Upload, ObjectError>>),
}

/// Takes in a body. While one piece is written the next one comes. A client that is slow takes memory for two, and no thread.
///
/// # Errors
/// [`ObjectError::Body`] if the body is refused, and what writing fails with. Then nothing is left of the upload.
pub(super) async fn receive(upload: Upload, mut body: PutStream) -> Result<Received, ObjectError> {
    let mut writer = Writer::Idle(upload);
    // Copied together, so that bytes that come one by one do not cost a job each, nor each hold the buffer that they came in.
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
            // Whoever sent it went away.
            None => break io::Error::from(io::ErrorKind::UnexpectedEof).into(),
        }
        if gathered.len() as u64 >= CHUNK {
            let mut upload = writer.ready().await?;
            let piece = std::mem::take(&mut gathered);
            writer = Writer::Busy(spawn_blocking(move || {
                upload.write(&piece)?;
                Ok(upload)
            }));
        }
    };
    let upload = writer.ready().await;
    // Removing it is work for a thread as well; if the runtime ends before that, the next start does it.
    let _ = spawn_blocking(move || drop(upload)).await;
    Err(failure)
}

impl Writer {
    /// The upload, once nobody writes it.
    async fn ready(self) -> Result<Upload, ObjectError> {
        match self {
            Self::Idle(upload) => Ok(upload),
            Self::Busy(job) => job.await.unwrap_or_else(|error| Err(lost(error))),
        }
    }
}

impl Upload {
    /// Begins an upload into this bucket.
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
            length: 0,
        })
    }

    fn write(&mut self, piece: &[u8]) -> Result<(), ObjectError> {
        self.file.write_all(piece)?;
        self.md5.update(piece);
        self.length += piece.len() as u64;
        Ok(())
    }
}

impl Received {
    /// Writes what is missing, and gives the file its place.
    ///
    /// # Errors
    /// What the file system fails with; `Exists` if there is an object that is to stay; `NoSuchBucket` if the bucket is gone.
    pub(super) fn end(
        self,
        object: &NewObject,
        folders: &[String],
        file: &str,
    ) -> Result<ObjectInfo, ObjectError> {
        let mut upload = self.upload;
        upload.write(&self.rest)?;
        let info = ObjectInfo {
            length: upload.length,
            etag: format!("{:x}", std::mem::take(&mut upload.md5).finalize()),
            modified: object.modified,
            headers: object.headers.clone(),
            user: object.user.clone(),
            checksum: self.checksum,
        };
        footer::write(&mut upload.file, &info)?;
        upload.file.sync_all()?;
        let (from, replace) = (path(&upload.name), !object.only_if_absent);
        upload
            .inner
            .place(&from, &upload.bucket, folders, file, replace)?;
        Ok(info)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // One that has got its place is not here any more.
        let _ = self.inner.tree.remove_file(Path::new(UPLOADS), &self.name);
    }
}

/// Where an upload of this name is, in the store's folder.
fn path(name: &str) -> PathBuf {
    Path::new(UPLOADS).join(name)
}
