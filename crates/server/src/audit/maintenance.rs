//! What the audit does beside records: reads the disk, ends and deletes files, writes summaries.
//!
//! It has a thread of its own, since a disk may be slow and must not hold up requests.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use super::{Audit, Sink, file::LogFiles, space::Level, summary};
use crate::clock::Clock;

/// How often the disk is read while there is room.
const INTERVAL: Duration = Duration::from_secs(1);
/// How often it is read otherwise.
const INTERVAL_IF_LOW: Duration = Duration::from_millis(100);
/// How often summaries are written: a server that is killed loses what was counted since.
const SUMMARY_INTERVAL: SignedDuration = SignedDuration::from_secs(1);

/// The running maintenance of an audit.
#[derive(Debug)]
pub(crate) struct Maintenance {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Maintenance {
    /// Starts the maintenance.
    ///
    /// # Errors
    /// If the operating system has no thread.
    pub(crate) fn start(audit: Arc<Audit>, clock: Clock) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let run = move || {
            let mut summarized = clock.now();
            while !stopped.load(Ordering::Acquire) {
                let now = clock.now();
                audit.maintain_files(now);
                let since = now.duration_since(summarized).abs();
                if since >= SUMMARY_INTERVAL {
                    summarized = now;
                    audit.write_summaries(now);
                }
                let interval = match audit.level() {
                    // Not a whole interval more than once between two summaries.
                    Level::Ample if since < SUMMARY_INTERVAL => {
                        let left = Duration::try_from(SUMMARY_INTERVAL - since);
                        left.unwrap_or(INTERVAL).min(INTERVAL)
                    }
                    Level::Ample => INTERVAL,
                    Level::Low | Level::Reserve | Level::ChangesOnly | Level::Exhausted => {
                        INTERVAL_IF_LOW
                    }
                };
                thread::park_timeout(interval);
            }
            audit.write_summaries(clock.now());
        };
        let thread = thread::Builder::new().name("audit".to_owned()).spawn(run)?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }

    /// Ends it, after the last summaries.
    pub(crate) fn finish(mut self) {
        self.signal();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has ended as well.
            let _ = thread.join();
        }
    }

    fn signal(&self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for Maintenance {
    fn drop(&mut self) {
        self.signal();
    }
}

impl Audit {
    /// Reads the disk, rotates and deletes files.
    pub(super) fn maintain_files(&self, now: Timestamp) {
        let refreshed = self.reserve.as_ref().map(|reserve| {
            let refreshed = reserve.refresh();
            refreshed.map(|()| reserve.total())
        });
        let total = match refreshed {
            Some(Ok(total)) => total,
            None => u64::MAX,
            Some(Err(error)) => {
                tracing::warn!(%error, "The disk of the audit cannot be read");
                return;
            }
        };
        if let Sink::Files(files) = &self.sink
            && let Err(error) = LogFiles::maintain(files, total, now)
        {
            tracing::warn!(%error, "The files of the audit cannot be rotated");
        }
    }

    /// Writes summaries of the records that were counted. They take from the budget of their
    /// source, so that they displace records and never add to them. While the disk is low they
    /// wait.
    pub(super) fn write_summaries(&self, now: Timestamp) {
        if self.level() >= Level::Reserve || self.check().is_err() {
            return;
        }
        for due in self.budgets.take_due(now) {
            let line = summary::render(&due, &self.ids.next().event);
            match self.sink.append(&line, Some(now)) {
                Ok(n) if n == line.len() => {
                    self.budgets.charge(due.source, n, now);
                    self.summaries.fetch_add(1, Ordering::Relaxed);
                }
                Ok(n) => {
                    if n > 0 {
                        self.wait(b"\n", false);
                    }
                    self.budgets.put_back(due);
                }
                Err(_) => self.budgets.put_back(due),
            }
        }
    }
}
