//! `100 Continue` for requests whose body is empty.
//!
//! HTTP's implementation sends it once a body is read, and it never reads an empty one. S3 sends it
//! for those too, and clients rely on it: the AWS CLI takes a final response that arrives first for
//! the interim one, and waits a minute for the next.

use std::sync::atomic::{AtomicBool, Ordering};

use http::{HeaderMap, Version, header};

/// The response, on the wire.
pub(super) const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Whether a connection owes its client the response.
#[derive(Debug, Default)]
pub(super) struct InterimResponse {
    /// Bytes of an earlier response may not be sent yet.
    unsent: AtomicBool,
    owed: AtomicBool,
}

impl InterimResponse {
    /// Something is written.
    pub(super) fn write_begins(&self) {
        self.unsent.store(true, Ordering::Relaxed);
    }

    /// All that was to be written is.
    pub(super) fn all_written(&self) {
        self.unsent.store(false, Ordering::Relaxed);
    }

    /// The response goes before what is written next, which is the final response. False if that
    /// could be the rest of an earlier one: the client did not wait for it.
    pub(super) fn owe(&self) -> bool {
        let next = !self.unsent.load(Ordering::Relaxed);
        self.owed.store(next, Ordering::Relaxed);
        next
    }

    /// Whether the response is to be written now. The next call returns false.
    pub(super) fn take(&self) -> bool {
        self.owed.load(Ordering::Relaxed) && self.owed.swap(false, Ordering::Relaxed)
    }
}

/// Whether a client waits for the response before it sends the body.
pub(super) fn is_expected(version: Version, headers: &HeaderMap) -> bool {
    let expect = headers.get(header::EXPECT);
    version > Version::HTTP_10
        && expect.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}
