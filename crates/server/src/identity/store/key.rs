//! The keys of records: paths such as `role/111122223333/AROAEXAMPLEID`, in every store.
//!
//! A look-up (a unique name, an access key id, a provider's address) is a key of its own, so that a
//! transaction's preconditions keep it unique without an index that only some stores have. The
//! entities make their keys (`identity/entity/keys.rs`).

use std::fmt;

use bowline_iam::account::AccountId;

/// Longest rendered key, in bytes. Provider addresses are the longest part, at most 255 characters.
pub const MAX_KEY_BYTES: usize = 512;

/// The key of one record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey(Box<str>);

impl RecordKey {
    /// A key as a store returns it.
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The rendered path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first segment: the kind of the record.
    pub fn kind(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// The last segment: the id or name of the record. Not for kinds whose names have slashes.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Account and name in `{kind}/{account}/{name}`, where the name may have slashes.
    pub fn in_account(&self) -> Option<(AccountId, &str)> {
        let (_, rest) = self.0.split_once('/')?;
        let (account, name) = rest.split_once('/')?;
        Some((account.parse().ok()?, name))
    }

    /// The key of these segments.
    pub(crate) fn from_parts(parts: &[&str]) -> Self {
        Self(parts.join("/").into_boxed_str())
    }
}

impl AsRef<str> for RecordKey {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
