//! Backups: everything that a server has at one revision, as a stream of sealed pieces.
//!
//! A backup is crash-consistent: writes are paused for the moment in which identity data is read,
//! objects are linked and a snapshot of each table database is begun. What was in progress then is
//! completed or undone by the first start after a restore, as after a crash.
//!
//! ```text
//! "bowline backup 1\n" | id (16) | frame...
//! frame = kind (1) | length (u32) | CRC-64/NVME of the sealed piece (u64) | sealed piece
//! ```
//!
//! Numbers are in little endian. Each piece is sealed under the master key for the backup's id, its
//! position and its kind, so that none can be left out, repeated or moved, and the last one has a
//! kind of its own, so that a backup that was cut is recognized. The pieces together are entries
//! (`backup/entry.rs`). A client that passes a backup on cannot open it, and checks the frames.

pub mod check;
mod entry;
pub mod restore;
mod seal;
mod snapshot;
mod write;

pub(crate) use snapshot::Stores;
pub(crate) use write::{BackupError, BackupSource, start};

pub use entry::{AuditPosition, Manifest};
pub use seal::OpenBackupError;

/// The first bytes of a backup.
pub const MAGIC: &[u8; 17] = b"bowline backup 1\n";
/// Bytes of a backup's id.
const ID_BYTES: usize = 16;
/// Bytes of a piece before it is sealed, except for the last.
const PIECE_BYTES: usize = 256 << 10;
/// Most bytes of a sealed piece.
const MAX_SEALED_BYTES: usize = PIECE_BYTES + 64;
/// Bytes before a sealed piece.
const FRAME_HEADER_BYTES: usize = 13;

/// The kind of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FrameKind {
    /// Others follow.
    More = 1,
    /// The last.
    Last = 2,
}

impl FrameKind {
    fn read(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::More),
            2 => Some(Self::Last),
            _ => None,
        }
    }
}

/// The header that says how many bytes a backup has, about.
pub const SIZE_HEADER: &str = "x-bowline-backup-bytes";
