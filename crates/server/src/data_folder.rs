//! The data folder: its layout, and the lock that gives it to one process at a time.
//!
//! ```text
//! lock             locked while a server runs; the kernel releases it when the process ends
//! master.key       the key that long-term secrets are sealed under (0600)
//! credentials      root credentials that the first start generated, for AWS clients (0600)
//! server-id        the id that this folder's server has in leases (0600)
//! store/           identity data
//! objects/         the embedded object store
//! objects.memory/  the same, for a server with its identity data in memory: emptied at each start
//! tables/          the embedded DynamoDB
//! tables.memory/   the same, for a server with its identity data in memory
//! audit/           audit.jsonl
//! ```
//!
//! Only the owner can read it.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use crate::{
    identity::entity::ServerId,
    private_files::{lock, private_folder, write_private},
};

/// A data folder, locked by this process.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process uses it.
    #[error("the data in `{0}` is in use by another process")]
    InUse(PathBuf),
    /// A file in it, or the folder itself, cannot be used.
    #[error("using `{path}`")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        #[source]
        source: io::Error,
    },
}

impl DataFolder {
    /// Locks a folder for this process. It is created if it does not exist.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let failed = |source| FolderError::File {
            path: path.to_owned(),
            source,
        };
        private_folder(path).map_err(failed)?;
        match lock(path).map_err(failed)? {
            Some(lock) => Ok(Self {
                path: path.to_owned(),
                _lock: lock,
            }),
            None => Err(FolderError::InUse(path.to_owned())),
        }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of the master key.
    pub fn master_key(&self) -> PathBuf {
        self.path.join("master.key")
    }

    /// The file of generated root credentials.
    pub fn credentials(&self) -> PathBuf {
        self.path.join("credentials")
    }

    /// The id of this folder's server, made of `random` by the first start that asks for it. Since
    /// one process at a time has the folder, whatever has this id and is not this process has
    /// ended. Leave the file out of a copy of the folder that is to be another server of the same
    /// store.
    ///
    /// # Errors
    /// [`FolderError`] if the file cannot be read or written, or contains no id.
    pub fn server_id(&self, random: [u8; 16]) -> Result<ServerId, FolderError> {
        let path = self.path.join("server-id");
        let read_or_make = || match fs::read_to_string(&path) {
            Ok(text) => {
                let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
                text.trim_end().parse().map_err(invalid)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let id = ServerId::new(random);
                write_private(&path, format!("{id}\n").as_bytes())?;
                Ok(id)
            }
            Err(error) => Err(error),
        };
        read_or_make().map_err(|source| FolderError::File {
            path: path.clone(),
            source,
        })
    }

    /// The folder of the store.
    pub fn store(&self) -> PathBuf {
        self.path.join("store")
    }

    /// The folder of the embedded object store.
    pub fn objects(&self) -> PathBuf {
        self.path.join("objects")
    }

    /// The folder of the object store for identity data in memory. It is emptied: the owners of an
    /// earlier server's objects are unknown, and a new bucket of the same name must not contain
    /// them.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn fresh_objects(&self) -> io::Result<PathBuf> {
        emptied(self.path.join("objects.memory"))
    }

    /// The folder of the embedded DynamoDB.
    pub fn tables(&self) -> PathBuf {
        self.path.join("tables")
    }

    /// The folder of the embedded DynamoDB for identity data in memory, emptied for the same reason
    /// as [that of objects](Self::fresh_objects).
    ///
    /// # Errors
    /// Those of the file system.
    pub fn fresh_tables(&self) -> io::Result<PathBuf> {
        emptied(self.path.join("tables.memory"))
    }

    /// The audit file, unless another is configured.
    pub fn audit(&self) -> PathBuf {
        self.path.join("audit").join("audit.jsonl")
    }
}

fn emptied(path: PathBuf) -> io::Result<PathBuf> {
    match fs::remove_dir_all(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(path),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn a_folder_is_private_and_locked_by_one_process() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a/b");
        let open = DataFolder::open(&path).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&path.join("lock")), 0o600);
        let second = DataFolder::open(&path);
        assert!(matches!(second, Err(FolderError::InUse(_))), "{second:?}");
        drop(open);
        DataFolder::open(&path).unwrap();
    }

    #[test]
    fn a_folder_keeps_its_server_id() {
        let home = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(home.path()).unwrap();
        let id = folder.server_id([1; 16]).unwrap();
        assert_eq!(id, ServerId::new([1; 16]));
        assert_eq!(folder.server_id([2; 16]).unwrap(), id);
        let file = home.path().join("server-id");
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        fs::write(&file, "").unwrap();
        let error = folder.server_id([1; 16]).unwrap_err();
        insta::assert_snapshot!(
            std::error::Error::source(&error).unwrap(),
            @"server id is not 32 lower case hexadecimal digits"
        );
    }
}
