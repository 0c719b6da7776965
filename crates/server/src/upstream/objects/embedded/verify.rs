//! Compares the data of an object with its checksum while it is read.

use futures_util::StreamExt as _;

use crate::{
    checksum::Crc64,
    upstream::objects::{DataStream, ObjectError},
};

/// The same data, or an error in place of its last piece if it is not `length` bytes with the
/// checksum `expected`. `damaged` is called then.
pub(super) fn verified(
    data: DataStream,
    length: u64,
    expected: u64,
    damaged: impl FnOnce() + Send + 'static,
) -> DataStream {
    let mut crc = Crc64::new();
    let mut read = 0;
    let mut damaged = Some(damaged);
    Box::pin(data.map(move |piece| {
        let piece = piece?;
        // A piece of 64 KiB takes a few microseconds.
        crc.update(&piece);
        read += piece.len() as u64;
        if read >= length && crc.value() != expected {
            if let Some(damaged) = damaged.take() {
                damaged();
            }
            return Err(ObjectError::Damaged);
        }
        Ok(piece)
    }))
}
