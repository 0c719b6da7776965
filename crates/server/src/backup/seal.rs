//! Seals the content of a backup piece by piece, and opens it again.

use std::io::{self, Read};

use zeroize::Zeroizing;

use super::{FRAME_HEADER_BYTES, FrameKind, ID_BYTES, MAGIC, MAX_SEALED_BYTES, PIECE_BYTES};
use crate::{
    checksum::Crc64,
    crypto::{
        master_key::MasterKey,
        seal::{OpenError, SealError},
    },
};

/// Why a backup does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenBackupError {
    /// It is no backup.
    #[error("this is not a backup")]
    NotABackup,
    /// Its end is missing.
    #[error("the backup is cut: its end is missing")]
    Cut,
    /// Bytes after its end.
    #[error("the backup has bytes after its end")]
    TooLong,
    /// A piece is not what was written.
    #[error("piece {0} of the backup is damaged")]
    Damaged(u64),
    /// A piece does not open.
    #[error("opening piece {position} of the backup")]
    Sealed {
        /// The number of the piece.
        position: u64,
        /// Why: most likely the master key is another one.
        #[source]
        source: OpenError,
    },
    /// It cannot be read.
    #[error("reading the backup")]
    Read(#[source] io::Error),
}

/// What a piece is sealed for.
fn context(id: &[u8; ID_BYTES], position: u64, kind: FrameKind) -> Vec<u8> {
    let mut context = Vec::with_capacity(ID_BYTES + 9);
    context.extend_from_slice(id);
    context.extend_from_slice(&position.to_le_bytes());
    context.push(kind as u8);
    context
}

/// Makes frames of the content.
pub(super) struct Sealer<'k> {
    master_key: &'k MasterKey,
    id: [u8; ID_BYTES],
    position: u64,
    piece: Zeroizing<Vec<u8>>,
}

impl<'k> Sealer<'k> {
    pub(super) fn new(master_key: &'k MasterKey, id: [u8; ID_BYTES]) -> Self {
        Self {
            master_key,
            id,
            position: 0,
            piece: Zeroizing::new(Vec::with_capacity(PIECE_BYTES)),
        }
    }

    /// What a backup begins with.
    pub(super) fn start(&self) -> Vec<u8> {
        [&MAGIC[..], &self.id].concat()
    }

    /// Takes content. Whole frames go to `send`.
    pub(super) fn add<E: From<SealError>>(
        &mut self,
        mut content: &[u8],
        mut send: impl FnMut(Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        while !content.is_empty() {
            let room = PIECE_BYTES - self.piece.len();
            let (now, later) = content.split_at(room.min(content.len()));
            self.piece.extend_from_slice(now);
            content = later;
            if self.piece.len() == PIECE_BYTES {
                send(self.frame(FrameKind::More)?)?;
            }
        }
        Ok(())
    }

    /// The last frame.
    pub(super) fn end(mut self) -> Result<Vec<u8>, SealError> {
        self.frame(FrameKind::Last)
    }

    fn frame(&mut self, kind: FrameKind) -> Result<Vec<u8>, SealError> {
        let context = context(&self.id, self.position, kind);
        let sealed = self.master_key.seal_backup(&context, &self.piece)?;
        self.position += 1;
        self.piece.clear();
        let mut frame = Vec::with_capacity(FRAME_HEADER_BYTES + sealed.len());
        frame.push(kind as u8);
        let length = u32::try_from(sealed.len()).map_err(|_| SealError)?;
        frame.extend_from_slice(&length.to_le_bytes());
        frame.extend_from_slice(&frame_checksum(&sealed).to_le_bytes());
        frame.extend_from_slice(&sealed);
        Ok(frame)
    }
}

pub(super) fn frame_checksum(sealed: &[u8]) -> u64 {
    let mut crc = Crc64::new();
    crc.update(sealed);
    crc.value()
}

/// The header of a frame: its kind, and length and checksum of what follows.
pub(super) fn frame_header(
    header: [u8; FRAME_HEADER_BYTES],
    position: u64,
) -> Result<(FrameKind, usize, u64), OpenBackupError> {
    let damaged = || OpenBackupError::Damaged(position);
    let [kind, a, b, c, d, checksum @ ..] = header;
    let kind = FrameKind::read(kind).ok_or_else(damaged)?;
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    if length > MAX_SEALED_BYTES {
        return Err(damaged());
    }
    Ok((kind, length, u64::from_le_bytes(checksum)))
}

/// Reads the content of a backup.
pub(super) struct Opener<'k, R> {
    master_key: &'k MasterKey,
    input: R,
    id: [u8; ID_BYTES],
    position: u64,
    is_last: bool,
    piece: Zeroizing<Vec<u8>>,
    read: usize,
    /// Bytes of the backup that were read.
    pub(super) bytes: u64,
}

