//! From keys to file names and back, one to one.
//!
//! A key is split at its slashes, and each segment into pieces of 66 bytes, so that an escaped
//! piece (at most 198 bytes) fits into a file name. A full piece is always a folder marked `c` (the
//! segment continues, perhaps with nothing). The shorter rest is a folder marked `d` (a slash
//! follows) or a file marked `f` (the key ends). All bytes but `a-z 0-9 - _ .` are escaped, upper
//! case too, since some file systems ignore case. Because of the markers, `.` and `..` are never
//! names.

use std::path::PathBuf;

/// The bytes of a full piece.
const PIECE_BYTES: usize = 66;

/// What a name in the tree means, with the bytes that it adds to the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    /// The end of a key.
    File(Vec<u8>),
    /// A piece that ends in a slash, which the bytes include, or a full piece.
    Folder(Vec<u8>),
}

/// The folders and the file of a key, relative to its bucket's folder.
pub(super) fn path_of(key: &str) -> (Vec<String>, String) {
    let mut folders = Vec::new();
    let mut segments = key.as_bytes().split(|b| *b == b'/').peekable();
    let mut file = String::new();
    while let Some(segment) = segments.next() {
        let mut pieces = segment.chunks_exact(PIECE_BYTES);
        folders.extend(pieces.by_ref().map(|piece| escape('c', piece)));
        if segments.peek().is_some() {
            folders.push(escape('d', pieces.remainder()));
        } else {
            file = escape('f', pieces.remainder());
        }
    }
    (folders, file)
}

/// What a name means; `None` if no key has it.
pub(super) fn read(name: &str) -> Option<Name> {
    let (marker, text) = name.split_at_checked(1)?;
    let mut bytes = unescape(text)?;
    match marker {
        "f" if bytes.len() < PIECE_BYTES => Some(Name::File(bytes)),
        "d" if bytes.len() < PIECE_BYTES => {
            bytes.push(b'/');
            Some(Name::Folder(bytes))
        }
        "c" if bytes.len() == PIECE_BYTES => Some(Name::Folder(bytes)),
        _ => None,
    }
}

/// The bucket and the key of a path in the folder of buckets; `None` if no key has it.
pub(super) fn of_path(path: &str) -> Option<(String, String)> {
    let (bucket, path) = path.split_once('/')?;
    let mut key = Vec::new();
    for part in path.split('/') {
        match read(part)? {
            Name::File(bytes) | Name::Folder(bytes) => key.extend(bytes),
        }
    }
    Some((bucket.to_owned(), String::from_utf8(key).ok()?))
}

/// The path of an object in the folder of buckets.
pub(super) fn object_path(bucket: &str, key: &str) -> PathBuf {
    let (folders, file) = path_of(key);
    PathBuf::from(bucket).join(join(&folders)).join(file)
}

/// Folders as a path.
pub(super) fn join(folders: &[String]) -> PathBuf {
    folders.iter().collect()
}

fn plain(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.')
}

fn escape(marker: char, bytes: &[u8]) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let digit = |n: u8| HEX.get(usize::from(n & 15)).map_or('0', |b| char::from(*b));
    let mut name = String::from(marker);
    for &byte in bytes {
        if plain(byte) {
            name.push(char::from(byte));
        } else {
            name.extend(['%', digit(byte >> 4), digit(byte)]);
        }
    }
    name
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte == b'%' {
            let (hex, tail) = rest.split_at_checked(2)?;
            let value = u8::from_str_radix(str::from_utf8(hex).ok()?, 16).ok()?;
            // Reads only the spelling that `escape` writes, so that no key has two names.
            if plain(value) || hex.iter().any(u8::is_ascii_uppercase) || hex.contains(&b'+') {
                return None;
            }
            bytes.push(value);
            rest = tail;
        } else if plain(byte) {
            bytes.push(byte);
        } else {
            return None;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_path_is_read_back_as_its_key(key in "([a-c/.%A]|.|[a]{60,70}){1,60}") {
            let (folders, file) = path_of(&key);
            let mut bytes = Vec::new();
            for name in folders.iter().chain([&file]) {
                prop_assert!(name.len() <= 200 && !name.contains('/'));
                match read(name) {
                    Some(Name::File(piece) | Name::Folder(piece)) => bytes.extend(piece),
                    None => prop_assert!(false, "{}", name),
                }
            }
            prop_assert_eq!(bytes, key.into_bytes());
        }
    }

    #[test]
    fn a_name_that_no_key_has_is_not_read() {
        for name in [
            "", "x", "f%61", "fA", "f%2", "f%2F", "f%+1", ".f", "caaa", "ü",
        ] {
            assert_eq!(read(name), None, "{name}");
        }
    }
}
