//! The keys that tokens are sealed under, and their rotation, which rejects no valid token.
//!
//! A [`Keyring`] is immutable: sealing and opening take no lock. A rotation adds a key that is
//! first *published*, so that every replica knows it, then *active*; the key before it is
//! *retired*, and opens until the longest session under it has expired. The state of a key follows
//! from times alone, so nothing has to run at the right moment. A revoked key stops opening at
//! once.
//!
//! In the store the keyring is one record; each key is sealed in an envelope under the master key.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::crypto::{
    master_key::{Envelope, MasterKey},
    seal::{self, KeyId, KeyMaterial, OpenError, Purpose, SealError, SealKey, random_key_material},
};

/// How long a retired key opens: the longest session (12 hours), and an hour for the messages and
/// page tokens of its last users.
pub const OVERLAP: SignedDuration = SignedDuration::from_hours(13);

/// Most keys at a time. Rotating faster than that drops the oldest early.
pub const MAX_KEYS: usize = 64;

/// An opened keyring. The default one is empty: it seals and opens nothing.
#[derive(Debug, Default)]
pub struct Keyring {
    /// Newest first.
    keys: Vec<DataKey>,
}

/// One key of a keyring.
#[derive(Debug)]
struct DataKey {
    status: KeyTimes,
    seal: SealKey,
}

#[derive(Clone, Copy, Debug)]
struct KeyTimes {
    created: Timestamp,
    active_from: Timestamp,
    not_after: Option<Timestamp>,
}

/// The stored keyring.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyringRecord {
    /// Newest first.
    keys: Vec<StoredKey>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredKey {
    #[serde(with = "crate::serde_text")]
    id: KeyId,
    #[serde(with = "crate::serde_text")]
    created: Timestamp,
    /// From when it seals, and the key before it is retired.
    #[serde(with = "crate::serde_text")]
    active_from: Timestamp,
    secret: Envelope,
}

/// The public facts of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyStatus {
    /// Its id.
    pub id: KeyId,
    /// When it was created.
    pub created: Timestamp,
    /// Its state.
    pub state: KeyState,
    /// Until when it opens, once there is a successor.
    pub not_after: Option<Timestamp>,
}

/// The state of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Known, not sealing yet.
    Published,
    /// Sealing.
    Active,
    /// Only opening.
    Retired,
}

/// Why a stored keyring cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// The master key is another one, or the record was changed.
    #[error("the keyring does not open with the master key")]
    Open(#[from] OpenError),
    /// A key is not 32 bytes.
    #[error("the keyring contains a key of the wrong length")]
    Length,
    /// The library refused a key.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl Keyring {
    /// Seals for `purpose` and `context` under the active key.
    ///
    /// # Errors
    /// [`SealError`] if no key is active, or without randomness.
    pub fn seal(
        &self,
        purpose: Purpose,
        context: &[u8],
        plaintext: &[u8],
        now: Timestamp,
    ) -> Result<Vec<u8>, SealError> {
        let active = self.keys.iter().find(|key| key.status.active_from <= now);
        active
            .ok_or(SealError)?
            .seal
            .seal(purpose, context, plaintext)
    }

    /// Opens bytes that one of the keys sealed for `purpose` and `context`.
    ///
    /// # Errors
    /// [`OpenError`]. A key that has expired is unknown.
    pub fn open(
        &self,
        purpose: Purpose,
        context: &[u8],
        sealed: &[u8],
        now: Timestamp,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let id = seal::key_id(sealed)?;
        let alive = |key: &&DataKey| key.status.not_after.is_none_or(|end| now < end);
        self.keys
            .iter()
            .filter(alive)
            .find(|key| key.seal.id() == id)
            .ok_or(OpenError::UnknownKey(id))?
            .seal
            .open(purpose, context, sealed)
    }

    /// All keys that still open, newest first.
    pub fn status(&self, now: Timestamp) -> Vec<KeyStatus> {
        let mut active_seen = false;
        let mut status = Vec::new();
        for key in &self.keys {
            let times = key.status;
            if times.not_after.is_some_and(|end| end <= now) {
                continue;
            }
            let state = if times.active_from > now {
                KeyState::Published
            } else if active_seen {
                KeyState::Retired
            } else {
                active_seen = true;
                KeyState::Active
            };
            status.push(KeyStatus {
                id: key.seal.id(),
                created: times.created,
                state,
                not_after: times.not_after,
            });
        }
        status
    }
}