impl<'k, R: Read> Opener<'k, R> {
    /// Reads the start.
    pub(super) fn new(master_key: &'k MasterKey, mut input: R) -> Result<Self, OpenBackupError> {
        let mut start = [0; MAGIC.len() + ID_BYTES];
        let read = fill(&mut input, &mut start);
        if matches!(read, Err(OpenBackupError::Cut)) {
            return Err(OpenBackupError::NotABackup);
        }
        read?;
        let (magic, id) = start.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(OpenBackupError::NotABackup);
        }
        Ok(Self {
            master_key,
            input,
            id: id.try_into().map_err(|_| OpenBackupError::NotABackup)?,
            position: 0,
            is_last: false,
            piece: Zeroizing::default(),
            read: 0,
            bytes: start.len() as u64,
        })
    }

    /// Reads content until the buffer is full.
    pub(super) fn fill(&mut self, mut buffer: &mut [u8]) -> Result<(), OpenBackupError> {
        while !buffer.is_empty() {
            let rest = self.piece.get(self.read..).unwrap_or_default();
            if rest.is_empty() {
                if self.is_last {
                    return Err(OpenBackupError::Cut);
                }
                self.next_piece()?;
                continue;
            }
            let length = rest.len().min(buffer.len());
            let (now, later) = buffer.split_at_mut(length);
            now.copy_from_slice(rest.get(..length).unwrap_or_default());
            self.read += length;
            buffer = later;
        }
        Ok(())
    }

    /// Checks that all content was read, and that the backup ends here.
    pub(super) fn end(mut self) -> Result<(), OpenBackupError> {
        while !self.is_last {
            if self.read < self.piece.len() {
                return Err(OpenBackupError::TooLong);
            }
            self.next_piece()?;
        }
        let mut more = [0];
        let is_complete = self.read == self.piece.len();
        match self.input.read(&mut more).map_err(OpenBackupError::Read)? {
            0 if is_complete => Ok(()),
            _ => Err(OpenBackupError::TooLong),
        }
    }

    fn next_piece(&mut self) -> Result<(), OpenBackupError> {
        let position = self.position;
        let mut header = [0; FRAME_HEADER_BYTES];
        fill(&mut self.input, &mut header)?;
        let (kind, length, checksum) = frame_header(header, position)?;
        let mut sealed = vec![0; length];
        fill(&mut self.input, &mut sealed)?;
        if frame_checksum(&sealed) != checksum {
            return Err(OpenBackupError::Damaged(position));
        }
        let context = context(&self.id, position, kind);
        let opened = self.master_key.open_backup(&context, &sealed);
        self.piece = opened.map_err(|source| OpenBackupError::Sealed { position, source })?;
        self.read = 0;
        self.position += 1;
        self.is_last = kind == FrameKind::Last;
        self.bytes += (FRAME_HEADER_BYTES + length) as u64;
        Ok(())
    }
}

fn fill(input: &mut impl Read, buffer: &mut [u8]) -> Result<(), OpenBackupError> {
    input.read_exact(buffer).map_err(|error| {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            OpenBackupError::Cut
        } else {
            OpenBackupError::Read(error)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(key: &MasterKey, content: &[u8]) -> Vec<u8> {
        let mut sealer = Sealer::new(key, [7; ID_BYTES]);
        let mut backup = sealer.start();
        let mut send = |frame: Vec<u8>| {
            backup.extend_from_slice(&frame);
            Ok::<_, SealError>(())
        };
        for part in content.chunks(100_000) {
            sealer.add(part, &mut send).unwrap();
        }
        backup.extend(sealer.end().unwrap());
        backup
    }

    fn opened(key: &MasterKey, backup: &[u8], length: usize) -> Result<Vec<u8>, OpenBackupError> {
        let mut opener = Opener::new(key, backup)?;
        let mut content = vec![0; length];
        opener.fill(&mut content)?;
        opener.end()?;
        Ok(content)
    }

    #[test]
    fn a_backup_opens_whole_or_not_at_all() {
        let key = MasterKey::generate().unwrap();
        for length in [0, 1, PIECE_BYTES, 2 * PIECE_BYTES + 5] {
            let content: Vec<u8> = (0..length).map(|n| n.to_le_bytes()[0]).collect();
            let backup = sealed(&key, &content);
            assert_eq!(opened(&key, &backup, length).unwrap(), content);
            for at in (0..backup.len()).step_by(backup.len() / 50 + 1) {
                let cut = opened(&key, &backup[..at], length);
                assert!(cut.is_err(), "{length} cut at {at}");
                let mut flipped = backup.clone();
                flipped[at] ^= 1;
                assert!(
                    opened(&key, &flipped, length).is_err(),
                    "{length} flipped at {at}"
                );
            }
            let longer = [&backup[..], b"x"].concat();
            assert!(opened(&key, &longer, length).is_err());
            let other = MasterKey::generate().unwrap();
            assert!(opened(&other, &backup, length).is_err());
        }
    }

    #[test]
    fn pieces_cannot_be_left_out_or_moved() {
        let key = MasterKey::generate().unwrap();
        let backup = sealed(&key, &vec![1; 3 * PIECE_BYTES]);
        let start = MAGIC.len() + ID_BYTES;
        // All whole frames have one length.
        let length = u32::from_le_bytes(backup[start + 1..start + 5].try_into().unwrap()) as usize;
        let whole = FRAME_HEADER_BYTES + length;
        let without_first = [&backup[..start], &backup[start + whole..]].concat();
        assert!(opened(&key, &without_first, 2 * PIECE_BYTES).is_err());
        let without_last = &backup[..start + 3 * whole];
        assert!(matches!(
            opened(&key, without_last, 3 * PIECE_BYTES),
            Err(OpenBackupError::Cut)
        ));
    }
}
