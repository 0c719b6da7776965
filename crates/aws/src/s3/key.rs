//! Object keys.

use std::fmt;

/// The key of an object: 1 to 1,024 bytes of UTF-8, any characters, NUL included, as AWS allows.
///
/// Dot segments and empty segments are characters like others: `a`, `./a` and `b/../a` are three
/// objects. Only a key whose `..` climb above its start is rejected, as AWS does: proxies and tools
/// would read it as a path in another bucket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey(String);

/// Why a text is not a valid key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// It has no characters.
    #[error("the key is empty")]
    Empty,
    /// It has more than 1,024 bytes.
    #[error("the key has {0} bytes, more than 1024")]
    TooLong(usize),
    /// Its dot segments lead out of the bucket.
    #[error("the key's dot segments lead out of the bucket")]
    ClimbsOut,
}

impl ObjectKey {
    /// The length of the longest key, in bytes ("Object key naming guidelines", S3 User Guide).
    pub const MAX_LEN: usize = 1024;

    /// Reads a key that is already percent-decoded.
    ///
    /// # Errors
    /// [`InvalidKey`].
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidKey> {
        let text = text.into();
        if text.is_empty() {
            Err(InvalidKey::Empty)
        } else if text.len() > Self::MAX_LEN {
            Err(InvalidKey::TooLong(text.len()))
        } else if climbs_out(&text) {
            Err(InvalidKey::ClimbsOut)
        } else {
            Ok(Self(text))
        }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether the `..` outnumber the segments before them anywhere. An empty segment does not count as
/// a segment, which errs on the safe side.
fn climbs_out(key: &str) -> bool {
    let mut depth = 0usize;
    for segment in key.split('/') {
        match segment {
            "" | "." => {}
            ".." => match depth.checked_sub(1) {
                Some(up) => depth = up,
                None => return true,
            },
            _ => depth += 1,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_have_dot_segments_that_stay_inside() {
        for good in [
            "a",
            "a/",
            "/a",
            "//a",
            "./a",
            "b/./a",
            "b/../a",
            "b/..",
            ".hidden",
            "...",
            "\0",
            "a\\..\\..\\b",
        ] {
            assert!(ObjectKey::new(good).is_ok(), "{good}");
        }
        for bad in [
            "..",
            "../a",
            "a/../../b",
            "a/b/../../..",
            "./..",
            "/..",
            "a//../..",
        ] {
            assert_eq!(ObjectKey::new(bad), Err(InvalidKey::ClimbsOut), "{bad}");
        }
        assert_eq!(
            ObjectKey::new("ü".repeat(513)),
            Err(InvalidKey::TooLong(1026))
        );
        assert!(ObjectKey::new("ü".repeat(512)).is_ok());
    }
}
