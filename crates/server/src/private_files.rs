//! Files and folders that their owner alone may read, and locks on folders.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, OFlags, flock};

/// Creates a folder and its parents, for their owner alone. An existing one is not changed.
///
/// # Errors
/// Those of the file system.
pub fn private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// No symbolic link is followed in place of the file.
const NOFOLLOW: i32 = OFlags::NOFOLLOW.bits().cast_signed();

/// Opens a file for reading and writing. With `new` it is created, for its owner alone, and must
/// not exist. A symbolic link is an error.
pub(crate) fn private_file(path: &Path, new: bool) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(new)
        .mode(0o600)
        .custom_flags(NOFOLLOW)
        .open(path)
}

/// Opens a file for appending, and creates it for its owner alone if it does not exist. A symbolic
/// link is an error.
pub(crate) fn appended_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(NOFOLLOW)
        .open(path)
}

/// Locks a folder for this process, until the file is dropped. `None` if another process has it.
pub(crate) fn lock(folder: &Path) -> io::Result<Option<File>> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(NOFOLLOW)
        .open(folder.join("lock"))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

/// Writes a new file that its owner alone may read: whole and to the disk, or not at all.
///
/// # Errors
/// Those of the file system, also if the file exists.
pub fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let unfinished = write_unfinished(path, content)?;
    // A link: a rename would replace an existing file.
    let linked = fs::hard_link(&unfinished, path);
    fs::remove_file(&unfinished)?;
    linked?;
    sync_parent(path)
}

/// Replaces a file that its owner alone may read: a reader finds the old or the new one, whole.
///
/// # Errors
/// Those of the file system.
pub fn replace_private(path: &Path, content: &[u8]) -> io::Result<()> {
    fs::rename(write_unfinished(path, content)?, path)?;
    sync_parent(path)
}

/// Writes to a file beside this one. An earlier one, which an interruption left, is removed.
fn write_unfinished(path: &Path, content: &[u8]) -> io::Result<PathBuf> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = PathBuf::from(unfinished);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = private_file(&unfinished, true)?;
    file.write_all(content)?;
    file.sync_all()?;
    Ok(unfinished)
}

fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => sync_folder(folder),
        _ => Ok(()),
    }
}

/// Makes new files of a folder survive a loss of power.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
