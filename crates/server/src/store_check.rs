//! `bowline store check`: reads everything in a data folder, with the server stopped.
//!
//! It finds what a start does not look at: every object, those of earlier versions by their MD5,
//! objects that have lost their file, and the pages of table databases of any size. It changes no
//! object and no table.

use std::{fs, io, path::Path};

use crate::{
    config::{Config, FirstStart},
    data_folder::{DataFolder, FolderError},
    identity::{
        entity::{BucketState, TableState},
        index::Index,
    },
    server::{StartError, open_state},
    upstream::{
        EMBEDDED,
        objects::embedded::check::{Told, check as check_objects, rebuild_index},
        tables::embedded::guard,
    },
};

/// Something that is not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file or folder.
    pub path: String,
    /// What is wrong.
    pub problem: String,
    /// Whether the rebuilt index accepts it: an object that was lost is forgotten.
    pub accepted: bool,
}

/// What to do about objects that have lost their files, and about an index that is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexRepair {
    /// Nothing.
    Never,
    /// Rebuild the index from the files, which accepts every loss.
    Rebuild,
}

/// What was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// The revision of identity data.
    pub revision: u64,
    /// Table databases.
    pub table_files: u64,
    /// Objects.
    pub objects: u64,
    /// Bytes of objects.
    pub bytes: u64,
    /// Findings that remain.
    pub damaged: u64,
    /// Findings that the rebuilt index accepts.
    pub accepted: u64,
}

/// Why the check did not complete.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Identity data cannot be opened: the error says what is wrong with it.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A folder cannot be read.
    #[error("reading `{path}`")]
    Folder {
        /// The folder.
        path: String,
        /// The error of the operating system.
        #[source]
        source: io::Error,
    },
}

impl From<FolderError> for CheckError {
    fn from(error: FolderError) -> Self {
        Self::Start(error.into())
    }
}

/// Reads everything in the data folder, and then rebuilds the index of objects if `repair` says so.
/// `report` gets each finding, `progress` the number of bytes of objects that were read.
///
/// # Errors
/// [`CheckError`].
pub async fn check(
    mut config: Config,
    clock: crate::clock::Clock,
    repair: IndexRepair,
    mut report: impl FnMut(Finding),
    mut progress: impl FnMut(u64),
) -> Result<Checked, CheckError> {
    config.first_start = FirstStart::Refused;
    config.accounts.clear();
    let folder = DataFolder::open(&config.data)?;
    // Every record is read, decoded and compared with its checksum.
    let (state, _) = open_state(&mut config, clock, &folder).await?;
    let index = state.current();
    state.close().await;
    let mut checked = Checked {
        revision: index.revision().number(),
        ..Checked::default()
    };
    let (mut damaged, mut accepted) = (0, 0);
    let mut tell = |path: &Path, problem: String, is_accepted: bool| {
        *if is_accepted {
            &mut accepted
        } else {
            &mut damaged
        } += 1;
        report(Finding {
            path: path.display().to_string(),
            problem,
            accepted: is_accepted,
        });
    };
    let mut find = |path: &Path, problem| tell(path, problem, false);
    check_presence(&index, &folder, &mut find);
    let tables = folder.tables();
    checked.table_files =
        check_tables(&tables, &mut find).map_err(|source| failed(&tables, source))?;
    let objects = folder.objects();
    if objects.join("buckets").exists() {
        let mut bytes = 0;
        let mut told = |told: Told<'_>| match told {
            Told::Read(length) => {
                bytes += length;
                progress(bytes);
            }
            Told::Damaged(path, problem) => tell(path, problem, false),
            Told::Lost(path, problem) => tell(path, problem, repair == IndexRepair::Rebuild),
        };
        checked.objects =
            check_objects(&objects, &mut told).map_err(|source| failed(&objects, source))?;
        checked.bytes = bytes;
        if repair == IndexRepair::Rebuild {
            rebuild_index(&objects).map_err(StartError::Objects)?;
        }
    }
    (checked.damaged, checked.accepted) = (damaged, accepted);
    Ok(checked)
}

/// Buckets and tables that have records have a folder and a file.
fn check_presence(index: &Index, folder: &DataFolder, find: &mut impl FnMut(&Path, String)) {
    for account in index.accounts() {
        for bucket in index.buckets(account.record.id, None) {
            let record = &bucket.record;
            let path = folder
                .objects()
                .join("buckets")
                .join(record.upstream_bucket().as_str());
            if record.upstream == EMBEDDED && record.state == BucketState::Active && !path.is_dir()
            {
                find(
                    &path,
                    format!("the folder of the bucket `{}` is missing", record.name),
                );
            }
        }
    }
    for table in index.all_tables() {
        let record = &table.record;
        let name = format!("{}.{}.db", record.account, record.region);
        let path = folder.tables().join(name);
        if record.upstream == EMBEDDED && record.state == TableState::Active && !path.is_file() {
            find(
                &path,
                format!("the file of the table `{}` is missing", record.name),
            );
        }
    }
}

/// Checks every database, also one of which only the state is left.
fn check_tables(folder: &Path, find: &mut impl FnMut(&Path, String)) -> io::Result<u64> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let mut files = 0;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|end| end != "db") {
            continue;
        }
        files += 1;
        if let Some(problem) = guard::check_offline(&path)? {
            find(&path, problem);
        }
    }
    Ok(files)
}

fn failed(path: &Path, source: io::Error) -> CheckError {
    let path = path.display().to_string();
    CheckError::Folder { path, source }
}
