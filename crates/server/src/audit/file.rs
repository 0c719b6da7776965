//! The file that records are appended to, and the earlier ones beside it.
//!
//! Each record is one append of a whole line, so writers need no lock and lines do not mix. A file
//! that is large or old enough gets a name with the time, such as
//! `audit-20261130T221512.000000000Z.jsonl`, and a new one begins. The oldest are deleted, so that
//! all files together stay within a bound. Only files with such a name are deleted. A file that
//! another program moved away is followed by a new one; a device or pipe is only written to.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwap;
use jiff::Timestamp;

use super::limits::AuditLimits;
use crate::private_files::{appended_file, private_folder};

/// The form of the time in the name of an earlier file.
const NAME_FORMAT: &str = "%Y%m%dT%H%M%S.%9fZ";
/// The same as a pattern, in which 0 stands for a digit.
const NAME_PATTERN: &[u8] = b"00000000T000000.000000000Z";

/// The audit's files.
#[derive(Debug)]
pub(super) struct LogFiles {
    path: PathBuf,
    limits: AuditLimits,
    current: ArcSwap<Current>,
    /// Makes one thread at a time change which file is current.
    changing: Mutex<()>,
    /// Bytes of the file system.
    file_system: AtomicU64,
    /// Bytes of the earlier files.
    earlier_bytes: AtomicU64,
    rotations: AtomicU64,
    deletions: AtomicU64,
}

/// The file that is written.
#[derive(Debug)]
struct Current {
    file: File,
    size: AtomicU64,
    /// When the first record may have been written.
    since: Timestamp,
    is_regular: bool,
}

impl LogFiles {
    /// Appends to this file. The file and its folder are created for their owner alone.
    pub(super) fn open(path: &Path, limits: AuditLimits, now: Timestamp) -> io::Result<Self> {
        private_folder(&folder(path))?;
        let current = Current::open(path, now)?;
        let files = Self {
            path: path.to_owned(),
            limits,
            current: ArcSwap::from_pointee(current),
            changing: Mutex::new(()),
            file_system: AtomicU64::new(u64::MAX),
            earlier_bytes: AtomicU64::new(0),
            rotations: AtomicU64::new(0),
            deletions: AtomicU64::new(0),
        };
        Ok(files)
    }

    /// Whether this is a file, and no device or pipe.
    pub(super) fn is_regular(&self) -> bool {
        self.current.load().is_regular
    }

    /// Appends bytes, and begins a new file if this one is large enough. Returns how many were
    /// written.
    pub(super) fn append(&self, bytes: &[u8], now: Option<Timestamp>) -> io::Result<usize> {
        let current = self.current.load();
        let mut file = &current.file;
        let written = file.write(bytes)?;
        let size = current.size.fetch_add(written as u64, Ordering::Relaxed) + written as u64;
        if let Some(now) = now
            && size >= self.max_file()
            && current.is_regular
        {
            drop(current);
            // Another writer may be at it already. A failure is found again by the next record.
            if let Ok(_changing) = self.changing.try_lock() {
                let _ = self.rotate_if_due(now);
            }
        }
        Ok(written)
    }

    /// Rotates by age, follows a file that was moved away, and deletes the oldest files beyond the
    /// bound. `file_system` is how many bytes the file system has.
    pub(super) fn maintain(&self, file_system: u64, now: Timestamp) -> io::Result<()> {
        self.file_system.store(file_system, Ordering::Relaxed);
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.current.load().is_regular {
            return Ok(());
        }
        self.follow_moved_file(now)?;
        self.rotate_if_due(now)?;
        self.delete_oldest()
    }

    /// Bytes of all files.
    pub(super) fn total_bytes(&self) -> u64 {
        let current = self.current.load().size.load(Ordering::Relaxed);
        current + self.earlier_bytes.load(Ordering::Relaxed)
    }

    /// Most bytes of all files.
    pub(super) fn max_total_bytes(&self) -> u64 {
        let file_system = self.file_system.load(Ordering::Relaxed);
        self.limits.max_total(file_system)
    }

    /// How many files have been begun because another was large or old enough.
    pub(super) fn rotations(&self) -> u64 {
        self.rotations.load(Ordering::Relaxed)
    }

    /// How many files have been deleted.
    pub(super) fn deletions(&self) -> u64 {
        self.deletions.load(Ordering::Relaxed)
    }

    fn max_file(&self) -> u64 {
        self.limits
            .max_file(self.file_system.load(Ordering::Relaxed))
    }