impl KeyringRecord {
    /// A keyring with one key, active at once.
    ///
    /// # Errors
    /// [`SealError`] without randomness.
    pub fn generate(master: &MasterKey, now: Timestamp) -> Result<Self, SealError> {
        Self::default().rotate(master, now, SignedDuration::ZERO)
    }

    /// Adds a key that seals after `publish_for`, by when every replica must know it, and drops
    /// keys that no longer open.
    ///
    /// # Errors
    /// [`SealError`] without randomness.
    pub fn rotate(
        &self,
        master: &MasterKey,
        now: Timestamp,
        publish_for: SignedDuration,
    ) -> Result<Self, SealError> {
        let material = random_key_material()?;
        let id = KeyId::random()?;
        let active_from = now.saturating_add(publish_for).map_err(|_| SealError)?;
        let secret =
            master.seal_for(Purpose::Keyring, &envelope_context(id), material.as_slice())?;
        let mut keys = vec![StoredKey {
            id,
            created: now,
            active_from,
            secret,
        }];
        let ends = self.ends();
        for (key, end) in self.keys.iter().zip(ends) {
            if keys.len() < MAX_KEYS && key.id != id && end.is_none_or(|end| now < end) {
                keys.push(key.clone());
            }
        }
        Ok(Self { keys })
    }

    /// Drops a key: nothing sealed under it opens any more. If no key is left that seals, a new one
    /// is active at once.
    ///
    /// # Errors
    /// [`SealError`] without randomness.
    pub fn revoke(&self, id: KeyId, master: &MasterKey, now: Timestamp) -> Result<Self, SealError> {
        let keys = self.keys.iter().filter(|key| key.id != id).cloned();
        let left = Self {
            keys: keys.collect(),
        };
        if left.keys.iter().any(|key| key.active_from <= now) {
            Ok(left)
        } else {
            left.rotate(master, now, SignedDuration::ZERO)
        }
    }

    /// The same keys, sealed under the current master key.
    ///
    /// # Errors
    /// [`KeyringError`] if one does not open.
    pub fn reseal(&self, master: &MasterKey) -> Result<Self, KeyringError> {
        let mut keys = self.keys.clone();
        for key in &mut keys {
            let context = envelope_context(key.id);
            let secret = master.open_for(Purpose::Keyring, &context, &key.secret)?;
            key.secret = master.seal_for(Purpose::Keyring, &context, &secret)?;
        }
        Ok(Self { keys })
    }

    /// How many keys it has: at most [`MAX_KEYS`].
    pub fn key_count(&self) -> usize {
        self.keys.len()
    }

    /// Opens the keys.
    ///
    /// # Errors
    /// [`KeyringError`] if one does not open.
    pub fn open(&self, master: &MasterKey) -> Result<Keyring, KeyringError> {
        let mut keys = Vec::with_capacity(self.keys.len());
        for (key, not_after) in self.keys.iter().zip(self.ends()) {
            let secret =
                master.open_for(Purpose::Keyring, &envelope_context(key.id), &key.secret)?;
            let mut material: KeyMaterial = Zeroizing::new([0; 32]);
            if secret.len() != material.len() {
                return Err(KeyringError::Length);
            }
            material.copy_from_slice(&secret);
            keys.push(DataKey {
                status: KeyTimes {
                    created: key.created,
                    active_from: key.active_from,
                    not_after,
                },
                seal: SealKey::new(key.id, &material)?,
            });
        }
        Ok(Keyring { keys })
    }

    /// Until when each key opens: when its successor becomes active, plus the overlap.
    fn ends(&self) -> Vec<Option<Timestamp>> {
        let successors = self.keys.iter().map(|key| {
            let end = key.active_from.saturating_add(OVERLAP);
            end.unwrap_or(Timestamp::MAX)
        });
        std::iter::once(None).chain(successors.map(Some)).collect()
    }
}

/// The context of a key's envelope: it does not open as another key's.
fn envelope_context(id: KeyId) -> String {
    format!("keyring/{id}")
}

#[cfg(test)]
mod tests;
