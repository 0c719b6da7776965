//! Percent-encoding of paths and queries, as AWS decodes and encodes them.
//!
//! S3 decodes the path that it receives once, with `+` as a space, and encodes the text again. The
//! signature covers that form, and the key of an object is that text, whatever form the client
//! sent. Signatures, targets and queries share these functions, so they never read a request in two
//! ways.

/// Decodes percent-encoding and `+`. A percent sign without two digits is literal.
pub(crate) fn decode(raw: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = raw;
    std::iter::from_fn(move || {
        let (&first, tail) = rest.split_first()?;
        rest = tail;
        match (first, tail) {
            (b'+', _) => Some(b' '),
            (b'%', [high, low, after @ ..]) => Some(match (hex_digit(*high), hex_digit(*low)) {
                (Some(high), Some(low)) => {
                    rest = after;
                    high << 4 | low
                }
                _ => b'%',
            }),
            _ => Some(first),
        }
    })
}

/// Whether every percent sign begins an escape. If one does not, the signer could have read it
/// differently.
pub(crate) fn has_only_escapes(raw: &[u8]) -> bool {
    let mut parts = raw.split(|byte| *byte == b'%');
    // The part before the first percent sign.
    parts.next();
    parts.all(|part| matches!(part, [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit()))
}

/// Percent-encodes everything except unreserved characters, with upper-case digits.
pub(crate) fn encode_into(out: &mut Vec<u8>, bytes: impl Iterator<Item = u8>) {
    bytes.for_each(|byte| encode_byte(out, byte));
}

/// Percent-encodes a path: everything except unreserved characters and slashes.
pub(crate) fn encode_path_into(out: &mut Vec<u8>, bytes: impl Iterator<Item = u8>) {
    bytes.for_each(|byte| match byte {
        b'/' => out.push(byte),
        _ => encode_byte(out, byte),
    });
}

fn encode_byte(out: &mut Vec<u8>, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
    if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
        out.push(byte);
    } else {
        out.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 15)]);
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
pub(crate) mod vectors {
    //! Spellings of paths, for the tests of everything that reads one.

    /// A path as clients send it.
    pub(crate) struct PathVector {
        /// As sent.
        pub(crate) raw: &'static str,
        /// The line of the canonical request: `raw` decoded once and encoded again.
        pub(crate) canonical: &'static str,
        /// The text, which is bucket and key.
        pub(crate) text: &'static str,
    }

    const fn vector(raw: &'static str, canonical: &'static str, text: &'static str) -> PathVector {
        PathVector {
            raw,
            canonical,
            text,
        }
    }

    /// Paths with the bucket `bucket`. The second column was written by Python:
    /// `quote(unquote_to_bytes(raw.replace("+", " ")), safe="/-._~")`.
    pub(crate) const PATHS: &[PathVector] = &[
        vector("/bucket/plain", "/bucket/plain", "/bucket/plain"),
        vector("/bucket/%70%6Cain", "/bucket/plain", "/bucket/plain"),
        vector("/%62ucket/plain", "/bucket/plain", "/bucket/plain"),
        vector("/bucket%2Fplain", "/bucket/plain", "/bucket/plain"),
        vector(
            "/bucket/a-b.c_d~e",
            "/bucket/a-b.c_d~e",
            "/bucket/a-b.c_d~e",
        ),
        vector("/bucket/%7Ea%2D", "/bucket/~a-", "/bucket/~a-"),
        vector("/bucket/a=b", "/bucket/a%3Db", "/bucket/a=b"),
        vector("/bucket/a%3Db", "/bucket/a%3Db", "/bucket/a=b"),
        vector("/bucket/a%3db", "/bucket/a%3Db", "/bucket/a=b"),
        vector("/bucket/a:b", "/bucket/a%3Ab", "/bucket/a:b"),
        vector("/bucket/a(1)", "/bucket/a%281%29", "/bucket/a(1)"),
        vector("/bucket/a(1%29", "/bucket/a%281%29", "/bucket/a(1)"),
        vector("/bucket/a&b", "/bucket/a%26b", "/bucket/a&b"),
        vector("/bucket/a@b", "/bucket/a%40b", "/bucket/a@b"),
        vector("/bucket/it's", "/bucket/it%27s", "/bucket/it's"),
        vector("/bucket/a!b", "/bucket/a%21b", "/bucket/a!b"),
        vector("/bucket/a*b", "/bucket/a%2Ab", "/bucket/a*b"),
        vector(
            "/bucket/a$b,c;d",
            "/bucket/a%24b%2Cc%3Bd",
            "/bucket/a$b,c;d",
        ),
        vector("/bucket/a|b^c", "/bucket/a%7Cb%5Ec", "/bucket/a|b^c"),
        vector("/bucket/{a}[b]", "/bucket/%7Ba%7D%5Bb%5D", "/bucket/{a}[b]"),
        vector("/bucket/a\"b", "/bucket/a%22b", "/bucket/a\"b"),
        vector("/bucket/a\\b", "/bucket/a%5Cb", "/bucket/a\\b"),
        vector("/bucket/a%20b", "/bucket/a%20b", "/bucket/a b"),
        vector("/bucket/a+b", "/bucket/a%20b", "/bucket/a b"),
        vector("/bucket/a%2Bb", "/bucket/a%2Bb", "/bucket/a+b"),
        vector("/bucket/a%2520b", "/bucket/a%2520b", "/bucket/a%20b"),
        vector("/bucket/100%25", "/bucket/100%25", "/bucket/100%"),
        vector("/bucket/a%3Fb%23c", "/bucket/a%3Fb%23c", "/bucket/a?b#c"),
        vector("/bucket/%C3%BC", "/bucket/%C3%BC", "/bucket/ü"),
        vector("/bucket/ü", "/bucket/%C3%BC", "/bucket/ü"),
        vector("/bucket/%00%0A", "/bucket/%00%0A", "/bucket/\0\n"),
        vector("/bucket/a%2Fb", "/bucket/a/b", "/bucket/a/b"),
        vector("/bucket/a//b/", "/bucket/a//b/", "/bucket/a//b/"),
        vector(
            "/bucket//a/./b/../c",
            "/bucket//a/./b/../c",
            "/bucket//a/./b/../c",
        ),
        vector("/bucket/a/%2e%2E/b", "/bucket/a/../b", "/bucket/a/../b"),
    ];
}

#[cfg(test)]
mod tests {
    use super::{vectors::PATHS, *};

    #[test]
    fn a_path_is_decoded_once_and_encoded_again() {
        for path in PATHS {
            let text: Vec<u8> = decode(path.raw.as_bytes()).collect();
            assert_eq!(text, path.text.as_bytes(), "{}", path.raw);
            let mut canonical = Vec::new();
            encode_path_into(&mut canonical, text.into_iter());
            assert_eq!(canonical, path.canonical.as_bytes(), "{}", path.raw);
            assert!(has_only_escapes(path.raw.as_bytes()), "{}", path.raw);
        }
    }

    #[test]
    fn a_percent_sign_that_begins_no_escape_is_found() {
        for raw in [
            "%", "a%", "a%2", "a%2g", "%zz%20", "%20%", "%%20", "a%\u{fc}",
        ] {
            assert!(!has_only_escapes(raw.as_bytes()), "{raw}");
            let text: Vec<u8> = decode(raw.as_bytes()).collect();
            assert!(text.contains(&b'%'), "{raw}");
        }
        for raw in ["", "a", "%20", "%C3%bc%2f"] {
            assert!(has_only_escapes(raw.as_bytes()), "{raw}");
        }
    }
}
