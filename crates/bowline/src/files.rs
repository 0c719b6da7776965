//! Files that commands write: whole or not at all.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// Replaces a file by one with this content and these permissions, atomically: a reader finds the
/// old or the new one, whole.
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
    fn a_new_file_replaces_the_old_one_with_permissions_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, "old").unwrap();
        // An earlier write that was interrupted left this behind.
        fs::write(folder.path().join("token.new"), "half").unwrap();
        replace(&path, "new", 0o600).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
