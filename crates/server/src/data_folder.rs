//! The data folder: its layout, and the lock that gives it to one process at a time.
//!
//! ```text
//! lock                locked while a server runs; the kernel releases it when the process ends
//! initializing        exists until the first start is complete
//! restoring           exists until the restore of a backup is complete
//! master.key          the key that long-term secrets are sealed under (0600)
//! credentials         root credentials that the first start generated, for AWS clients (0600)
//! server-id           the id that this folder's server has in leases (0600)
//! store/              identity data
//! store-revision      the last acknowledged revision of the store
//! objects/            the embedded object store
//! tables/             the embedded DynamoDB
//! audit/              audit.jsonl
//!
//! credentials.memory  the same, for a server with its identity data in memory
//! objects.memory/     emptied at each start of such a server
//! tables.memory/      likewise
//! ```
//!
//! Only the owner can read it. A new server is made only in a folder without any of the files of
//! one ([`DataFolder::state`]): a folder that has lost its store is refused, not filled again.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use crate::{
    identity::entity::ServerId,
    private_files::{lock, private_folder, sync_folder, write_private},
    trusted_files::{PermissionChecks, TrustError, check_folder},
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
    /// Other users can read or change it.
    #[error("the data folder is not safe")]
    Permissions(#[from] TrustError),
    /// There is no server in it, and this start may not make one.
    #[error("there is no server in `{0}`")]
    NoServer(PathBuf),
    /// It has files of a server, but not the store of identity data.
    #[error("`{folder}` has `{found}` of a server, and no `{missing}`")]
    Incomplete {
        /// The folder.
        folder: PathBuf,
        /// What it has.
        found: &'static str,
        /// What it lacks.
        missing: &'static str,
    },
    /// It has other files than those that may be there before a restore.
    #[error("`{0}` is not empty")]
    NotEmpty(PathBuf),
    /// A restore into it did not complete.
    #[error("the restore of a backup into `{0}` was interrupted")]
    Restoring(PathBuf),
    /// The first start did not complete.
    #[error("the first start of the server in `{0}` was interrupted")]
    Interrupted(PathBuf),
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

/// What a data folder has of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FolderState {
    /// Nothing: a new server can be made in it.
    New,
    /// The beginning of a first start that was interrupted. It has served no request.
    Interrupted,
    /// A server.
    Initialized,
}

/// Files that only a server makes. A master key may be there before it.
const FILES: [&str; 6] = [
    "store-revision",
    "store",
    "credentials",
    "server-id",
    "objects",
    "tables",
];

