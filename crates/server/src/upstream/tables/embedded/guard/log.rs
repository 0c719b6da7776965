//! The end of SQLite's write-ahead log, as a position that a later look can check.
//!
//! After a crash, SQLite reads its log up to the first frame whose checksum is wrong, and takes the
//! rest for a write that did not complete. So a log that lost its end opens without an error. The
//! checksum of a frame covers all frames before it: a position is the number of frames up to a
//! commit, and that commit's checksum (sqlite.org/fileformat2.html, "The Write-Ahead Log").

use std::{
    fs::File,
    io::{self, ErrorKind},
    os::unix::fs::FileExt as _,
    path::Path,
};

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// The magic number, whose last bit says the byte order of the checksums.
const MAGIC: u32 = 0x377f_0682;
/// The largest page.
const MAX_PAGE_BYTES: u32 = 65_536;

/// The end of the last commit in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LogPosition {
    /// Identifies the log: the first rises by one each time that it starts over.
    pub(super) salts: [u32; 2],
    /// How many frames there are up to the commit.
    pub(super) frames: u64,
    /// The checksum of the last of them, or of the header.
    pub(super) checksum: [u32; 2],
}

/// A log file.
#[derive(Debug)]
pub(super) struct Log {
    file: File,
    is_big_endian: bool,
    page_bytes: usize,
    /// Its start: no frame.
    start: LogPosition,
}

impl Log {
    /// Opens a log. `None` if there is none, or nothing in it.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        let file = match crate::private_files::private_file(path, false) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut header = [0; HEADER_BYTES];
        match file.read_exact_at(&mut header, 0) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        let word = |at: usize| big_endian(&header, at * 4);
        let is_big_endian = word(0) == MAGIC | 1;
        let page_bytes = word(2);
        let mut checksum = [0, 0];
        let covered = header.get(..HEADER_BYTES - 8).unwrap_or_default();
        add(&mut checksum, covered, is_big_endian);
        let is_valid = (is_big_endian || word(0) == MAGIC)
            && page_bytes.is_power_of_two()
            && (512..=MAX_PAGE_BYTES).contains(&page_bytes)
            && checksum == [word(6), word(7)];
        Ok(is_valid.then(|| Self {
            file,
            is_big_endian,
            page_bytes: page_bytes as usize,
            start: LogPosition {
                salts: [word(4), word(5)],
                frames: 0,
                checksum,
            },
        }))
    }

    /// The last commit at or after this position, whose frames are all valid. `from` is ignored if
    /// it is of another log.
    pub(super) fn last_commit(&self, from: Option<LogPosition>) -> io::Result<LogPosition> {
        let same = from.filter(|from| from.salts == self.start.salts);
        self.read(same.unwrap_or(self.start), None)
    }

    /// Whether the log has this commit, with all frames before it.
    pub(super) fn contains(&self, position: LogPosition) -> io::Result<bool> {
        if self.start.salts != position.salts {
            return Ok(false);
        }
        Ok(self.read(self.start, Some(position.frames))? == position)
    }

    /// The salts of the log.
    pub(super) fn salts(&self) -> [u32; 2] {
        self.start.salts
    }

    /// Makes the frames survive a loss of power.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Reads frames after `from`, at most up to `limit`: the last commit among them.
    fn read(&self, from: LogPosition, limit: Option<u64>) -> io::Result<LogPosition> {
        let frame_bytes = FRAME_HEADER_BYTES + self.page_bytes;
        let mut frame = vec![0; frame_bytes];
        let (mut commit, mut at) = (from, from);
        while limit.is_none_or(|limit| at.frames < limit) {
            let offset = HEADER_BYTES as u64 + at.frames * frame_bytes as u64;
            match self.file.read_exact_at(&mut frame, offset) {
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
                read => read?,
            }
            let word = |at: usize| big_endian(&frame, at * 4);
            let (head, page) = frame
                .split_at_checked(FRAME_HEADER_BYTES)
                .unwrap_or_default();
            let mut checksum = at.checksum;
            add(
                &mut checksum,
                head.get(..8).unwrap_or_default(),
                self.is_big_endian,
            );
            add(&mut checksum, page, self.is_big_endian);
            if [word(2), word(3)] != at.salts || [word(4), word(5)] != checksum {
                break;
            }
            at.frames += 1;
            at.checksum = checksum;
            // A frame that ends a commit says the size of the database.
            if word(1) != 0 {
                commit = at;
            }
        }
        Ok(commit)
    }
}

fn big_endian(bytes: &[u8], at: usize) -> u32 {
    let word = bytes.get(at..).and_then(<[u8]>::first_chunk);
    u32::from_be_bytes(word.copied().unwrap_or_default())
}

/// SQLite's checksum, over pairs of words.
fn add(sum: &mut [u32; 2], bytes: &[u8], is_big_endian: bool) {
    let [mut first, mut second] = *sum;
    let number = |word: [u8; 4]| {
        if is_big_endian {
            u32::from_be_bytes(word)
        } else {
            u32::from_le_bytes(word)
        }
    };
    let (words, _) = bytes.as_chunks::<4>();
    let (pairs, _) = words.as_chunks::<2>();
    for [one, two] in pairs {
        first = first.wrapping_add(number(*one)).wrapping_add(second);
        second = second.wrapping_add(number(*two)).wrapping_add(first);
    }
    *sum = [first, second];
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn a_position_is_in_the_log_that_wrote_it_and_in_no_damaged_one() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a.db");
        let log_path = home.path().join("a.db-wal");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (a TEXT)")
            .unwrap();
        let insert = || {
            connection
                .execute("INSERT INTO t VALUES ('text')", [])
                .unwrap()
        };
        insert();
        let first = Log::open(&log_path)
            .unwrap()
            .unwrap()
            .last_commit(None)
            .unwrap();
        insert();
        let log = Log::open(&log_path).unwrap().unwrap();
        let second = log.last_commit(Some(first)).unwrap();
        assert_eq!(second, log.last_commit(None).unwrap());
        assert!(second.frames > first.frames);
        assert!(log.contains(first).unwrap() && log.contains(second).unwrap());

        let whole = std::fs::read(&log_path).unwrap();
        for at in (0..whole.len()).step_by(61) {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            for damaged in [&flipped[..], &whole[..at]] {
                std::fs::write(&log_path, damaged).unwrap();
                let found = Log::open(&log_path).unwrap();
                let contains = found.is_some_and(|log| log.contains(second).unwrap());
                assert!(!contains, "{at}");
            }
        }
    }
}
