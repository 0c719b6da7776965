//! Restores a backup into an empty data folder.
//!
//! The folder is refused by every start until the restore is complete. The store gets the revision
//! of the backup, and a file of the last acknowledged revision that begins there: what the server
//! acknowledged after the backup is given up knowingly.

use std::{
    fs::File,
    io::{self, Read, Write as _},
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use super::{
    PIECE_BYTES,
    entry::{Entry, FORMAT, MAX_HEADER_BYTES, Manifest},
    seal::{OpenBackupError, Opener},
};
use crate::{
    config::Config,
    crypto::master_key::MasterKey,
    data_folder::{DataFolder, FolderError},
    identity::store::{RecordKey, Revision, Snapshot, SqliteStore, StoredRecord},
    private_files::{private_file, private_folder},
    server::StartError,
    upstream::objects::embedded::check::rebuild_index,
};

/// Most bytes of a record: no transaction has a larger one.
const MAX_RECORD_BYTES: u64 = 16 << 20;

/// Why a backup was not restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The folder or the key cannot be used.
    #[error(transparent)]
    Start(#[from] StartError),
    /// There is no master key to open the backup with.
    #[error("a backup opens only with the master key of its server, and there is none")]
    NoMasterKey,
    /// The backup does not open.
    #[error("opening the backup")]
    Open(#[from] OpenBackupError),
    /// A newer version wrote it.
    #[error("the backup has format {0}, this version of bowline reads {FORMAT}")]
    NewerFormat(u32),
    /// Its content is not what a server writes.
    #[error("the content of the backup is invalid: {0}")]
    Content(String),
    /// A file cannot be written.
    #[error("writing `{path}`")]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        #[source]
        source: io::Error,
    },
}

impl From<FolderError> for RestoreError {
    fn from(error: FolderError) -> Self {
        Self::Start(error.into())
    }
}

/// Restores a backup into the data folder, which has at most a master key and a configuration.
/// `progress` gets the number of bytes of the backup that were read.
///
/// # Errors
/// [`RestoreError`]. The folder is refused by every start then.
pub fn restore(
    config: Config,
    input: impl Read,
    mut progress: impl FnMut(u64),
) -> Result<Manifest, RestoreError> {
    let folder = DataFolder::create(&config.data)?;
    folder.check_permissions(config.permissions)?;
    let path = folder.master_key();
    let master_key = match config.master_key {
        Some(key) => key,
        None if path.exists() => {
            MasterKey::read(&path, config.permissions).map_err(StartError::from)?
        }
        None => return Err(RestoreError::NoMasterKey),
    };
    // Before anything is written: most often another key is at fault.
    let mut opener = Opener::new(&master_key, input)?;
    let manifest = match read_entry(&mut opener)? {
        Entry::Manifest(manifest) if manifest.format <= FORMAT => manifest,
        Entry::Manifest(manifest) => return Err(RestoreError::NewerFormat(manifest.format)),
        Entry::Record { .. } | Entry::File { .. } | Entry::End => {
            return Err(RestoreError::Content(
                "it does not begin with a manifest".to_owned(),
            ));
        }
    };
    folder.begin_restore()?;
    let mut snapshot = Snapshot {
        revision: Revision::from_number(manifest.revision),
        records: Vec::new(),
    };
    loop {
        progress(opener.bytes);
        match read_entry(&mut opener)? {
            Entry::Record {
                key,
                revision,
                length,
            } => snapshot
                .records
                .push(read_record(&mut opener, &key, revision, length)?),
            Entry::File { path, length } => {
                write_file(&mut opener, folder.path(), &path, length, &mut progress)?;
            }
            Entry::End => break,
            Entry::Manifest(_) => {
                return Err(RestoreError::Content("it has two manifests".to_owned()));
            }
        }
    }
    opener.end()?;
    if snapshot.records.len() as u64 != manifest.records {
        return Err(RestoreError::Content("records are missing".to_owned()));
    }
    let store = SqliteStore::restore(&folder.store(), &folder.store_revision(), &snapshot);
    drop(store.map_err(StartError::from)?);
    // A backup has the objects and not their index.
    rebuild_index(&folder.objects()).map_err(StartError::Objects)?;
    folder.complete_restore()?;
    Ok(manifest)
}

fn read_entry(opener: &mut Opener<'_, impl Read>) -> Result<Entry, RestoreError> {
    let mut length = [0; 4];
    opener.fill(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_HEADER_BYTES {
        return Err(RestoreError::Content("an entry is too long".to_owned()));
    }
    let mut json = vec![0; length];
    opener.fill(&mut json)?;
    serde_json::from_slice(&json).map_err(|error| RestoreError::Content(error.to_string()))
}

fn read_record(
    opener: &mut Opener<'_, impl Read>,
    key: &str,
    revision: u64,
    length: u64,
) -> Result<StoredRecord, RestoreError> {
    let length = usize::try_from(length)
        .ok()
        .filter(|_| length <= MAX_RECORD_BYTES);
    let length = length.ok_or_else(|| RestoreError::Content("a record is too long".to_owned()))?;
    let mut value = vec![0; length];
    opener.fill(&mut value)?;
    Ok(StoredRecord {
        key: RecordKey::from_stored(key),
        value: Arc::from(value),
        revision: Revision::from_number(revision),
    })
}

/// Writes a file below the data folder, in a folder that the server makes.
fn write_file(
    opener: &mut Opener<'_, impl Read>,
    root: &Path,
    path: &str,
    length: u64,
    progress: &mut impl FnMut(u64),
) -> Result<(), RestoreError> {
    let relative = Path::new(path);
    let is_inside = relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let is_known =
        path == "server-id" || path.starts_with("tables/") || path.starts_with("objects/buckets/");
    if !is_inside || !is_known {
        return Err(RestoreError::Content(format!(
            "a file would be written to `{}`",
            path.escape_debug()
        )));
    }
    let target = root.join(relative);
    let failed = |source| RestoreError::File {
        path: target.clone(),
        source,
    };
    if let Some(parent) = target.parent() {
        private_folder(parent).map_err(failed)?;
    }
    let mut file: File = private_file(&target, true).map_err(failed)?;
    let mut buffer = vec![0; PIECE_BYTES];
    let mut rest = length;
    while rest > 0 {
        let size = usize::try_from(rest).unwrap_or(usize::MAX).min(PIECE_BYTES);
        let piece = buffer.get_mut(..size).unwrap_or_default();
        opener.fill(piece)?;
        file.write_all(piece).map_err(failed)?;
        rest -= size as u64;
        progress(opener.bytes);
    }
    Ok(())
}
