//! The content of a backup: a manifest, the records of identity data, and files.
//!
//! Each entry is `length (u32) | header (JSON)`, and for records and files what the header counts.

use serde::{Deserialize, Serialize};

/// The format of the content.
pub(super) const FORMAT: u32 = 1;
/// Most bytes of a header. Paths have at most 4,096.
pub(super) const MAX_HEADER_BYTES: usize = 64 << 10;

/// The header of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Entry {
    /// The first.
    Manifest(Manifest),
    /// A record: its value follows.
    Record {
        key: String,
        revision: u64,
        length: u64,
    },
    /// A file, relative to the data folder: its content follows.
    File { path: String, length: u64 },
    /// The last.
    End,
}

/// What a backup is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The format of the content.
    pub format: u32,
    /// The version that wrote it.
    pub version: String,
    /// When it was begun.
    pub created: String,
    /// The revision of identity data.
    pub revision: u64,
    /// How many records there are.
    pub records: u64,
    /// The audit file at that moment, and how many bytes it had. `None` if there is no file.
    pub audit: Option<AuditPosition>,
}

/// A position in the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditPosition {
    /// The file.
    pub file: String,
    /// Its length.
    pub bytes: u64,
}

impl Entry {
    /// The bytes of the entry, without what follows.
    pub(super) fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        let json = serde_json::to_vec(self)?;
        let length = u32::try_from(json.len()).unwrap_or(u32::MAX);
        Ok([&length.to_le_bytes()[..], &json].concat())
    }
}
