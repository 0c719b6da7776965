//! The file beside a database that says what must be in it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::log::LogPosition;
use crate::{
    checksum::{Crc64, crc64},
    private_files::{private_file, replace_private},
};

/// Maximum size of a database whose content is compared when it was closed in order.
const MAX_COMPARED_BYTES: u64 = 32 << 20;
/// The first line of the file.
const TITLE: &str = "bowline table state 1";

/// What must be in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DatabaseState {
    /// How often it was opened.
    pub(super) generation: u32,
    pub(super) expected: Expected,
}

/// What must be on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// Any log, or none: the database is being opened or closed.
    AnyLog,
    /// A log with this commit, or one that started over since.
    Log(LogPosition),
    /// No log, and a database with this content.
    Closed(Content),
}

/// The content of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) length: u64,
    /// `None` if the file is too large.
    pub(super) checksum: Option<u64>,
}

/// What was read.
pub(super) enum Read {
    Absent,
    Damaged,
    Present(DatabaseState),
}

impl Default for DatabaseState {
    fn default() -> Self {
        Self {
            generation: 0,
            expected: Expected::AnyLog,
        }
    }
}

impl DatabaseState {
    /// Reads the state of a database.
    pub(super) fn read(database: &Path) -> io::Result<Read> {
        let bytes = match fs::read(path_of(database)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Read::Absent),
            Err(error) => return Err(error),
        };
        let state = str::from_utf8(&bytes).ok().and_then(Self::parse);
        let same = state.filter(|state| state.to_text().as_bytes() == bytes);
        Ok(same.map_or(Read::Damaged, Read::Present))
    }

    /// Writes it, whole and to the disk.
    pub(super) fn write(&self, database: &Path) -> io::Result<()> {
        replace_private(&path_of(database), self.to_text().as_bytes())
    }

    fn to_text(self) -> String {
        let expected = match self.expected {
            Expected::AnyLog => "any".to_owned(),
            Expected::Log(position) => {
                let ([salt, other], [sum, second]) = (position.salts, position.checksum);
                format!("log {salt} {other} {} {sum} {second}", position.frames)
            }
            Expected::Closed(content) => match content.checksum {
                Some(checksum) => format!("closed {} {checksum}", content.length),
                None => format!("closed {}", content.length),
            },
        };
        let facts = format!(
            "{TITLE}\ngeneration {}\nexpected {expected}\n",
            self.generation
        );
        let sum = crc64(&[facts.as_bytes()]);
        format!("{facts}checksum {sum:016x}\n")
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines().skip(1);
        let generation = lines.next()?.strip_prefix("generation ")?.parse().ok()?;
        let mut words = lines.next()?.strip_prefix("expected ")?.split(' ');
        let kind = words.next()?;
        let numbers: Vec<u64> = words.map(str::parse).collect::<Result<_, _>>().ok()?;
        let word = |number: &u64| u32::try_from(*number).ok();
        let expected = match (kind, numbers.as_slice()) {
            ("any", []) => Expected::AnyLog,
            ("log", [salt, other, frames, sum, second]) => Expected::Log(LogPosition {
                salts: [word(salt)?, word(other)?],
                frames: *frames,
                checksum: [word(sum)?, word(second)?],
            }),
            ("closed", [length, rest @ ..]) => Expected::Closed(Content {
                length: *length,
                checksum: rest.first().copied(),
            }),
            _ => return None,
        };
        Some(Self {
            generation,
            expected,
        })
    }
}

/// The content of a database.
pub(super) fn content(path: &Path) -> io::Result<Content> {
    let file = private_file(path, false)?;
    let length = file.metadata()?.len();
    if length > MAX_COMPARED_BYTES {
        return Ok(Content {
            length,
            checksum: None,
        });
    }
    let mut reader = io::BufReader::with_capacity(1 << 16, file);
    let mut crc = Crc64::new();
    loop {
        let bytes = io::BufRead::fill_buf(&mut reader)?;
        if bytes.is_empty() {
            break;
        }
        crc.update(bytes);
        let read = bytes.len();
        io::BufRead::consume(&mut reader, read);
    }
    Ok(Content {
        length,
        checksum: Some(crc.value()),
    })
}

/// The path of a database's state.
pub(super) fn path_of(database: &Path) -> PathBuf {
    database.with_extension("state")
}
