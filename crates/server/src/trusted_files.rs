//! Reads files that decide who may do what: keys and configuration.
//!
//! Such a file may be reached through symbolic links, as the files of a mounted Kubernetes Secret
//! are. But no other user may be able to put another file in its place: each folder on the resolved
//! path belongs to root or to this process's user, and no other user may write to it, unless its
//! sticky bit keeps other users from replacing entries that are not theirs. A secret file must not
//! be accessible to others; group access is allowed.

use std::{
    collections::VecDeque,
    env,
    ffi::OsString,
    fs::{self, File, Metadata, OpenOptions},
    io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Component, Path, PathBuf},
};

use rustix::{fs::OFlags, process::geteuid};

/// Most links on the way to a file, as the kernel's own limit.
const MAX_LINKS: usize = 40;
/// The permissions of other users.
const OTHERS: u32 = 0o007;
/// Write permission of group and others.
const WRITABLE: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// Whether permissions are checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PermissionChecks {
    /// A file or folder that other users can read or change is refused.
    #[default]
    On,
    /// The operator has declared that it is safe.
    Off,
}

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Its owner and its group.
    Secret,
}

/// Why a file is not used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// Other users may read or write it.
    #[error("`{path}` is accessible to all users of this machine (mode {mode:04o})")]
    Open {
        /// The file or folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Another user can put another file in its place.
    #[error("`{path}` can be replaced by other users, because of the permissions of `{folder}`")]
    Replaceable {
        /// The entry.
        path: PathBuf,
        /// Its folder.
        folder: PathBuf,
    },
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] io::Error),
}

impl TrustError {
    /// Whether the permissions are at fault, and not the file.
    pub fn is_about_permissions(&self) -> bool {
        match self {
            Self::Open { .. } | Self::Replaceable { .. } => true,
            Self::File(_) => false,
        }
    }
}

/// Opens a file for reading, after checks of its path and its permissions.
///
/// # Errors
/// [`TrustError`].
pub fn open(path: &Path, access: Access, checks: PermissionChecks) -> Result<File, TrustError> {
    if checks == PermissionChecks::Off {
        return Ok(File::open(path)?);
    }
    let Some(resolved) = resolve(path)? else {
        return Ok(File::open(path)?);
    };
    // No other user can replace it since.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(&resolved)?;
    if access == Access::Secret {
        refuse_others(&resolved, &file.metadata()?)?;
    }
    Ok(file)
}

/// Refuses a folder that other users may read, change or enter.
///
/// # Errors
/// [`TrustError`].
pub fn check_folder(path: &Path, checks: PermissionChecks) -> Result<(), TrustError> {
    match checks {
        PermissionChecks::Off => Ok(()),
        PermissionChecks::On => refuse_others(path, &fs::metadata(path)?),
    }
}

fn refuse_others(path: &Path, found: &Metadata) -> Result<(), TrustError> {
    if found.mode() & OTHERS == 0 {
        return Ok(());
    }
    Err(TrustError::Open {
        path: path.to_owned(),
        mode: found.mode() & 0o7777,
    })
}

/// The path without links, every step of which no other user can change. `None` for a file that
/// this process has open, such as `/dev/stdin`: its path says nothing.
fn resolve(path: &Path) -> Result<Option<PathBuf>, TrustError> {
    let mut pending = parts(&env::current_dir()?.join(path));
    let mut resolved = PathBuf::from("/");
    let mut links = 0;
    while let Some(part) = pending.pop_front() {
        if part == ".." {
            resolved.pop();
            continue;
        }
        let entry = resolved.join(&part);
        let found = fs::symlink_metadata(&entry)?;
        if !is_safe(&fs::metadata(&resolved)?, &found) {
            return Err(TrustError::Replaceable {
                path: entry,
                folder: resolved,
            });
        }
        if !found.is_symlink() {
            resolved = entry;
            continue;
        }
        if resolved.starts_with("/proc") && resolved.ends_with("fd") {
            return Ok(None);
        }
        links += 1;
        if links > MAX_LINKS {
            return Err(io::Error::from(rustix::io::Errno::LOOP).into());
        }
        let target = fs::read_link(&entry)?;
        if target.is_absolute() {
            resolved = PathBuf::from("/");
        }
        for part in parts(&target).into_iter().rev() {
            pending.push_front(part);
        }
    }
    Ok(Some(resolved))
}

