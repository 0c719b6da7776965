//! The audit log: one record in CloudTrail's format for each request, as a line of JSON.
//!
//! A record is handed to the operating system before the response is sent ([`Audit::write`]). If
//! that fails, the request fails, and requests that change something are rejected until the log
//! works again ([`Audit::check`]). Unwritten records wait in memory and are written first then.
//! Each record is one append of a whole line, so writers need no lock and lines do not mix.

mod record;

use std::{
    fs::File,
    io::{self, Write as _},
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use bowline_aws::error::AwsError;

use crate::{
    private_files::{appended_file, private_folder},
    request::{error::RequestError, record::RequestRecord},
};
pub(crate) use record::{Outcome, render};

/// Most bytes of unwritten records. Requests whose records do not fit are rejected all the same.
const MAX_WAITING_BYTES: usize = 1 << 20;

/// The destination of audit records.
#[derive(Debug)]
pub(crate) struct Audit {
    sink: Sink,
    /// Set while there are unwritten records.
    failing: AtomicBool,
    waiting: Mutex<Vec<u8>>,
    failures: AtomicU64,
}

#[derive(Debug)]
enum Sink {
    File(File),
    Stdout,
}

/// The audit log cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("writing the audit")]
pub(crate) struct AuditError(#[source] io::Error);

impl Audit {
    /// Appends to this file. The file and its folder are created for their owner alone.
    pub(crate) fn to_file(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent()
            && !folder.as_os_str().is_empty()
        {
            private_folder(folder)?;
        }
        Ok(Self::new(Sink::File(appended_file(path)?)))
    }

    /// Writes to standard output.
    pub(crate) fn to_stdout() -> Self {
        Self::new(Sink::Stdout)
    }

    fn new(sink: Sink) -> Self {
        Self {
            sink,
            failing: AtomicBool::new(false),
            waiting: Mutex::default(),
            failures: AtomicU64::new(0),
        }
    }

    /// Hands a line, which ends with a line feed, to the operating system.
    ///
    /// # Errors
    /// [`AuditError`]; the record is written later.
    pub(crate) fn write(&self, line: &[u8]) -> Result<(), AuditError> {
        if let Err(AuditError(error)) = self.check() {
            return Err(self.wait(line, false, error));
        }
        match self.sink.append(line) {
            Ok(n) if n == line.len() => Ok(()),
            Ok(n) => Err(self.wait(line, n > 0, io::ErrorKind::WriteZero.into())),
            Err(error) => Err(self.wait(line, false, error)),
        }
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
            match self.sink.append(&waiting) {
                Ok(0) => return Err(AuditError(io::ErrorKind::WriteZero.into())),
                Ok(n) => drop(waiting.drain(..n)),
                Err(error) => return Err(AuditError(error)),
            }
        }
        self.failing.store(false, Ordering::Release);
        tracing::info!("The audit is written again");
        Ok(())
    }

    /// The same check before an operation that changes something: no change happens that cannot be
    /// recorded.
    ///
    /// # Errors
    /// An internal error, in the format of the record's service.
    pub(crate) fn check_before(&self, record: &RequestRecord<'_>) -> Result<(), RequestError> {
        if record.reads_only() {
            return Ok(());
        }
        self.check().map_err(|error| {
            RequestError::new(AwsError::internal(record.service.protocol()), &error)
        })
    }

    /// Records that could not be written at once.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Keeps a record for later.
    fn wait(&self, line: &[u8], torn: bool, error: io::Error) -> AuditError {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() + line.len() < MAX_WAITING_BYTES {
            // After a partial write the whole record follows on a line of its own.
            waiting.extend_from_slice(if torn { b"\n" } else { b"" });
            waiting.extend_from_slice(line);
        }
        self.failing.store(true, Ordering::Release);
        self.failures.fetch_add(1, Ordering::Relaxed);
        tracing::error!(%error, "The audit cannot be written; calls are refused until it can");
        AuditError(error)
    }
}

impl Sink {
    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            let written = match self {
                Self::File(file) => {
                    let mut file = file;
                    file.write(bytes)
                }
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
mod tests {
    use super::*;

    #[test]
    fn lines_are_appended_to_an_existing_file() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("audit/audit.jsonl");
        Audit::to_file(&path).unwrap().write(b"one\n").unwrap();
        Audit::to_file(&path).unwrap().write(b"two\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
    }

    #[test]
    fn an_unwritten_record_waits_and_holds_up_the_next() {
        // A device that is always full.
        let full = File::options().append(true).open("/dev/full").unwrap();
        let mut audit = Audit::new(Sink::File(full));
        assert!(audit.write(b"one\n").is_err());
        assert!(audit.check().is_err());
        assert!(audit.write(b"two\n").is_err());
        assert_eq!(audit.failures(), 2);

        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("audit");
        let writable = File::options().append(true).create(true).open(&path);
        audit.sink = Sink::File(writable.unwrap());
        audit.write(b"three\n").unwrap();
        let written = std::fs::read_to_string(&path).unwrap();
        assert_eq!(written, "one\ntwo\nthree\n");
    }
}
