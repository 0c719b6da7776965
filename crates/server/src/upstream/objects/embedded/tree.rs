//! The store's file operations, relative to its root. They never follow a symbolic link.

use std::{
    fs::File,
    io,
    os::fd::OwnedFd,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rustix::fs::{self, AtFlags, Mode, OFlags, RenameFlags, ResolveFlags};
use rustix::io::Errno;

/// A folder. Paths that are opened through it stay inside it.
#[derive(Debug)]
pub(super) struct Tree {
    folder: OwnedFd,
    /// How many folders are being created in the whole tree: visible already, perhaps not on disk.
    making: Arc<AtomicUsize>,
}

impl Tree {
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        Ok(Self {
            folder: fs::open(root, flags, Mode::empty())?,
            making: Arc::default(),
        })
    }

    /// Opens a folder as a tree of its own. It stays that folder even if another one gets its name;
    /// once it is removed, nothing can be created in it.
    pub(super) fn within(&self, path: &Path) -> io::Result<Self> {
        Ok(Self {
            folder: self.folder(path)?,
            making: Arc::clone(&self.making),
        })
    }

    fn beneath(&self, path: &Path, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
        let resolve =
            ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        Ok(fs::openat2(
            &self.folder,
            path,
            flags | OFlags::CLOEXEC | OFlags::NOFOLLOW,
            mode,
            resolve,
        )?)
    }

    /// Opens a file for reading. A link, or anything else that is not a file, is
    /// [`io::ErrorKind::InvalidData`]: the store makes none.
    pub(super) fn file(&self, path: &Path) -> io::Result<File> {
        // Without NONBLOCK, a named pipe would block the thread.
        let file = match self.beneath(path, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
                return Err(io::ErrorKind::InvalidData.into());
            }
            Err(error) => return Err(error),
        };
        if file.metadata()?.is_file() {
            Ok(file)
        } else {
            Err(io::ErrorKind::InvalidData.into())
        }
    }

    /// Creates a file that does not exist yet.
    pub(super) fn new_file(&self, path: &Path) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        self.beneath(path, flags, Mode::RUSR | Mode::WUSR)
            .map(File::from)
    }

    /// Opens a folder; the empty path is the tree's own.
    fn folder(&self, path: &Path) -> io::Result<OwnedFd> {
        let path = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        self.beneath(path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())
    }

    /// The names in a folder that are UTF-8, as all of the store's are.
    pub(super) fn names(&self, path: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::Dir::new(self.folder(path)?)? {
            if let Ok(name) = entry?.file_name().to_str()
                && name != "."
                && name != ".."
            {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// Creates the missing folders, each in the one before, and syncs each to disk. Opens the last.
    pub(super) fn make(&self, folders: &[String]) -> io::Result<Self> {
        match self.within(&super::name::join(folders)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // One of them may be visible and not on disk yet.
            Ok(_) if self.making.load(Ordering::SeqCst) > 0 => {}
            opened => return opened,
        }
        let mut parent = self.within(Path::new(""))?;
        for name in folders {
            parent.add(name)?;
            parent = parent.within(Path::new(name))?;
        }
        Ok(parent)
    }

    /// Creates a folder unless it exists, and syncs it to disk. `NotFound` means that the tree's
    /// own folder was removed.
    pub(super) fn add(&self, name: &str) -> io::Result<()> {
        self.making.fetch_add(1, Ordering::SeqCst);
        let made = match fs::mkdirat(&self.folder, name, Mode::RWXU) {
            // Another thread created it and may not have synced it yet.
            Ok(()) | Err(Errno::EXIST) => fs::fsync(&self.folder),
            Err(error) => Err(error),
        };
        self.making.fetch_sub(1, Ordering::SeqCst);
        Ok(made?)
    }

    /// Moves a file to another folder, atomically and durably.
    pub(super) fn commit(
        &self,
        from: &Path,
        folder: &Self,
        name: &str,
        replace: bool,
    ) -> io::Result<()> {
        let flags = if replace {
            RenameFlags::empty()
        } else {
            RenameFlags::NOREPLACE
        };
        fs::renameat_with(&self.folder, from, &folder.folder, name, flags)?;
        Ok(fs::fsync(&folder.folder)?)
    }

    pub(super) fn remove_file(&self, folder: &Path, name: &str) -> io::Result<()> {
        let folder = self.folder(folder)?;
        fs::unlinkat(&folder, name, AtFlags::empty())?;
        Ok(fs::fsync(&folder)?)
    }

    /// Removes an empty folder.
    pub(super) fn remove_folder(&self, parent: &Path, name: &str) -> io::Result<()> {
        let parent = self.folder(parent)?;
        fs::unlinkat(&parent, name, AtFlags::REMOVEDIR)?;
        Ok(fs::fsync(&parent)?)
    }
}
