//! Leases: which server works on a record, and until when.
//!
//! A bucket or table that is being created, changed or deleted names the server that does the work.
//! Another server that starts meanwhile leaves the record alone until the lease expires, so it
//! never rolls back work that is still running.
//!
//! A lease saves work; it does not make a change safe. Revisions make it safe: each step requires
//! the revision that the previous step wrote, so the loser of a race fails and changes nothing.
//!
//! A [`ServerId`] is kept in the data folder, under the folder's exclusive lock. A server that
//! finds leases of its own id after a start is therefore the successor of a process that has ended,
//! and may resume the work at once. Records of earlier builds have no lease: one process had the
//! store to itself, so their work has ended too.
//!
//! A lease is written only once the store's [feature level](super::feature_level) allows it.

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a lease lasts: far longer than the clocks of two servers differ and than creating,
/// changing or deleting a bucket or table takes.
pub const LEASE_DURATION: SignedDuration = SignedDuration::from_mins(10);

/// Identifies one server of a store, across restarts: 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ServerId(u128);

/// The text is no server id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("server id is not 32 lower case hexadecimal digits")]
pub struct InvalidServerId;

impl ServerId {
    /// The id made of 16 random bytes.
    pub fn new(random: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(random))
    }
}

impl FromStr for ServerId {
    type Err = InvalidServerId;

    fn from_str(text: &str) -> Result<Self, InvalidServerId> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == 32 && text.bytes().all(digit) {
            let number = u128::from_str_radix(text, 16).map_err(|_| InvalidServerId)?;
            Ok(Self(number))
        } else {
            Err(InvalidServerId)
        }
    }
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerId({self})")
    }
}

/// The server that works on a record, and when another may resume the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// The server that does the work.
    #[serde(with = "crate::serde_text")]
    pub owner: ServerId,
    /// From when any server may resume it.
    #[serde(with = "crate::serde_text")]
    pub expires: Timestamp,
}

impl Lease {
    /// A lease for work that `owner` begins at `now`.
    pub fn new(owner: ServerId, now: Timestamp) -> Self {
        Self {
            owner,
            expires: now.saturating_add(LEASE_DURATION).unwrap_or(Timestamp::MAX),
        }
    }

    /// Whether `server` must leave the work to another server at `now`. It need not if there is no
    /// lease, if the lease is its own, or if it has expired.
    pub fn excludes(lease: Option<&Self>, server: ServerId, now: Timestamp) -> bool {
        lease.is_some_and(|lease| lease.owner != server && now < lease.expires)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_excludes_other_servers_until_it_expires() {
        let (first, second) = (ServerId::new([1; 16]), ServerId::new([2; 16]));
        let begun = Timestamp::UNIX_EPOCH;
        let lease = Lease::new(first, begun);
        assert!(Lease::excludes(Some(&lease), second, begun));
        assert!(!Lease::excludes(Some(&lease), first, begun));
        assert!(!Lease::excludes(
            Some(&lease),
            second,
            begun + LEASE_DURATION
        ));
        assert!(!Lease::excludes(None, second, begun));
    }

    #[test]
    fn a_server_id_is_32_hexadecimal_digits() {
        let id = ServerId::new([0x0a; 16]);
        insta::assert_snapshot!(id, @"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a");
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "0a", &"A".repeat(32), &"+".repeat(32), &"0".repeat(33)] {
            assert_eq!(text.parse::<ServerId>(), Err(InvalidServerId), "{text}");
        }
    }

    #[test]
    fn a_lease_is_stored_as_text() {
        let lease = Lease::new(ServerId::new([1; 16]), Timestamp::UNIX_EPOCH);
        let stored = serde_json::to_string(&lease).unwrap();
        insta::assert_snapshot!(stored, @r#"{"owner":"01010101010101010101010101010101","expires":"1970-01-01T00:10:00Z"}"#);
        assert_eq!(serde_json::from_str::<Lease>(&stored).unwrap(), lease);
    }
}
