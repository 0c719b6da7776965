//! The last part of the audit's disk, which is kept for management events.
//!
//! What is free decides what may still be recorded ([`Level`]). It is read regularly, and not for
//! each record. A file of its own, the ballast, occupies as many bytes again, so that another
//! program cannot fill the disk to its end. It is released step by step when nothing else is left.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    },
};

use rustix::fs::{FallocateFlags, OFlags, fallocate, statvfs};

use super::{class::Class, file::folder};

/// What a step releases of the ballast.
const STEP_BYTES: u64 = 1024 * 1024;
/// The least that is kept free by releasing ballast.
const MIN_FREE_BYTES: u64 = 2 * 1024 * 1024;
/// What is needed for a few more records.
const MIN_RECORDS_BYTES: u64 = 64 * 1024;
/// The most that is free when the operator is warned.
const MAX_WARNING_BYTES: u64 = 1024 * 1024 * 1024;

/// What may be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Everything.
    Ample,
    /// Everything, but what has a budget is only counted.
    Low,
    /// Management events: changes and new credentials.
    Reserve,
    /// Changes alone.
    ChangesOnly,
    /// Nothing: even the reserve is used.
    Exhausted,
}

/// The disk's last part.
#[derive(Debug)]
pub(super) struct DiskReserve {
    folder: PathBuf,
    ballast_path: PathBuf,
    bytes: u64,
    level: AtomicU8,
    is_warning: AtomicBool,
    free: AtomicU64,
    total: AtomicU64,
    ballast: Mutex<Ballast>,
}

#[derive(Debug, Default)]
struct Ballast {
    file: Option<File>,
    bytes: u64,
    /// The file system cannot set space aside.
    is_unsupported: bool,
}

impl Level {
    /// Whether a record of this class may be written.
    pub(super) fn admits(self, class: Class) -> bool {
        self < match class {
            Class::Budgeted(_) => Self::Low,
            Class::Other => Self::Reserve,
            Class::Session => Self::ChangesOnly,
            Class::Change => Self::Exhausted,
        }
    }

    fn of_number(number: u8) -> Self {
        match number {
            0 => Self::Ample,
            1 => Self::Low,
            2 => Self::Reserve,
            3 => Self::ChangesOnly,
            _ => Self::Exhausted,
        }
    }

    /// The level with so many bytes free, of which so many are kept, beside the ballast.
    fn of(free: u64, reserve: u64, ballast: u64) -> Self {
        if reserve == 0 || free >= reserve.saturating_mul(2) {
            Self::Ample
        } else if free >= reserve {
            Self::Low
        } else if free >= reserve / 2 {
            Self::Reserve
        } else if free > MIN_RECORDS_BYTES || ballast > 0 {
            Self::ChangesOnly
        } else {
            Self::Exhausted
        }
    }
}

impl DiskReserve {
    /// The reserve of the disk that this audit file is on.
    pub(super) fn new(audit_file: &Path, bytes: u64) -> Self {
        let mut ballast_path = audit_file.as_os_str().to_owned();
        ballast_path.push(".reserve");
        Self {
            folder: folder(audit_file),
            ballast_path: ballast_path.into(),
            bytes,
            level: AtomicU8::new(Level::Ample as u8),
            is_warning: AtomicBool::new(false),
            free: AtomicU64::new(u64::MAX),
            total: AtomicU64::new(u64::MAX),
            ballast: Mutex::default(),
        }
    }

    /// What may be recorded.
    pub(super) fn level(&self) -> Level {
        Level::of_number(self.level.load(Ordering::Relaxed))
    }

    /// Whether the operator should make room: the reserve will soon be reached.
    pub(super) fn is_warning(&self) -> bool {
        self.is_warning.load(Ordering::Relaxed)
    }

    /// Free bytes of the disk, without the ballast.
    pub(super) fn free(&self) -> u64 {
        self.free.load(Ordering::Relaxed)
    }

    /// Bytes of the disk.
    pub(super) fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Reads what is free, and sets the ballast aside or releases some of it.
    pub(super) fn refresh(&self) -> io::Result<()> {
        if self.bytes == 0 {
            return Ok(());
        }
        let mut free = self.read()?;
        let mut ballast = self.lock();
        if ballast.file.is_none() && !ballast.is_unsupported {
            ballast.open(&self.ballast_path)?;
        }
        if ballast.bytes < self.bytes && free >= self.bytes.saturating_mul(4) {
            ballast.extend(self.bytes);
            free = self.read()?;
        }
        // One step at a time: another program that fills the disk does not get all of it at once.
        if free < MIN_FREE_BYTES.min(self.bytes / 2) && ballast.bytes > 0 {
            ballast.release()?;
            free = self.read()?;
        }
        let level = Level::of(free, self.bytes, ballast.bytes);
        drop(ballast);
        self.set(level, free);
        Ok(())
    }

    /// Releases a part of the ballast, if there is any, for a record that found the disk full.
    pub(super) fn release(&self) -> bool {
        let mut ballast = self.lock();
        ballast.bytes > 0 && ballast.release().is_ok()
    }

    fn set(&self, level: Level, free: u64) {
        let before = Level::of_number(self.level.swap(level as u8, Ordering::Relaxed));
        let threshold = (self.total() / 20).min(MAX_WARNING_BYTES);
        let warning = free < threshold.max(self.bytes.saturating_mul(4)) || level > Level::Ample;
        self.is_warning.store(warning, Ordering::Relaxed);
        let mib = free / 1024 / 1024;
        match (level, before) {
            _ if level == before => {}
            (Level::Ample, _) => tracing::info!("The disk of the audit has room again"),
            (Level::Low, _) => tracing::warn!(
                "The disk of the audit has {mib} MiB left: denied requests are only counted"
            ),
            (Level::Reserve, _) => tracing::error!(
                "The disk of the audit has {mib} MiB left, which are kept for management events: other requests are refused"
            ),
            (Level::ChangesOnly, _) => tracing::error!(
                "The disk of the audit has {mib} MiB left, which are kept for changes by IAM and the operator API: other requests are refused"
            ),
            (Level::Exhausted, _) => tracing::error!(
                "The disk of the audit is full, and so is its reserve: requests are refused, changes too"
            ),
        }
    }

    fn read(&self) -> io::Result<u64> {
        let disk = statvfs(&self.folder)?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        self.free.store(free, Ordering::Relaxed);
        let total = disk.f_blocks.saturating_mul(disk.f_frsize);
        self.total.store(total, Ordering::Relaxed);
        Ok(free)
    }

    fn lock(&self) -> MutexGuard<'_, Ballast> {
        self.ballast.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ballast {
    fn open(&mut self, path: &Path) -> io::Result<()> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(path)?;
        self.bytes = file.metadata()?.len();
        self.file = Some(file);
        Ok(())
    }

    /// Sets space aside. A file system that cannot has no ballast.
    fn extend(&mut self, bytes: u64) {
        let Some(file) = &self.file else {
            return;
        };
        match fallocate(file, FallocateFlags::empty(), 0, bytes) {
            Ok(()) => self.bytes = bytes,
            Err(error) => {
                tracing::debug!(%error, "The file system sets no space aside for the audit");
                self.is_unsupported = true;
                self.file = None;
            }
        }
    }

    fn release(&mut self) -> io::Result<()> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let left = self.bytes.saturating_sub(STEP_BYTES);
        file.set_len(left)?;
        self.bytes = left;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