/// Whether only root and this process's user can replace an entry of a folder.
fn is_safe(folder: &Metadata, entry: &Metadata) -> bool {
    let is_ours = |found: &Metadata| found.uid() == 0 || found.uid() == geteuid().as_raw();
    let is_shared = folder.mode() & WRITABLE != 0;
    is_ours(folder) && (!is_shared || (folder.mode() & STICKY != 0 && is_ours(entry)))
}

/// The names of a path, and `..`.
fn parts(path: &Path) -> VecDeque<OsString> {
    path.components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use tempfile::TempDir;

    use super::*;

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn outcome(path: &Path) -> String {
        match open(path, Access::Secret, PermissionChecks::On) {
            Ok(file) => io::read_to_string(file).unwrap(),
            Err(TrustError::Open { .. }) => "open to others".to_owned(),
            Err(TrustError::Replaceable { .. }) => "replaceable".to_owned(),
            Err(TrustError::File(error)) => error.to_string(),
        }
    }

    /// A mounted Secret: `key` leads to `..data/key`, and `..data` to the newest folder.
    fn secret() -> (TempDir, PathBuf) {
        let home = TempDir::new().unwrap();
        let mount = home.path().join("mount");
        let newest = mount.join("..2026_11_30_22_00_00.1");
        fs::create_dir_all(&newest).unwrap();
        fs::write(newest.join("key"), "key").unwrap();
        mode(&newest.join("key"), 0o440);
        mode(&newest, 0o755);
        symlink("..2026_11_30_22_00_00.1", mount.join("..data")).unwrap();
        symlink("..data/key", mount.join("key")).unwrap();
        mode(&mount, 0o1777);
        (home, mount)
    }

    #[test]
    fn the_files_of_a_mounted_secret_are_read() {
        let (_home, mount) = secret();
        assert_eq!(outcome(&mount.join("key")), "key");
        let relative = mount.join("../mount/./..data/../key");
        assert_eq!(outcome(&relative), "key");
    }

    #[test]
    fn a_folder_that_others_can_write_to_is_refused_without_its_sticky_bit() {
        let (_home, mount) = secret();
        for (folder, bits) in [("", 0o777), ("", 0o770), ("..data", 0o757)] {
            let folder = mount.join(folder);
            let before = fs::metadata(&folder).unwrap().mode() & 0o7777;
            mode(&folder, bits);
            assert_eq!(outcome(&mount.join("key")), "replaceable", "{bits:o}");
            mode(&folder, before);
        }
        assert_eq!(outcome(&mount.join("key")), "key");
    }

    #[test]
    fn a_secret_is_for_its_owner_and_its_group() {
        let home = TempDir::new().unwrap();
        let path = home.path().join("key");
        fs::write(&path, "key").unwrap();
        for (bits, expected) in [
            (0o600, "key"),
            (0o440, "key"),
            (0o660, "key"),
            (0o604, "open to others"),
            (0o602, "open to others"),
        ] {
            mode(&path, bits);
            assert_eq!(outcome(&path), expected, "{bits:o}");
            let public = open(&path, Access::Public, PermissionChecks::On);
            assert!(public.is_ok());
        }
        let unchecked = open(&path, Access::Secret, PermissionChecks::Off);
        assert!(unchecked.is_ok());
    }

    #[test]
    fn an_open_file_of_the_process_is_read() {
        let home = TempDir::new().unwrap();
        let path = home.path().join("key");
        fs::write(&path, "key").unwrap();
        let open = File::open(&path).unwrap();
        let number = std::os::fd::AsRawFd::as_raw_fd(&open);
        assert_eq!(outcome(Path::new(&format!("/dev/fd/{number}"))), "key");
    }

    #[test]
    fn links_in_a_circle_are_an_error() {
        let home = TempDir::new().unwrap();
        symlink("b", home.path().join("a")).unwrap();
        symlink("a", home.path().join("b")).unwrap();
        let outcome = outcome(&home.path().join("a"));
        assert!(outcome.contains("symbolic links"), "{outcome}");
    }
}
