//! The end of an object's file: its metadata behind its data, so that one file has both.
//!
//! `data | metadata (postcard) | checksum of the metadata (u64) | length of the metadata (u32) |
//! magic`, numbers in little endian. The metadata has the CRC-64/NVME of the data, and the
//! generation of the object, which the index compares (`index.rs`). The checksum of the metadata
//! covers bucket, key and magic too, so a file in the place of another is noticed.
//!
//! Files of format 2 have no generation. Files of format 1 have neither checksum: their data is
//! compared with their entity tag, the MD5 of the data, by `bowline store check` alone. Earlier
//! versions do not read format 3.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Write as _},
    os::unix::fs::FileExt as _,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    checksum::crc64,
    upstream::objects::{ETag, ObjectChecksum, ObjectError, ObjectInfo},
};

/// Ends every object file of format 3; its last digit is the version of the format.
const MAGIC: &[u8; 8] = b"bwlobj-3";
/// The same, of format 2.
const MAGIC_2: &[u8; 8] = b"bwlobj-2";
/// The same, of format 1.
const MAGIC_1: &[u8; 8] = b"bwlobj-1";
/// The length of checksum, length and magic.
const TAIL_BYTES: u64 = 20;
/// The length of length and magic, in format 1.
const TAIL_BYTES_1: u64 = 12;
/// The most bytes of metadata. User metadata and the six headers have limits well below.
const MAX_METADATA_BYTES: u32 = 64 << 10;

/// The object that a file is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name<'a> {
    pub(super) bucket: &'a str,
    pub(super) key: &'a str,
}

/// An object's file, as its end describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Footer {
    pub(super) info: ObjectInfo,
    /// The CRC-64/NVME of the data. `None` in format 1.
    pub(super) data_checksum: Option<u64>,
    /// Rises with each object that the store gets. Zero in formats 1 and 2.
    pub(super) generation: u64,
}

/// The stored form of [`ObjectInfo`].
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
pub(super) fn write(
    file: &mut File,
    name: Name<'_>,
    info: &ObjectInfo,
    data_checksum: u64,
    generation: u64,
) -> Result<(), ObjectError> {
    let metadata = (Metadata::from(info), data_checksum, generation);
    let mut footer = postcard::to_allocvec(&metadata).map_err(|_| ObjectError::Damaged)?;
    let length = u32::try_from(footer.len()).ok();
    let length = length.filter(|length| *length <= MAX_METADATA_BYTES);
    footer.extend(name.checksum(&footer, &[MAGIC]).to_le_bytes());
    footer.extend(length.ok_or(ObjectError::Damaged)?.to_le_bytes());
    footer.extend(MAGIC);
    Ok(file.write_all(&footer)?)
}

/// Reads metadata, and checks that it is this object's and that the data has the length that it
/// states.
pub(super) fn read(file: &File, name: Name<'_>) -> Result<Footer, ObjectError> {
    let size = file.metadata()?.len();
    let at = size.checked_sub(TAIL_BYTES_1).ok_or(ObjectError::Damaged)?;
    let mut tail = [0; 12];
    read_at(file, &mut tail, at)?;
    let (length, magic) = tail.split_first_chunk::<4>().ok_or(ObjectError::Damaged)?;
    let length = u32::from_le_bytes(*length);
    let tail_bytes = match magic {
        _ if length > MAX_METADATA_BYTES => return Err(ObjectError::Damaged),
        magic if magic == MAGIC || magic == MAGIC_2 => TAIL_BYTES,
        magic if magic == MAGIC_1 => TAIL_BYTES_1,
        _ => return Err(ObjectError::Damaged),
    };
    let at = size
        .checked_sub(tail_bytes + u64::from(length))
        .ok_or(ObjectError::Damaged)?;
    let mut footer = vec![0; length as usize + 8];
    read_at(file, &mut footer, at)?;
    let (metadata, checksum) = footer.split_last_chunk::<8>().ok_or(ObjectError::Damaged)?;
    // A flipped bit must not make it a file of the format before.
    let covered: &[&[u8]] = if magic == MAGIC { &[MAGIC] } else { &[] };
    if tail_bytes == TAIL_BYTES && name.checksum(metadata, covered) != u64::from_le_bytes(*checksum)
    {
        return Err(ObjectError::Damaged);
    }
    let (metadata, data_checksum, generation) = if magic == MAGIC {
        let (read, checksum, generation): (Metadata, u64, u64) = decode(metadata)?;
        (read, Some(checksum), generation)
    } else if magic == MAGIC_2 {
        let (read, checksum): (Metadata, u64) = decode(metadata)?;
        (read, Some(checksum), 0)
    } else {
        (decode(metadata)?, None, 0)
    };
    if metadata.length != at {
        return Err(ObjectError::Damaged);
    }
    Ok(Footer {
        info: metadata.try_into()?,
        data_checksum,
        generation,
    })
}

fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, ObjectError> {
    postcard::from_bytes(bytes).map_err(|_| ObjectError::Damaged)
}

impl Name<'_> {
    /// The checksum of metadata of this object, and of what else its format covers.
    fn checksum(self, metadata: &[u8], others: &[&[u8]]) -> u64 {
        let name = [self.bucket.as_bytes(), self.key.as_bytes(), metadata];
        crc64(&[&name, others].concat())
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
pub(super) mod tests {
    use std::{fmt::Write as _, path::Path};

    use super::*;

    const NAME: Name<'_> = Name {
        bucket: "b",
        key: "k",
    };

    fn info() -> ObjectInfo {
        ObjectInfo {
            length: 0,
            etag: ETag::new("ab"),
            modified: Timestamp::from_millisecond(1).unwrap(),
            headers: BTreeMap::from([("k".to_owned(), "v".to_owned())]),
            user: BTreeMap::new(),
            checksum: Some(ObjectChecksum {
                header: "h".to_owned(),
                value: "c".to_owned(),
            }),
        }
    }

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    #[test]
    fn a_stored_object_has_the_bytes_of_format_3() {
        let mut stored = tempfile::NamedTempFile::new().unwrap();
        write(stored.as_file_mut(), NAME, &info(), 5, 9).unwrap();
        let bytes = std::fs::read(stored.path()).unwrap();
        let mut hex = String::new();
        for byte in &bytes {
            write!(hex, "{byte:02x}").unwrap();
        }
        insta::assert_snapshot!(hex, @"000261620201016b01760001016801630509490aafaf965f0d091200000062776c6f626a2d33");
        let expected = Footer {
            info: info(),
            data_checksum: Some(5),
            generation: 9,
        };
        assert_eq!(read(stored.as_file(), NAME).unwrap(), expected);
        let moved = Name {
            key: "other",
            ..NAME
        };
        assert!(read(stored.as_file(), moved).is_err());
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&file(&flipped), NAME).is_err(), "{bit}");
        }
    }

    /// Rewrites an object's file as an earlier version wrote it.
    pub(in super::super) fn as_format_2(path: &Path, name: Name<'_>) {
        let footer = read(&File::open(path).unwrap(), name).unwrap();
        let metadata = (Metadata::from(&footer.info), footer.data_checksum.unwrap());
        let metadata = postcard::to_allocvec(&metadata).unwrap();
        let mut bytes = std::fs::read(path).unwrap();
        bytes.truncate(usize::try_from(footer.info.length).unwrap());
        bytes.extend(&metadata);
        bytes.extend(name.checksum(&metadata, &[]).to_le_bytes());
        bytes.extend(u32::try_from(metadata.len()).unwrap().to_le_bytes());
        bytes.extend(MAGIC_2);
        std::fs::write(path, bytes).unwrap();
    }

    #[test]
    fn objects_of_earlier_formats_are_read() {
        let format_1 = "000261620201016b01760001016801631000000062776c6f626a2d31";
        let format_2 = "000261620201016b0176000101680163055879049d86027d4a1100000062776c6f626a2d32";
        for (hex, data_checksum) in [(format_1, None), (format_2, Some(5))] {
            let digits: Vec<_> = hex.as_bytes().chunks(2).collect();
            let byte =
                |pair: &&[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
            let bytes: Vec<u8> = digits.iter().map(byte).collect();
            let expected = Footer {
                info: info(),
                data_checksum,
                generation: 0,
            };
            assert_eq!(read(&file(&bytes), NAME).unwrap(), expected);
        }
    }
}
