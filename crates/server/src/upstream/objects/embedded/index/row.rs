//! A row: what the index knows of an object, with a checksum that covers its bucket and key.

use std::{collections::BTreeMap, fs::Metadata, io, os::unix::fs::MetadataExt as _};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::super::footer::Footer;
use crate::{
    checksum::crc64,
    upstream::objects::{ETag, ObjectChecksum, ObjectInfo},
};

/// The entity tag that listings show of an object whose metadata was damaged when it got its row.
const DAMAGED: &str = "damaged";

/// What the index knows of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Row {
    /// The generation of its file.
    pub(in super::super) generation: u64,
    /// The length of the data in bytes.
    length: u64,
    etag: String,
    /// Milliseconds since 1970.
    modified: i64,
    /// Header name and base64 value.
    checksum: Option<(String, String)>,
    /// The file, as it was when the row was written.
    pub(in super::super) stamp: Stamp,
}

/// Says whether a file is the same as before without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Stamp {
    length: u64,
    /// When its bytes were written: seconds and nanoseconds.
    written: (i64, i64),
}

/// A file, compared with its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Agreement {
    /// It is the file that the row is about.
    Same,
    /// It was stored later: a crash lost the row.
    Newer,
    /// It was stored earlier, or by another store.
    Older,
}

impl Stamp {
    pub(in super::super) fn of(file: &Metadata) -> Self {
        Self {
            length: file.len(),
            written: (file.mtime(), file.mtime_nsec()),
        }
    }

    pub(in super::super) fn read(file: &std::fs::File) -> io::Result<Self> {
        Ok(Self::of(&file.metadata()?))
    }
}

impl Row {
    /// The row of a stored object.
    pub(in super::super) fn new(info: &ObjectInfo, generation: u64, stamp: Stamp) -> Self {
        let checksum = info.checksum.as_ref();
        Self {
            generation,
            length: info.length,
            etag: info.etag.as_str().to_owned(),
            modified: info.modified.as_millisecond(),
            checksum: checksum.map(|checksum| (checksum.header.clone(), checksum.value.clone())),
            stamp,
        }
    }

    /// The row of a file whose metadata is damaged.
    pub(in super::super) fn damaged(stamp: Stamp) -> Self {
        Self {
            generation: 0,
            length: 0,
            etag: DAMAGED.to_owned(),
            modified: 0,
            checksum: None,
            stamp,
        }
    }

    /// Compares a file with its row.
    pub(in super::super) fn compare(&self, footer: &Footer) -> Agreement {
        let info = &footer.info;
        if footer.generation > self.generation || self.etag == DAMAGED {
            Agreement::Newer
        } else if footer.generation == self.generation
            && info.etag.as_str() == self.etag
            && info.length == self.length
            && info.modified.as_millisecond() == self.modified
        {
            Agreement::Same
        } else {
            Agreement::Older
        }
    }

    /// What listings show of it.
    pub(in super::super) fn info(self) -> ObjectInfo {
        let modified = Timestamp::from_millisecond(self.modified).unwrap_or_default();
        ObjectInfo {
            length: self.length,
            etag: ETag::new(self.etag),
            modified,
            headers: BTreeMap::new(),
            user: BTreeMap::new(),
            checksum: self
                .checksum
                .map(|(header, value)| ObjectChecksum { header, value }),
        }
    }

    pub(super) fn encode(&self, bucket: &str, key: &str) -> Vec<u8> {
        seal(&[bucket.as_bytes(), key.as_bytes()], self)
    }

    /// `None` if it is damaged.
    pub(super) fn decode(bucket: &str, key: &str, stored: &[u8]) -> Option<Self> {
        unseal(&[bucket.as_bytes(), key.as_bytes()], stored)
    }
}

/// A value with a checksum that covers its name.
pub(super) fn seal(name: &[&[u8]], value: &impl Serialize) -> Vec<u8> {
    // Serializing these types does not fail. If it did, the row would be read as damaged.
    let mut bytes = postcard::to_allocvec(value).unwrap_or_default();
    bytes.extend(checksum(name, &bytes).to_le_bytes());
    bytes
}

/// Reads such a value; `None` if it is damaged.
pub(super) fn unseal<T: DeserializeOwned>(name: &[&[u8]], stored: &[u8]) -> Option<T> {
    let (bytes, sum) = stored.split_last_chunk::<8>()?;
    (checksum(name, bytes) == u64::from_le_bytes(*sum))
        .then(|| postcard::from_bytes(bytes).ok())
        .flatten()
}

fn checksum(name: &[&[u8]], bytes: &[u8]) -> u64 {
    let mut parts = name.to_vec();
    parts.push(bytes);
    crc64(&parts)
}
