//! The end of an object's file: its metadata behind its data, so that one file has both.
//!
//! `data | metadata (postcard) | length of the metadata (u32, little endian) | magic`.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Write as _},
    os::unix::fs::FileExt as _,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::upstream::objects::{ETag, ObjectChecksum, ObjectError, ObjectInfo};

/// Ends every object file; its last digit is the version of the format.
const MAGIC: &[u8; 8] = b"bwlobj-1";
/// The length of length and magic.
const TAIL_BYTES: u64 = 12;
/// The most bytes of metadata. User metadata and the six headers have limits well below.
const MAX_METADATA_BYTES: u32 = 64 << 10;

/// The stored form of [`ObjectInfo`], in format 1.
#[derive(Debug, Serialize, Deserialize)]
struct Metadata {
    length: u64,
    /// The MD5 of the data in hexadecimal.
    etag: String,
    /// Milliseconds since 1970.
    modified: i64,
    headers: BTreeMap<String, String>,
    user: BTreeMap<String, String>,
    /// Header name and base64 value.
    checksum: Option<(String, String)>,
}

impl From<&ObjectInfo> for Metadata {
    fn from(info: &ObjectInfo) -> Self {
        let checksum = info.checksum.as_ref();
        Self {
            length: info.length,
            etag: info.etag.as_str().to_owned(),
            modified: info.modified.as_millisecond(),
            headers: info.headers.clone(),
            user: info.user.clone(),
            checksum: checksum.map(|checksum| (checksum.header.clone(), checksum.value.clone())),
        }
    }
}

impl TryFrom<Metadata> for ObjectInfo {
    type Error = ObjectError;

    fn try_from(stored: Metadata) -> Result<Self, ObjectError> {
        let modified = Timestamp::from_millisecond(stored.modified);
        let checksum = stored.checksum;
        Ok(Self {
            length: stored.length,
            etag: ETag::new(stored.etag),
            modified: modified.map_err(|_| ObjectError::Damaged)?,
            headers: stored.headers,
            user: stored.user,
            checksum: checksum.map(|(header, value)| ObjectChecksum { header, value }),
        })
    }
}

/// Writes metadata behind the data.
pub(super) fn write(file: &mut File, info: &ObjectInfo) -> Result<(), ObjectError> {
    let metadata = Metadata::from(info);
    let mut footer = postcard::to_allocvec(&metadata).map_err(|_| ObjectError::Damaged)?;
    let length = u32::try_from(footer.len()).ok();
    let length = length.filter(|length| *length <= MAX_METADATA_BYTES);
    footer.extend(length.ok_or(ObjectError::Damaged)?.to_le_bytes());
    footer.extend(MAGIC);
    Ok(file.write_all(&footer)?)
}

/// Reads metadata, and checks that the data has the length that it states.
pub(super) fn read(file: &File) -> Result<ObjectInfo, ObjectError> {
    let size = file.metadata()?.len();
    let at = size.checked_sub(TAIL_BYTES).ok_or(ObjectError::Damaged)?;
    let mut tail = [0; 12];
    read_at(file, &mut tail, at)?;
    let (length, magic) = tail.split_first_chunk::<4>().ok_or(ObjectError::Damaged)?;
    let length = u32::from_le_bytes(*length);
    if magic != MAGIC || length > MAX_METADATA_BYTES {
        return Err(ObjectError::Damaged);
    }
    let at = at
        .checked_sub(u64::from(length))
        .ok_or(ObjectError::Damaged)?;
    let mut footer = vec![0; length as usize];
    read_at(file, &mut footer, at)?;
    let metadata: Metadata = postcard::from_bytes(&footer).map_err(|_| ObjectError::Damaged)?;
    if metadata.length == at {
        metadata.try_into()
    } else {
        Err(ObjectError::Damaged)
    }
}

fn read_at(file: &File, buffer: &mut [u8], at: u64) -> Result<(), ObjectError> {
    file.read_exact_at(buffer, at).map_err(|error| {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            ObjectError::Damaged
        } else {
            error.into()
        }
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn a_stored_object_has_the_bytes_of_format_1() {
        let info = ObjectInfo {
            length: 0,
            etag: ETag::new("ab"),
            modified: Timestamp::from_millisecond(1).unwrap(),
            headers: BTreeMap::from([("k".to_owned(), "v".to_owned())]),
            user: BTreeMap::new(),
            checksum: Some(ObjectChecksum {
                header: "h".to_owned(),
                value: "c".to_owned(),
            }),
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("object");
        write(&mut File::create(&path).unwrap(), &info).unwrap();
        let mut hex = String::new();
        for byte in std::fs::read(&path).unwrap() {
            write!(hex, "{byte:02x}").unwrap();
        }
        assert_eq!(
            hex,
            "000261620201016b01760001016801631000000062776c6f626a2d31"
        );
        assert_eq!(read(&File::open(&path).unwrap()).unwrap(), info);
    }
}