impl DataFolder {
    /// Locks a folder that exists for this process.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(FolderError::NoServer(path.to_owned()))
            }
            Ok(_) | Err(_) => Self::create(path),
        }
    }

    /// Locks a folder for this process. It is created if it does not exist.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn create(path: &Path) -> Result<Self, FolderError> {
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

    /// What it has of a server.
    ///
    /// # Errors
    /// [`FolderError::Incomplete`] if it has files of a server, and not its store.
    pub fn state(&self) -> Result<FolderState, FolderError> {
        if self.has("restoring") {
            return Err(FolderError::Restoring(self.path.clone()));
        }
        if self.has("initializing") {
            return Ok(FolderState::Interrupted);
        }
        if self.has("store/bowline.db") {
            return Ok(FolderState::Initialized);
        }
        match FILES.into_iter().find(|name| self.has(name)) {
            None => Ok(FolderState::New),
            Some(found) => Err(FolderError::Incomplete {
                folder: self.path.clone(),
                found,
                missing: "store/bowline.db",
            }),
        }
    }

    /// Begins a first start: until [`Self::complete_first_start`], the folder is
    /// [interrupted](FolderState::Interrupted). What an interrupted one made is removed, but not
    /// its master key.
    ///
    /// # Errors
    /// [`FolderError::File`].
    pub fn begin_first_start(&self) -> Result<(), FolderError> {
        let marker = self.path.join("initializing");
        let begin = || {
            if !self.has("initializing") {
                return write_private(&marker, b"A first start is not complete.\n");
            }
            remove_if_present(fs::remove_dir_all(self.store()))?;
            for name in ["credentials", "server-id", "store-revision"] {
                remove_if_present(fs::remove_file(self.path.join(name)))?;
            }
            sync_folder(&self.path)
        };
        begin().map_err(|source| self.failed("initializing", source))
    }

    /// Begins a restore: until [`Self::complete_restore`], the folder is refused.
    ///
    /// # Errors
    /// [`FolderError::NotEmpty`] if it has more than a key and a configuration.
    pub fn begin_restore(&self) -> Result<(), FolderError> {
        let entries = fs::read_dir(&self.path).map_err(|source| self.failed("", source))?;
        for entry in entries {
            let name = entry.map_err(|source| self.failed("", source))?.file_name();
            if !["lock", "master.key", "bowline.toml"]
                .iter()
                .any(|known| name == *known)
            {
                return Err(FolderError::NotEmpty(self.path.clone()));
            }
        }
        write_private(
            &self.path.join("restoring"),
            b"A restore is not complete.\n",
        )
        .map_err(|source| self.failed("restoring", source))
    }

    /// Ends a restore, once everything is on the disk.
    ///
    /// # Errors
    /// [`FolderError::File`].
    pub fn complete_restore(&self) -> Result<(), FolderError> {
        let complete = || {
            let folder = File::open(&self.path)?;
            rustix::fs::syncfs(&folder)?;
            fs::remove_file(self.path.join("restoring"))?;
            sync_folder(&self.path)
        };
        complete().map_err(|source| self.failed("restoring", source))
    }

    /// Ends a first start.
    ///
    /// # Errors
    /// [`FolderError::File`].
    pub fn complete_first_start(&self) -> Result<(), FolderError> {
        let removed = remove_if_present(fs::remove_file(self.path.join("initializing")));
        removed
            .and_then(|()| sync_folder(&self.path))
            .map_err(|source| self.failed("initializing", source))
    }

    /// Refuses a folder that other users can read or change.
    ///
    /// # Errors
    /// [`FolderError::Permissions`].
    pub fn check_permissions(&self, checks: PermissionChecks) -> Result<(), FolderError> {
        Ok(check_folder(&self.path, checks)?)
    }

    /// Takes all access from group and others.
    ///
    /// # Errors
    /// [`FolderError::File`], such as for a folder of another user.
    pub fn close_to_others(&self) -> Result<(), FolderError> {
        let closed = fs::set_permissions(&self.path, fs::Permissions::from_mode(0o700));
        closed.map_err(|source| FolderError::File {
            path: self.path.clone(),
            source,
        })
    }

    fn has(&self, name: &str) -> bool {
        self.path.join(name).symlink_metadata().is_ok()
    }

    fn failed(&self, name: &str, source: io::Error) -> FolderError {
        FolderError::File {
            path: self.path.join(name),
            source,
        }
    }

    /// The file of the master key.
    pub fn master_key(&self) -> PathBuf {
        self.path.join("master.key")
    }

    /// The file of generated root credentials.
    pub fn credentials(&self) -> PathBuf {
        self.path.join("credentials")
    }

    /// The file of generated root credentials of a server with its identity data in memory.
    pub fn memory_credentials(&self) -> PathBuf {
        self.path.join("credentials.memory")
    }

    /// The file of the last acknowledged revision.
    pub fn store_revision(&self) -> PathBuf {
        self.path.join("store-revision")
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
    remove_if_present(fs::remove_dir_all(&path))?;
    Ok(path)
}

fn remove_if_present(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_private_and_locked_by_one_process() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a/b");
        let missing = DataFolder::open(&path);
        assert!(
            matches!(missing, Err(FolderError::NoServer(_))),
            "{missing:?}"
        );
        let open = DataFolder::create(&path).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&path.join("lock")), 0o600);
        let second = DataFolder::open(&path);
        assert!(matches!(second, Err(FolderError::InUse(_))), "{second:?}");
        drop(open);
        DataFolder::open(&path).unwrap();
    }

    #[test]
    fn a_new_server_is_made_only_where_nothing_of_one_is() {
        let home = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(home.path()).unwrap();
        let state = || folder.state();
        // Others may have put these there.
        for name in ["master.key", "bowline.toml", "credentials.memory"] {
            fs::write(home.path().join(name), "x").unwrap();
        }
        assert!(matches!(state(), Ok(FolderState::New)));
        for name in [
            "store-revision",
            "credentials",
            "server-id",
            "objects",
            "tables",
            "store",
        ] {
            fs::write(home.path().join(name), "x").unwrap();
            let found = state();
            assert!(
                matches!(found, Err(FolderError::Incomplete { .. })),
                "{name}: {found:?}"
            );
            fs::remove_file(home.path().join(name)).unwrap();
        }
        fs::create_dir(folder.store()).unwrap();
        fs::write(home.path().join("store/bowline.db"), "").unwrap();
        assert!(matches!(state(), Ok(FolderState::Initialized)));
    }

    #[test]
    fn an_interrupted_first_start_begins_again() {
        let home = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(home.path()).unwrap();
        folder.begin_first_start().unwrap();
        fs::create_dir(folder.store()).unwrap();
        for name in ["master.key", "credentials", "server-id", "store/bowline.db"] {
            fs::write(home.path().join(name), "x").unwrap();
        }
        assert!(matches!(folder.state(), Ok(FolderState::Interrupted)));
        folder.begin_first_start().unwrap();
        assert!(!folder.store().exists() && !folder.credentials().exists());
        assert!(folder.master_key().exists());
        folder.complete_first_start().unwrap();
        assert!(matches!(folder.state(), Ok(FolderState::New)));
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
