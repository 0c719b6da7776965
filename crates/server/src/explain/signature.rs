//! What an explanation shows of a signature that does not match.

use serde::Serialize;

use super::explanation::truncated;
use crate::request::{error::RequestError, record::RequestRecord};

/// Most bytes of the canonical request.
const MAX_CANONICAL_BYTES: usize = 4 * 1024;

/// What the server saw. It has no signature and no session token.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignatureView {
    host: Option<String>,
    path: String,
    canonical_request: String,
    hint: String,
}

impl SignatureView {
    pub(super) fn of(record: &RequestRecord<'_>, error: &RequestError) -> Option<Self> {
        let canonical = error.more.as_ref()?.canonical_request.as_ref()?;
        let end = canonical.floor_char_boundary(MAX_CANONICAL_BYTES);
        let mut canonical_request = canonical.get(..end)?.to_owned();
        if end < canonical.len() {
            canonical_request.push_str("...");
        }
        let host = record.head.header("host").map(truncated);
        let forwarded = record.head.header("x-forwarded-host").map(truncated);
        let hint = match (forwarded, &host) {
            (Some(forwarded), Some(host)) if forwarded != *host => format!(
                "a proxy received the request for the host {forwarded} and sends it on for {host}: configure it to keep the Host header"
            ),
            _ => "if the secret key is right, compare host and path with those that the client signed: the usual cause is a proxy that rewrites Host, or a path".to_owned(),
        };
        Some(Self {
            host,
            path: truncated(record.head.path()),
            canonical_request,
            hint,
        })
    }

    /// Bytes that its texts take.
    pub(super) fn size(&self) -> usize {
        let host = self.host.as_ref().map_or(0, String::len);
        host + self.path.len() + self.canonical_request.len() + self.hint.len()
    }
}
