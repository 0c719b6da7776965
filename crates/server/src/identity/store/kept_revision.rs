//! The last acknowledged revision of a store, in a file of its own outside the store's folder.
//!
//! A store that is older than this file has lost commits: half of its log is gone, or an old copy
//! is in its place. The file is replaced after a commit, at most [`MAX_DELAY`] later, so it costs a
//! commit nothing. What the last second committed can be lost without notice; everything before it
//! cannot.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use super::{Revision, StoreError};
use crate::{checksum::crc64, private_files::replace_private};

/// How long after a commit the file has its revision, at most.
pub const MAX_DELAY: Duration = Duration::from_secs(1);
/// How long a writer waits between two writes, at most and at least. Between them, it waits four
/// times as long as the last write took, so that a slow disk has time for commits.
const MAX_INTERVAL: Duration = Duration::from_millis(500);
const MIN_INTERVAL: Duration = Duration::from_millis(20);
/// The first line of the file.
const TITLE: &str = "bowline store revision 1";
/// Most bytes of a file that is read.
const MAX_BYTES: usize = 256;

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRevision {
    /// The id of the store.
    pub store_id: String,
    /// A revision that was acknowledged.
    pub revision: Revision,
}

impl KeptRevision {
    /// Reads a file. `None` if it does not exist.
    ///
    /// # Errors
    /// [`StoreError::File`], and [`StoreError::DamagedRevision`] if it is not what was written.
    pub fn read(path: &Path) -> Result<Option<Self>, StoreError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                let path = path.display().to_string();
                return Err(StoreError::File { path, source });
            }
        };
        let parsed = Self::parse(&bytes);
        parsed
            .map(Some)
            .ok_or_else(|| StoreError::DamagedRevision(path.display().to_string()))
    }

    /// Writes the file, whole and to the disk.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        replace_private(path, self.to_text().as_bytes())
    }

    fn to_text(&self) -> String {
        let facts = format!(
            "{TITLE}\nstore {}\nrevision {}\n",
            self.store_id, self.revision
        );
        let sum = crc64(&[facts.as_bytes()]);
        format!("{facts}checksum {sum:016x}\n")
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = str::from_utf8(bytes.get(..bytes.len().min(MAX_BYTES))?).ok()?;
        let mut lines = text.lines().skip(1);
        let kept = Self {
            store_id: lines.next()?.strip_prefix("store ")?.to_owned(),
            revision: Revision::from_number(lines.next()?.strip_prefix("revision ")?.parse().ok()?),
        };
        (kept.to_text().as_bytes() == bytes).then_some(kept)
    }
}

/// Writes the file after each commit, on a thread of its own.
#[derive(Debug)]
pub(super) struct RevisionKeeper {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    store_id: String,
    pending: Mutex<Pending>,
    changed: Condvar,
    failing: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Pending {
    latest: Revision,
    written: Revision,
    closing: bool,
}

impl RevisionKeeper {
    /// Writes the file with this revision, and follows.
    ///
    /// # Errors
    /// Those of the file system. Later ones are logged, and [reported](Self::failing).
    pub(super) fn start(path: &Path, kept: KeptRevision) -> io::Result<Self> {
        kept.write(path)?;
        let shared = Arc::new(Shared {
            path: path.to_owned(),
            store_id: kept.store_id,
            pending: Mutex::new(Pending {
                latest: kept.revision,
                written: kept.revision,
                closing: false,
            }),
            changed: Condvar::new(),
            failing: Arc::default(),
        });
        let follower = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("store-revision".into())
            .spawn(move || follower.run())?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Whether the file could not be written the last time.
    pub(super) fn failing(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.shared.failing)
    }

    /// A commit was acknowledged.
    pub(super) fn note(&self, revision: Revision) {
        self.shared.lock().latest = revision;
        self.shared.changed.notify_one();
    }
}

impl Drop for RevisionKeeper {
    /// Waits until the file has the last revision.
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has ended as well.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "it measures how long the disk takes, and decides nothing else on it"
    )]
    fn run(&self) {
        let mut pending = self.lock();
        let mut interval = MIN_INTERVAL;
        loop {
            let idle =
                |pending: &mut Pending| pending.latest == pending.written && !pending.closing;
            pending = self
                .changed
                .wait_while(pending, idle)
                .unwrap_or_else(PoisonError::into_inner);
            let (latest, closing) = (pending.latest, pending.closing);
            if latest > pending.written {
                drop(pending);
                let started = Instant::now();
                let written = self.write(latest);
                interval = write_interval(started.elapsed());
                pending = self.lock();
                if written {
                    pending.written = latest;
                }
            }
            if closing {
                return;
            }
            let open = |pending: &mut Pending| !pending.closing;
            pending = self
                .changed
                .wait_timeout_while(pending, interval, open)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn write(&self, revision: Revision) -> bool {
        let kept = KeptRevision {
            store_id: self.store_id.clone(),
            revision,
        };
        let written = kept.write(&self.path);
        if let Err(error) = &written {
            tracing::error!(%error, "The last revision of the store cannot be written to `{}`", self.path.display());
        }
        self.failing.store(written.is_err(), Ordering::Relaxed);
        written.is_ok()
    }
}

/// How long to wait after a write that took this long.
pub(crate) fn write_interval(took: Duration) -> Duration {
    took.saturating_mul(4).clamp(MIN_INTERVAL, MAX_INTERVAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(number: u64) -> KeptRevision {
        KeptRevision {
            store_id: "0123456789abcdef".to_owned(),
            revision: Revision::from_number(number),
        }
    }

    #[test]
    fn the_file_has_the_last_revision_when_the_keeper_ends() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("store-revision");
        assert_eq!(KeptRevision::read(&path).unwrap(), None);
        let keeper = RevisionKeeper::start(&path, kept(1)).unwrap();
        assert_eq!(KeptRevision::read(&path).unwrap(), Some(kept(1)));
        for number in 2..100 {
            keeper.note(Revision::from_number(number));
        }
        drop(keeper);
        assert_eq!(KeptRevision::read(&path).unwrap(), Some(kept(99)));
    }

    #[test]
    fn the_file_follows_within_a_second() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("store-revision");
        let keeper = RevisionKeeper::start(&path, kept(1)).unwrap();
        keeper.note(Revision::from_number(7));
        // The keeper lives, so nothing but its own pace writes the file.
        while KeptRevision::read(&path).unwrap() != Some(kept(7)) {
            std::thread::yield_now();
        }
        assert!(MAX_INTERVAL < MAX_DELAY);
        drop(keeper);
    }

    #[test]
    fn any_change_of_the_file_is_noticed() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("store-revision");
        kept(41).write(&path).unwrap();
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            for changed in [
                whole[..at].to_vec(),
                [&whole[..at], &[whole[at] ^ 0x20], &whole[at + 1..]].concat(),
            ] {
                fs::write(&path, changed).unwrap();
                let read = KeptRevision::read(&path);
                assert!(
                    matches!(read, Err(StoreError::DamagedRevision(_))),
                    "{at}: {read:?}"
                );
            }
        }
    }
}