    fn follow_moved_file(&self, now: Timestamp) -> io::Result<()> {
        let current = self.current.load();
        let own = current.file.metadata()?;
        let is_same = match fs::symlink_metadata(&self.path) {
            Ok(found) => (found.dev(), found.ino()) == (own.dev(), own.ino()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        if is_same {
            // Another program may have truncated it.
            current.size.store(own.len(), Ordering::Relaxed);
        } else {
            self.current.store(Current::open(&self.path, now)?.into());
        }
        Ok(())
    }

    fn rotate_if_due(&self, now: Timestamp) -> io::Result<()> {
        let current = self.current.load();
        let size = current.size.load(Ordering::Relaxed);
        let age = now.duration_since(current.since);
        let is_old = age.unsigned_abs() >= self.limits.max_file_age && age.is_positive();
        if size == 0 || (size < self.max_file() && !is_old) {
            return Ok(());
        }
        // A link: a rename would replace an existing file.
        let mut at = now;
        loop {
            match fs::hard_link(&self.path, self.earlier(at)) {
                Ok(()) => break,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    at += jiff::SignedDuration::from_nanos(1);
                }
                Err(error) => return Err(error),
            }
        }
        fs::remove_file(&self.path)?;
        self.current.store(Current::open(&self.path, now)?.into());
        self.earlier_bytes.fetch_add(size, Ordering::Relaxed);
        self.rotations.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn delete_oldest(&self) -> io::Result<()> {
        let mut earlier = earlier_files(&self.path)?;
        // The current file may grow to its whole size.
        let most = self.max_total_bytes().saturating_sub(self.max_file());
        let mut bytes: u64 = earlier.iter().map(|(_, bytes)| bytes).sum();
        earlier.reverse();
        while bytes > most
            && let Some((path, size)) = earlier.pop()
        {
            fs::remove_file(&path)?;
            bytes = bytes.saturating_sub(size);
            self.deletions.fetch_add(1, Ordering::Relaxed);
            tracing::info!(
                "Deleted the oldest audit file `{}`: the audit has reached its bound",
                path.display()
            );
        }
        self.earlier_bytes.store(bytes, Ordering::Relaxed);
        Ok(())
    }

    fn earlier(&self, at: Timestamp) -> PathBuf {
        let (stem, extension) = name_parts(&self.path);
        let mut name = stem;
        name.push("-");
        name.push(at.strftime(NAME_FORMAT).to_string());
        name.push(extension);
        self.path.with_file_name(name)
    }
}

impl Current {
    fn open(path: &Path, now: Timestamp) -> io::Result<Self> {
        let file = appended_file(path)?;
        let metadata = file.metadata()?;
        let is_regular = metadata.is_file();
        let created = metadata.created().ok();
        let created = created.and_then(|created| Timestamp::try_from(created).ok());
        Ok(Self {
            since: created.filter(|created| *created < now).unwrap_or(now),
            size: AtomicU64::new(metadata.len()),
            is_regular,
            file,
        })
    }
}

/// The folder of a file.
pub(super) fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The name before and after the place for the time.
fn name_parts(path: &Path) -> (OsString, OsString) {
    let stem = path.file_stem().unwrap_or_default().to_owned();
    let mut extension = OsString::new();
    if let Some(found) = path.extension() {
        extension.push(".");
        extension.push(found);
    }
    (stem, extension)
}

/// The earlier files of an audit file, the oldest first.
///
/// # Errors
/// Those of the file system.
pub fn audit_files(path: &Path) -> io::Result<Vec<PathBuf>> {
    let files = earlier_files(path)?.into_iter();
    Ok(files.map(|(path, _)| path).collect())
}

/// The earlier files of an audit file with their sizes, the oldest first.
pub(super) fn earlier_files(path: &Path) -> io::Result<Vec<(PathBuf, u64)>> {
    let (stem, extension) = name_parts(path);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder(path))? {
        let entry = entry?;
        let name = entry.file_name();
        let time = name
            .as_encoded_bytes()
            .strip_prefix(stem.as_encoded_bytes())
            .and_then(|rest| rest.strip_prefix(b"-"))
            .and_then(|rest| rest.strip_suffix(extension.as_encoded_bytes()));
        if time.is_some_and(is_time) {
            // Another program may remove it meanwhile.
            if let Ok(metadata) = entry.metadata() {
                found.push((entry.path(), metadata.len()));
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_time(text: &[u8]) -> bool {
    let same = |(byte, pattern): (&u8, &u8)| match pattern {
        b'0' => byte.is_ascii_digit(),
        _ => byte == pattern,
    };
    text.len() == NAME_PATTERN.len() && text.iter().zip(NAME_PATTERN).all(same)
}

#[cfg(test)]
mod tests;
