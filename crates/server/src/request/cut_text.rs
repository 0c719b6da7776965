//! Texts of bounded size, for audit records.
//!
//! Sizes are those of the text in JSON, with its escapes. A text that is cut keeps its beginning,
//! and says how long it was and its SHA-256, so that an auditor who has the text can compare it.

use std::{borrow::Cow, fmt::Write as _};

use aws_lc_rs::digest;

/// Bytes of what follows the beginning of a cut text, at most.
const MARK_BYTES: usize = 112;

/// What a text was before it was cut.
#[derive(Clone, Debug)]
pub(crate) struct Original {
    bytes: usize,
    sha256: String,
}

impl Original {
    /// Of this text.
    pub(crate) fn of(text: &str) -> Self {
        let hash = digest::digest(&digest::SHA256, text.as_bytes());
        let mut sha256 = String::with_capacity(64);
        for byte in hash.as_ref() {
            // Writing into a `String` cannot fail.
            let _ = write!(sha256, "{byte:02x}");
        }
        Self {
            bytes: text.len(),
            sha256,
        }
    }
}

/// Bytes of a text in JSON, without its quotes.
pub(crate) fn json_len(text: &str) -> usize {
    text.bytes().map(byte_len).sum()
}

fn byte_len(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | b'\x08' | b'\t' | b'\n' | b'\x0c' | b'\r' => 2,
        0..b' ' => 6,
        _ => 1,
    }
}

/// The text, if it takes at most `most` bytes in JSON, or its beginning with the mark of a cut, and
/// whether it was cut. `original` is what it was if it has been cut before.
pub(crate) fn text<'t>(
    text: &'t str,
    original: Option<&Original>,
    most: usize,
) -> (Cow<'t, str>, bool) {
    // Six bytes are the longest escape.
    let fits = text.len().saturating_mul(6) <= most || json_len(text) <= most;
    if fits && original.is_none() {
        return (Cow::Borrowed(text), false);
    }
    let computed;
    let original = if let Some(original) = original {
        original
    } else {
        computed = Original::of(text);
        &computed
    };
    let mut room = most.saturating_sub(MARK_BYTES);
    let mut end = 0;
    for c in text.chars() {
        let mut bytes = [0; 4];
        let size = json_len(c.encode_utf8(&mut bytes));
        let Some(left) = room.checked_sub(size) else {
            break;
        };
        room = left;
        end += c.len_utf8();
    }
    let beginning = text.get(..end).unwrap_or_default();
    let Original { bytes, sha256 } = original;
    let cut = format!("{beginning}...[{bytes} bytes, SHA-256 {sha256}]");
    if json_len(&cut) <= most {
        (Cow::Owned(cut), true)
    } else {
        (Cow::Owned(format!("[{bytes} bytes]")), true)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cut_text_says_its_length_and_its_hash() {
        let long = "a".repeat(200);
        let (cut, was_cut) = text(&long, None, 150);
        assert!(was_cut);
        insta::assert_snapshot!(cut, @"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...[200 bytes, SHA-256 c2a908d98f5df987ade41b5fce213067efbcc21ef2240212a41e54b5e7c28ae5]");
        assert_eq!(text("short", None, 30), ("short".into(), false));
        assert_eq!(text(&long, None, 40).0, "[200 bytes]");
    }

    proptest! {
        #[test]
        fn a_text_fits_in_json_whatever_it_contains(whole in ".{0,400}|[\u{0}-\u{20}\"\\\\]{0,400}", most in 24_usize..700) {
            let (shown, was_cut) = text(&whole, None, most);
            let mut json = String::new();
            bowline_json::push_string(&mut json, &shown);
            prop_assert!(json.len() - 2 <= most, "{} > {}", json.len() - 2, most);
            prop_assert_eq!(json.len() - 2, json_len(&shown));
            prop_assert_eq!(was_cut, shown != whole);
        }
    }
}
