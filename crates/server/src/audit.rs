//! The audit log: one record in CloudTrail's format for each request, as a line of JSON.
//!
//! A record is handed to the operating system before the response is sent ([`Audit::record`]). If
//! that fails, the request fails, and requests that change something are rejected until the log
//! works again ([`Audit::check_before`]). Unwritten records wait in memory and are written first
//! then.
//!
//! Strangers cannot fill it: a record has a bounded size, records of callers that proved no
//! identity and denials have budgets beyond which they are counted in summaries, files rotate
//! within a bound, and the last part of the disk is kept for management events. A record that has
//! no budget takes no lock.

mod budget;
mod class;
mod file;
mod limits;
mod maintenance;
mod record;
mod space;
mod summary;

use std::{
    io::{self, Write as _},
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use bowline_aws::error::{AwsError, Code};
use jiff::Timestamp;

use crate::{
    metrics::Reading,
    request::{
        error::RequestError, record::RequestRecord, request_id::RequestIdGenerator,
        service::Service,
    },
};
use budget::{Admission, Budgets, Source};
use class::{Class, suppressed_kind};
use file::LogFiles;
pub use file::audit_files;
pub use limits::AuditLimits;
pub(crate) use maintenance::Maintenance;
pub(crate) use record::Outcome;
use record::{render, render_sample};
use space::{DiskReserve, Level};

/// Most bytes of unwritten records. Requests whose records do not fit are rejected all the same.
const MAX_WAITING_BYTES: usize = 1 << 20;

/// The destination of audit records.
#[derive(Debug)]
pub(crate) struct Audit {
    sink: Sink,
    /// The disk's last part. Standard output and devices have none.
    reserve: Option<DiskReserve>,
    budgets: Budgets,
    ids: RequestIdGenerator,
    /// Set while there are unwritten records.
    failing: AtomicBool,
    waiting: Mutex<Vec<u8>>,
    failures: AtomicU64,
    suppressed: AtomicU64,
    summaries: AtomicU64,
    cut: AtomicU64,
}

#[derive(Debug)]
enum Sink {
    Files(LogFiles),
    Stdout,
}

/// A record cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuditError {
    /// The log cannot be written.
    #[error("writing the audit")]
    Io(#[source] io::Error),
    /// What is left of the disk is kept for management events.
    #[error("the disk of the audit is nearly full, and what is left is kept for management events")]
    Reserved,
}

impl Audit {
    /// Appends to this file. The file and its folder are created for their owner alone.
    pub(crate) fn to_file(
        path: &Path,
        limits: AuditLimits,
        ids: RequestIdGenerator,
        now: Timestamp,
    ) -> io::Result<Self> {
        let files = LogFiles::open(path, limits, now)?;
        let reserve = files
            .is_regular()
            .then(|| DiskReserve::new(path, limits.reserve_bytes));
        let audit = Self::new(Sink::Files(files), reserve, limits, ids, now);
        audit.maintain_files(now);
        Ok(audit)
    }

    /// Writes to standard output.
    pub(crate) fn to_stdout(limits: AuditLimits, ids: RequestIdGenerator, now: Timestamp) -> Self {
        Self::new(Sink::Stdout, None, limits, ids, now)
    }

    fn new(
        sink: Sink,
        reserve: Option<DiskReserve>,
        limits: AuditLimits,
        ids: RequestIdGenerator,
        now: Timestamp,
    ) -> Self {
        Self {
            sink,
            reserve,
            budgets: Budgets::new(limits, now),
            ids,
            failing: AtomicBool::new(false),
            waiting: Mutex::default(),
            failures: AtomicU64::new(0),
            suppressed: AtomicU64::new(0),
            summaries: AtomicU64::new(0),
            cut: AtomicU64::new(0),
        }
    }

    /// Writes the record of a finished request, or counts it if its budget is used up.
    ///
    /// # Errors
    /// [`AuditError`]: the request fails. An unwritten record is written later, one that the
    /// reserve has no room for is counted.
    pub(crate) fn record(
        &self,
        record: &RequestRecord<'_>,
        outcome: Outcome<'_>,
    ) -> Result<(), AuditError> {
        let class = Class::of(record, outcome);
        let admits = self.level().admits(class);
        if let Class::Budgeted(source) = class {
            if !(admits && self.write_budgeted(source, record, outcome)) {
                self.suppress(source, record, outcome);
            }
            return Ok(());
        }
        if !admits {
            let account = record
                .caller()
                .map(|caller| Source::Account(caller.account()));
            let network = Source::network(record.head.peer.address);
            self.suppress(account.unwrap_or(network), record, outcome);
            return Err(AuditError::Reserved);
        }
        let line = self.render(record, outcome);
        self.write(&line, class == Class::Change, record.head.now)
    }

    /// Checks, before a permitted request is carried out, that its record can be written: no change
    /// happens that cannot be recorded.
    ///
    /// # Errors
    /// An internal error or `ServiceUnavailable`, in the format of the record's service.
    pub(crate) fn check_before(&self, record: &RequestRecord<'_>) -> Result<(), RequestError> {
        record.is_permitted.store(true, Ordering::Relaxed);
        let checked = if self.level().admits(Class::if_done(record)) {
            if record.reads_only() {
                return Ok(());
            }
            self.check()
        } else {
            Err(AuditError::Reserved)
        };
        checked.map_err(|error| {
            let client = error.to_aws(record.service);
            RequestError::new(client, &error)
        })
    }

    /// Checks that records can be written, after those that wait.
    ///
    /// # Errors
    /// [`AuditError`].
    pub(crate) fn check(&self) -> Result<(), AuditError> {
        if !self.failing.load(Ordering::Acquire) {
            return Ok(());
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while !waiting.is_empty() {
            match self.sink.append(&waiting, None) {
                Ok(0) => return Err(AuditError::Io(io::ErrorKind::WriteZero.into())),
                Ok(n) => drop(waiting.drain(..n)),
                Err(error) => return Err(AuditError::Io(error)),
            }
        }
        if self.failing.swap(false, Ordering::Release) {
            tracing::info!("The audit is written again");
        }
        Ok(())
    }

    /// Why requests cannot be recorded, or will soon not be.
    pub(crate) fn problem(&self) -> Option<AuditProblem> {
        if self.check().is_err() {
            return Some(AuditProblem::Broken("the audit cannot be written\n"));
        }
        match self.level() {
            Level::Exhausted => Some(AuditProblem::Broken(
                "the disk of the audit is full, and so is its reserve: make room\n",
            )),
            Level::Reserve | Level::ChangesOnly => Some(AuditProblem::Broken(
                "the disk of the audit is nearly full, and what is left is kept for management events: make room\n",
            )),
            Level::Low | Level::Ample if self.is_warning() => Some(AuditProblem::Warning(
                "the disk of the audit will soon be full: make room\n",
            )),
            Level::Low | Level::Ample => None,
        }
    }

    /// The numbers for metrics.
    pub(crate) fn readings(&self) -> Vec<Reading> {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let mut readings = vec![
            Reading::counter(
                "audit_failures",
                "Audit records that could not be written at once",
                count(&self.failures),
            ),
            Reading::counter(
                "audit_suppressed_records",
                "Audit records that were counted in a summary instead of being written",
                count(&self.suppressed),
            ),
            Reading::counter(
                "audit_summaries",
                "Summaries of audit records that were not written",
                count(&self.summaries),
            ),
            Reading::counter(
                "audit_cut_records",
                "Audit records of which a part was cut to keep them within 8 KiB",
                count(&self.cut),
            ),
        ];
        if let Sink::Files(files) = &self.sink {
            readings.extend([
                Reading::gauge(
                    "audit_bytes",
                    "Bytes of all audit files",
                    files.total_bytes(),
                ),
                Reading::gauge(
                    "audit_max_bytes",
                    "Bytes that the audit files may have together",
                    files.max_total_bytes(),
                ),
                Reading::counter(
                    "audit_rotations",
                    "Audit files that were ended because of their size or age",
                    files.rotations(),
                ),
                Reading::counter(
                    "audit_deleted_files",
                    "Audit files that were deleted to stay within the bound",
                    files.deletions(),
                ),
            ]);
        }
        if let Some(reserve) = &self.reserve {
            readings.extend([
                Reading::gauge(
                    "audit_disk_free_bytes",
                    "Free bytes of the disk that the audit is on",
                    reserve.free(),
                ),
                Reading::gauge(
                    "audit_disk_level",
                    "What the disk of the audit has room for: 0 everything, 1 denied requests are only counted, 2 management events alone, 3 changes by IAM and the operator API alone, 4 nothing",
                    reserve.level() as u64,
                ),
                Reading::gauge(
                    "audit_disk_warning",
                    "1 if the disk of the audit will soon be full",
                    u64::from(reserve.is_warning()),
                ),
            ]);
        }
        readings
    }

    fn level(&self) -> Level {
        self.reserve
            .as_ref()
            .map_or(Level::Ample, DiskReserve::level)
    }

    fn is_warning(&self) -> bool {
        self.reserve.as_ref().is_some_and(DiskReserve::is_warning)
    }

    fn render(&self, record: &RequestRecord<'_>, outcome: Outcome<'_>) -> Vec<u8> {
        let line = render(record, outcome);
        if line.is_cut {
            self.cut.fetch_add(1, Ordering::Relaxed);
        }
        line.bytes
    }

    /// Writes a record within its source's budget. Without a budget, or if it cannot be written,
    /// it is not.
    fn write_budgeted(
        &self,
        source: Source,
        record: &RequestRecord<'_>,
        outcome: Outcome<'_>,
    ) -> bool {
        let now = record.head.now;
        if self.budgets.admit(source, now) == Admission::Suppress || self.check().is_err() {
            return false;
        }
        let line = self.render(record, outcome);
        match self.sink.append(&line, Some(now)) {
            Ok(n) if n == line.len() => {
                self.budgets.charge(Some(source), n, now);
                true
            }
            Ok(n) => {
                // The next record begins on a line of its own.
                if n > 0 {
                    self.wait(b"\n", false);
                }
                false
            }
            Err(_) => false,
        }
    }

    fn suppress(&self, source: Source, record: &RequestRecord<'_>, outcome: Outcome<'_>) {
        self.suppressed.fetch_add(1, Ordering::Relaxed);
        let kind = suppressed_kind(record, outcome);
        let sample = || render_sample(record, outcome);
        self.budgets.suppress(source, kind, record.head.now, sample);
    }

    /// Writes the record of a change that no request makes. The line ends with a line feed.
    ///
    /// # Errors
    /// [`AuditError`].
    pub(crate) fn write_change(&self, line: &[u8], now: Timestamp) -> Result<(), AuditError> {
        self.write(line, true, now)
    }

    /// Hands a line, which ends with a line feed, to the operating system.
    fn write(&self, line: &[u8], is_change: bool, now: Timestamp) -> Result<(), AuditError> {
        if let Err(AuditError::Io(error)) = self.check() {
            self.wait(line, false);
            return Err(AuditError::Io(error));
        }
        loop {
            let (torn, error) = match self.sink.append(line, Some(now)) {
                Ok(n) if n == line.len() => return Ok(()),
                Ok(n) => (n > 0, io::ErrorKind::WriteZero.into()),
                Err(error) => (false, error),
            };
            let is_full = error.kind() == io::ErrorKind::StorageFull;
            let released =
                is_full && is_change && (self.reserve.as_ref()).is_some_and(DiskReserve::release);
            if !released {
                self.wait(line, torn);
                tracing::error!(%error, "The audit cannot be written; calls are refused until it can");
                return Err(AuditError::Io(error));
            }
        }
    }

    /// Keeps a record for later.
    fn wait(&self, line: &[u8], torn: bool) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() + line.len() < MAX_WAITING_BYTES {
            // After a partial write the whole record follows on a line of its own.
            waiting.extend_from_slice(if torn { b"\n" } else { b"" });
            waiting.extend_from_slice(line);
        }
        self.failing.store(true, Ordering::Release);
        self.failures.fetch_add(1, Ordering::Relaxed);
    }
}

/// Why requests cannot be recorded.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AuditProblem {
    /// Requests fail now.
    Broken(&'static str),
    /// They will fail soon.
    Warning(&'static str),
}

impl AuditError {
    /// The error for the client.
    pub(crate) fn to_aws(&self, service: Service) -> AwsError {
        match self {
            Self::Io(_) => AwsError::internal(service.protocol()),
            Self::Reserved => {
                let message = "The server has no room for the record of this request. Its operator has to make room.";
                AwsError::new(Code::InsufficientStorage, message)
            }
        }
    }
}

impl Sink {
    fn append(&self, bytes: &[u8], now: Option<Timestamp>) -> io::Result<usize> {
        loop {
            let written = match self {
                Self::Files(files) => files.append(bytes, now),
                Self::Stdout => {
                    let mut stdout = io::stdout().lock();
                    stdout
                        .write_all(bytes)
                        .and_then(|()| stdout.flush())
                        .map(|()| bytes.len())
                }
            };
            match written {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
