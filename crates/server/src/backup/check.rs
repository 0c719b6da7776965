//! Checks the frames of a backup as they pass: for the client, which has no master key.

use super::{
    FRAME_HEADER_BYTES, FrameKind, ID_BYTES, MAGIC,
    seal::{OpenBackupError, frame_checksum, frame_header},
};

/// Checks the frames of a backup.
#[derive(Debug, Default)]
pub struct FrameCheck {
    waiting: Vec<u8>,
    position: u64,
    has_started: bool,
    is_complete: bool,
}

impl FrameCheck {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`OpenBackupError`]: a frame is not what the server sent.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), OpenBackupError> {
        self.waiting.extend_from_slice(bytes);
        if !self.has_started {
            let Some(start) = self.waiting.get(..MAGIC.len() + ID_BYTES) else {
                return Ok(());
            };
            if !start.starts_with(MAGIC) {
                return Err(OpenBackupError::NotABackup);
            }
            self.waiting.drain(..MAGIC.len() + ID_BYTES);
            self.has_started = true;
        }
        while let Some(header) = self.waiting.first_chunk::<FRAME_HEADER_BYTES>() {
            if self.is_complete {
                return Err(OpenBackupError::TooLong);
            }
            let (kind, length, checksum) = frame_header(*header, self.position)?;
            let end = FRAME_HEADER_BYTES + length;
            let Some(sealed) = self.waiting.get(FRAME_HEADER_BYTES..end) else {
                return Ok(());
            };
            if frame_checksum(sealed) != checksum {
                return Err(OpenBackupError::Damaged(self.position));
            }
            self.waiting.drain(..end);
            self.position += 1;
            self.is_complete = kind == FrameKind::Last;
        }
        Ok(())
    }

    /// Checks that the last frame was among them.
    ///
    /// # Errors
    /// [`OpenBackupError::Cut`], or bytes after the end.
    pub fn end(&self) -> Result<(), OpenBackupError> {
        if !self.is_complete {
            Err(OpenBackupError::Cut)
        } else if self.waiting.is_empty() {
            Ok(())
        } else {
            Err(OpenBackupError::TooLong)
        }
    }
}
