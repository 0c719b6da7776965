//! Ids that are never reused, such as `AROAJQABLZS4A3QDU576Q`.

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// The unique id of a user (`AIDA...`), role (`AROA...`), managed policy (`ANPA...`) or provider.
/// Cloning is cheap.
///
/// A name that is deleted and created again has another id, so it does not inherit the trust in the
/// first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UniqueId(Arc<str>);

/// The text is no unique id (`[\w]{16,128}`, shape `idType` of IAM).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unique id is not 16 to 128 letters, digits or underscores")]
pub struct InvalidUniqueId;

impl UniqueId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UniqueId {
    type Err = InvalidUniqueId;

    fn from_str(text: &str) -> Result<Self, InvalidUniqueId> {
        let word = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if word && (16..=128).contains(&text.len()) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidUniqueId)
        }
    }
}

impl fmt::Display for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UniqueId({})", self.0)
    }
}

impl AsRef<str> for UniqueId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for UniqueId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for UniqueId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for UniqueId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}
