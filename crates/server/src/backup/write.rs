//! Writes a backup of a running server.

use std::{
    fs::File,
    io::{self, Read as _},
    path::PathBuf,
    sync::Arc,
};

use aws_lc_rs::rand::{self};
use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::{
    ID_BYTES, PIECE_BYTES,
    entry::Entry,
    seal::Sealer,
    snapshot::{Everything, Stores},
};
use crate::{
    crypto::{master_key::MasterKey, seal::SealError},
    http::response::BoxError,
    identity::{
        entity::ServerId,
        store::{Store, StoreError},
    },
    upstream::objects::ObjectError,
};

/// Frames that wait for the client.
const MAX_WAITING_FRAMES: usize = 2;

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackupError {
    /// Another one is being written.
    #[error("another backup is being written")]
    Running,
    /// Identity data cannot be read.
    #[error("reading identity data")]
    Identity(#[source] StoreError),
    /// Objects cannot be read.
    #[error("reading objects")]
    Objects(#[source] io::Error),
    /// An object is damaged.
    #[error("the object in `objects/buckets/{path}` cannot be backed up")]
    Object {
        path: String,
        #[source]
        source: ObjectError,
    },
    /// A table database cannot be read.
    #[error("reading tables")]
    Tables(#[source] BoxError),
    /// No randomness.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// An entry cannot be written.
    #[error("writing the backup")]
    Write(#[source] BoxError),
    /// The client went away.
    #[error("the client ended the connection")]
    Gone,
}

impl From<io::Error> for BackupError {
    fn from(error: io::Error) -> Self {
        Self::Objects(error)
    }
}

/// What backups are made of. Clones are one source.
#[derive(Clone, Debug)]
pub(crate) struct BackupSource {
    pub(crate) stores: Stores,
    /// The audit file, if there is one.
    pub(crate) audit: Option<PathBuf>,
    pub(crate) server: ServerId,
    running: Arc<Semaphore>,
}

/// A backup that is being written.
pub(crate) struct RunningBackup {
    /// About how many bytes it has.
    pub(crate) bytes: u64,
    /// Its bytes. An error is the last.
    pub(crate) frames: mpsc::Receiver<Result<Bytes, BoxError>>,
}

impl BackupSource {
    pub(crate) fn new(stores: Stores, audit: Option<PathBuf>, server: ServerId) -> Self {
        Self {
            stores,
            audit,
            server,
            running: Arc::new(Semaphore::new(1)),
        }
    }
}

/// Takes a snapshot, and starts to write it.
///
/// # Errors
/// [`BackupError`], before the first byte.
pub(crate) async fn start(
    source: &BackupSource,
    identity: Arc<dyn Store>,
    master_key: Arc<MasterKey>,
    now: Timestamp,
) -> Result<RunningBackup, BackupError> {
    let running = Arc::clone(&source.running);
    let running = running
        .try_acquire_owned()
        .map_err(|_| BackupError::Running)?;
    let mut id = [0; ID_BYTES];
    rand::fill(&mut id).map_err(|_| SealError)?;
    let (stores, audit) = (source.stores.clone(), source.audit.clone());
    let taken = tokio::task::spawn_blocking(move || {
        Everything::take(&stores, &*identity, audit.as_deref(), now)
    });
    let everything = taken
        .await
        .map_err(|error| BackupError::Write(error.into()))??;
    let bytes = everything.bytes();
    let (sender, frames) = mpsc::channel(MAX_WAITING_FRAMES);
    let server = source.server;
    // A client takes its time, so this is not one of the threads that requests share.
    std::thread::Builder::new()
        .name("backup".into())
        .spawn(move || write(everything, server, &master_key, id, &sender, running))
        .map_err(|error| BackupError::Write(error.into()))?;
    Ok(RunningBackup { bytes, frames })
}

fn write(
    everything: Everything,
    server: ServerId,
    master_key: &MasterKey,
    id: [u8; ID_BYTES],
    sender: &mpsc::Sender<Result<Bytes, BoxError>>,
    running: OwnedSemaphorePermit,
) {
    let mut writer = Writer {
        sealer: Sealer::new(master_key, id),
        sender,
    };
    match writer
        .everything(everything, server)
        .and_then(|()| writer.end())
    {
        Ok(()) => tracing::info!("A backup was written"),
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(cause, "A backup was not written: {error}");
            // Without its last frame the backup is recognized as cut.
            let _ = sender.blocking_send(Err(error.into()));
        }
    }
    drop(running);
}

struct Writer<'w> {
    sealer: Sealer<'w>,
    sender: &'w mpsc::Sender<Result<Bytes, BoxError>>,
}

impl Writer<'_> {
    fn everything(&mut self, everything: Everything, server: ServerId) -> Result<(), BackupError> {
        self.send(self.sealer.start())?;
        let Everything {
            manifest,
            identity,
            objects,
            tables,
        } = everything;
        self.entry(&Entry::Manifest(manifest))?;
        let server_id = format!("{server}\n");
        self.file("server-id", server_id.len() as u64)?;
        self.add(server_id.as_bytes())?;
        for record in &identity.records {
            self.entry(&Entry::Record {
                key: record.key.as_str().to_owned(),
                revision: record.revision.number(),
                length: record.value.len() as u64,
            })?;
            self.add(&record.value)?;
        }
        drop(identity);
        for table in tables {
            let name = table.name.clone();
            let copy = table.copy().map_err(BackupError::Tables)?;
            let mut file = crate::private_files::private_file(&copy.0, false)?;
            self.file(&format!("tables/{name}"), file.metadata()?.len())?;
            self.content(&mut file)?;
        }
        objects.visit(|path, file| {
            let length = file.length()?;
            self.file(&format!("objects/{path}"), length)?;
            let mut failed = None;
            let read = file.read(false, |piece| {
                self.add(piece).map_err(|error| {
                    failed = Some(error);
                    ObjectError::Damaged
                })
            });
            match (read, failed) {
                (_, Some(error)) => Err(error),
                (Err(source), None) => {
                    let path = file.path().to_owned();
                    Err(BackupError::Object { path, source })
                }
                (Ok(()), None) => Ok(()),
            }
        })?;
        self.entry(&Entry::End)
    }

    fn entry(&mut self, entry: &Entry) -> Result<(), BackupError> {
        let bytes = entry.to_bytes();
        let bytes = bytes.map_err(|error| BackupError::Write(error.into()))?;
        self.add(&bytes)
    }

    fn file(&mut self, path: &str, length: u64) -> Result<(), BackupError> {
        let path = path.to_owned();
        self.entry(&Entry::File { path, length })
    }

    fn content(&mut self, file: &mut File) -> Result<(), BackupError> {
        let mut buffer = vec![0; PIECE_BYTES];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(()),
                read => self.add(buffer.get(..read).unwrap_or_default())?,
            }
        }
    }

    fn add(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        let sender = self.sender;
        self.sealer.add(bytes, |frame| send(sender, frame))
    }

    fn send(&self, bytes: Vec<u8>) -> Result<(), BackupError> {
        send(self.sender, bytes)
    }

    fn end(self) -> Result<(), BackupError> {
        let last = self.sealer.end()?;
        send(self.sender, last)
    }
}

fn send(sender: &mpsc::Sender<Result<Bytes, BoxError>>, bytes: Vec<u8>) -> Result<(), BackupError> {
    let sent = sender.blocking_send(Ok(bytes.into()));
    sent.map_err(|_| BackupError::Gone)
}
