//! Files as commands read and write them: bounded, and whole or not at all.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// Most bytes of a text that a command reads: a configuration, a token, a key set, certificates.
const MAX_TEXT: u64 = 1024 * 1024;

/// Reads a text.
///
/// # Errors
/// Those of the file system, and for a file that is no text or too long to be meant.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?
        .take(MAX_TEXT + 1)
        .read_to_string(&mut text)?;
    if u64::try_from(read).unwrap_or(u64::MAX) > MAX_TEXT {
        let error = format!("it has more than {MAX_TEXT} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, error));
    }
    Ok(text)
}

/// Puts a file with these permissions into the place of another at once: whoever reads it meanwhile finds one of the two, whole.
///
/// # Errors
/// Those of the file system.
pub(crate) fn replace(path: &Path, content: &str, mode: u32) -> io::Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    File::options()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&unfinished)?
        .write_all(content.as_bytes())?;
    fs::rename(&unfinished, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_takes_the_place_of_another_with_its_own_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, "old").unwrap();
        // What a write that was cut short has left behind.
        fs::write(folder.path().join("token.new"), "half").unwrap();
        replace(&path, "new", 0o600).unwrap();
        assert_eq!(read_text(&path).unwrap(), "new");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_too_long_to_be_meant_is_not_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long");
        fs::write(&path, "a".repeat(1024 * 1024)).unwrap();
        assert_eq!(read_text(&path).unwrap().len(), 1024 * 1024);
        fs::write(&path, "a".repeat(1024 * 1024 + 1)).unwrap();
        insta::assert_snapshot!(read_text(&path).unwrap_err(), @"it has more than 1048576 bytes");
    }
}
