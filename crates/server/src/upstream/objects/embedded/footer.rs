//! The end of an object's file: its metadata, behind its data, so that both are one file and come and go together.
//!
//! `data | metadata (postcard) | length of the metadata (u32, little endian) | magic`.

use std::{
    fs::File,
    io::{self, Write as _},
    os::unix::fs::FileExt as _,
};

use crate::upstream::objects::{ObjectError, ObjectInfo};

/// Ends every object file; its last digit is the format's version.
const MAGIC: &[u8; 8] = b"bwlobj-1";
/// Length and magic.
const TAIL: u64 = 12;
/// The most bytes of metadata: user metadata and six headers have bounds well below.
const MAX: u32 = 64 << 10;

/// Writes metadata behind the data.
pub(super) fn write(file: &mut File, info: &ObjectInfo) -> Result<(), ObjectError> {
    let mut footer = postcard::to_allocvec(info).map_err(|_| ObjectError::Damaged)?;
    let length = u32::try_from(footer.len()).ok().filter(|n| *n <= MAX);
    footer.extend(length.ok_or(ObjectError::Damaged)?.to_le_bytes());
    footer.extend(MAGIC);
    Ok(file.write_all(&footer)?)
}

/// Reads metadata, and checks that the data is as long as it says.
pub(super) fn read(file: &File) -> Result<ObjectInfo, ObjectError> {
    let size = file.metadata()?.len();
    let at = size.checked_sub(TAIL).ok_or(ObjectError::Damaged)?;
    let mut tail = [0; 12];
    read_at(file, &mut tail, at)?;
    let (length, magic) = tail.split_first_chunk::<4>().ok_or(ObjectError::Damaged)?;
    let length = u32::from_le_bytes(*length);
    if magic != MAGIC || length > MAX {
        return Err(ObjectError::Damaged);
    }
    let at = at
        .checked_sub(u64::from(length))
        .ok_or(ObjectError::Damaged)?;
    let mut footer = vec![0; length as usize];
    read_at(file, &mut footer, at)?;
    let info: ObjectInfo = postcard::from_bytes(&footer).map_err(|_| ObjectError::Damaged)?;
    if info.length == at {
        Ok(info)
    } else {
        Err(ObjectError::Damaged)
    }
}

fn read_at(file: &File, buffer: &mut [u8], at: u64) -> Result<(), ObjectError> {
    file.read_exact_at(buffer, at).map_err(|error| {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            ObjectError::Damaged
        } else {
            ObjectError::Io(error)
        }
    })
}
