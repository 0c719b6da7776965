//! Access key ids, secret access keys and session tokens.
//!
//! An access key id is public. A secret and a token are not: their `Debug` shows nothing, they have
//! no `Display`, their memory is cleared on drop, and they compare in constant time.

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use aws_lc_rs::constant_time;
use secrecy::{ExposeSecret, SecretString};

/// The most bytes of a session token. Tokens of this server have at most 4,096; the higher limit
/// lets a foreign token be rejected as such (`InvalidClientTokenId`) and not as a malformed
/// request.
pub const MAX_SESSION_TOKEN_BYTES: usize = 8 * 1024;
/// The most bytes of a secret access key; AWS's have 40.
const MAX_SECRET_BYTES: usize = 128;

/// An access key id, such as `AKIAIOSFODNN7EXAMPLE`. One that exists has 16 to 128 letters, digits
/// or underscores. Cloning is cheap.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccessKeyId(Arc<str>);

/// The text is not an access key id (`[\w]{16,128}`, shape `accessKeyIdType` of IAM).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("access key id is not 16 to 128 letters, digits or underscores")]
pub struct InvalidAccessKeyId;

impl AccessKeyId {
    /// The most characters of an id that exists.
    const MAX_CHARS: usize = 128;

    /// The id that a request claims, of any shape: `None` if it is empty. No key that exists has
    /// one of another shape than [`FromStr`] reads, so a look-up finds nothing. A longer one is cut
    /// and marked.
    pub fn claimed(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        if text.len() <= Self::MAX_CHARS {
            return Some(Self(text.into()));
        }
        let end = text.floor_char_boundary(Self::MAX_CHARS);
        let beginning = text.get(..end).unwrap_or_default();
        Some(Self(format!("{beginning}...").into()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccessKeyId {
    type Err = InvalidAccessKeyId;

    fn from_str(text: &str) -> Result<Self, InvalidAccessKeyId> {
        let word = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if word && (16..=Self::MAX_CHARS).contains(&text.len()) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidAccessKeyId)
        }
    }
}

impl fmt::Display for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessKeyId({})", self.0)
    }
}

impl AsRef<str> for AccessKeyId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for AccessKeyId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A secret access key: 1 to 128 visible ASCII characters.
#[derive(Clone)]
pub struct SecretAccessKey(SecretString);

/// A session token: 1 to [`MAX_SESSION_TOKEN_BYTES`] visible ASCII characters.
#[derive(Clone)]
pub struct SessionToken(SecretString);

/// The text is not a secret access key or session token. Does not contain the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("secret is empty, too long, or has characters other than visible ASCII")]
pub struct InvalidSecret;

impl SecretAccessKey {
    /// Takes ownership of a secret.
    ///
    /// # Errors
    /// [`InvalidSecret`] unless it is 1 to 128 visible ASCII characters.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidSecret> {
        secret(text.into(), MAX_SECRET_BYTES).map(Self)
    }

    /// The secret itself: to derive a signing key, to seal it, and for the one response that
    /// contains it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl SessionToken {
    /// Takes ownership of a token.
    ///
    /// # Errors
    /// [`InvalidSecret`] unless it is 1 to [`MAX_SESSION_TOKEN_BYTES`] visible ASCII characters.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidSecret> {
        secret(text.into(), MAX_SESSION_TOKEN_BYTES).map(Self)
    }

    /// The token itself: to open it, to sign with it, and for the one response that contains it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

fn secret(text: String, max_bytes: usize) -> Result<SecretString, InvalidSecret> {
    // Without a branch, many bytes are compared at a time.
    let visible = text
        .bytes()
        .fold(true, |all, byte| all & byte.is_ascii_graphic());
    let fits = !text.is_empty() && text.len() <= max_bytes && visible;
    // From here on the text is cleared on drop, also if it is rejected.
    let text = SecretString::from(text);
    if fits { Ok(text) } else { Err(InvalidSecret) }
}

macro_rules! silent_and_constant_time {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                constant_time::verify_slices_are_equal(self.expose().as_bytes(), other.expose().as_bytes()).is_ok()
            }
        }

        impl Eq for $name {}
    )*};
}
silent_and_constant_time!(SecretAccessKey, SessionToken);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_key_id_has_16_to_128_word_characters() {
        assert!("AKIAIOSFODNN7EXAMPLE".parse::<AccessKeyId>().is_ok());
        assert!("a_B3567890123456".parse::<AccessKeyId>().is_ok());
        for bad in [
            "",
            "AKIA",
            "AKIAIOSFODNN7EXAMPL/",
            "AKIAIOSFODNN7EXAMPLÉ",
            &"A".repeat(129),
        ] {
            assert_eq!(bad.parse::<AccessKeyId>(), Err(InvalidAccessKeyId), "{bad}");
        }
    }

    #[test]
    fn an_id_that_a_request_claims_has_any_shape_and_at_most_131_bytes() {
        let claimed = |text: &str| AccessKeyId::claimed(text).map(|id| id.as_str().to_owned());
        assert_eq!(claimed(""), None);
        assert_eq!(claimed("test").as_deref(), Some("test"));
        let cut = format!("{}...", "A".repeat(128));
        assert_eq!(claimed(&"A".repeat(129)), Some(cut.clone()));
        assert_eq!(cut.parse::<AccessKeyId>(), Err(InvalidAccessKeyId));
    }

    #[test]
    fn debug_output_shows_no_secret() {
        let secret = SecretAccessKey::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY").unwrap();
        let token = SessionToken::new("FwoGZXIvYXdzEXAMPLE").unwrap();
        insta::assert_snapshot!(format!("{secret:?} {token:?}"), @"SecretAccessKey(..) SessionToken(..)");
    }

    #[test]
    fn secrets_compare_by_content() {
        let secret = |text: &str| SecretAccessKey::new(text).unwrap();
        assert_eq!(secret("abc"), secret("abc"));
        assert_ne!(secret("abc"), secret("abd"));
        assert_ne!(secret("abc"), secret("abcd"));
    }

    #[test]
    fn a_secret_is_visible_ascii_of_limited_length() {
        for bad in ["", "with space", "tab\t", "é", &"x".repeat(129)] {
            assert_eq!(SecretAccessKey::new(bad).unwrap_err(), InvalidSecret);
        }
        assert!(SessionToken::new("x".repeat(MAX_SESSION_TOKEN_BYTES)).is_ok());
        assert!(SessionToken::new("x".repeat(MAX_SESSION_TOKEN_BYTES + 1)).is_err());
    }
}
