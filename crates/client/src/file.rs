//! Bounded reads of text files: a configuration, a token, a key set, certificates.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

/// Most bytes of a text file that is read.
const MAX_TEXT_BYTES: u64 = 1024 * 1024;

/// Reads a text file of at most 1 MiB.
///
/// # Errors
/// Those of the file system, and for a file that is longer or is not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    read_open_text(File::open(path)?)
}

/// The same, of a file that is open.
///
/// # Errors
/// As [`read_text`].
pub fn read_open_text(file: File) -> io::Result<String> {
    let mut text = String::new();
    let read = file.take(MAX_TEXT_BYTES + 1).read_to_string(&mut text)?;
    if u64::try_from(read).unwrap_or(u64::MAX) > MAX_TEXT_BYTES {
        let error = format!("it has more than {MAX_TEXT_BYTES} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, error));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_is_too_long_is_an_error_and_never_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long");
        fs::write(&path, "a".repeat(1024 * 1024)).unwrap();
        assert_eq!(read_text(&path).unwrap().len(), 1024 * 1024);
        fs::write(&path, "a".repeat(1024 * 1024 + 1)).unwrap();
        insta::assert_snapshot!(read_text(&path).unwrap_err(), @"it has more than 1048576 bytes");
    }
}
