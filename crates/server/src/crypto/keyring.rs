//! The keys that tokens are sealed under, and how they change without refusing anybody.
//!
//! A [`Keyring`] is an immutable snapshot in the [index](crate::identity::index): sealing and opening take no lock. A rotation adds a
//! key that is *published* first, so that every replica knows it, then *active*; the key before it is *retired* and opens
//! until the longest session under it has ended. Which state a key is in follows from times alone, so nothing has to happen
//! at the right moment. A revoked key is gone at once, and everything sealed under it.
//!
//! In the store the keyring is one record; each key lies in an envelope under the master key.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::crypto::{
    master_key::{Envelope, MasterKey},
    seal::{self, KeyId, KeyMaterial, OpenError, Purpose, SealError, SealKey, random_key_material},
};

/// How long a retired key opens: the longest session (12 hours), and an hour for the messages and markers of its last users.
pub const OVERLAP: SignedDuration = SignedDuration::from_hours(13);

/// Most keys at a time; rotating faster than that ends the oldest early.
pub const MAX_KEYS: usize = 64;

/// The keyring as it is used. The default one is empty: it seals and opens nothing.
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

/// The keyring as it is stored.
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
    /// From when it seals, which is also when the one before it retires.
    #[serde(with = "crate::serde_text")]
    active_from: Timestamp,
    secret: Envelope,
}

/// What may be told of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyStatus {
    /// Its id.
    pub id: KeyId,
    /// When it was made.
    pub created: Timestamp,
    /// Where it stands.
    pub state: KeyState,
    /// Until when it opens, once that is known.
    pub not_after: Option<Timestamp>,
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Known, not sealing yet.
    Published,
    /// Sealing.
    Active,
    /// Opening what it sealed.
    Retired,
}

/// Why a stored keyring cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// The master key is another one, or the record was changed.
    #[error("the keyring does not open with the master key")]
    Open(#[from] OpenError),
    /// A key is not 32 bytes.
    #[error("the keyring holds a key of the wrong length")]
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

    /// Opens what any of the keys sealed for `purpose` and `context`.
    ///
    /// # Errors
    /// [`OpenError::UnknownKey`] also for a key whose time is over.
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

    /// Adds a key that seals after `publish_for`, which is long enough for every replica to know it, and drops those that open
    /// nothing any more.
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

    /// Drops a key, and with it everything sealed under it. If none is left that seals, a new one takes over at once.
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

    /// The same keys, all sealed under the current master key.
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

    /// Until when each key opens: its successor's beginning and the overlap.
    fn ends(&self) -> Vec<Option<Timestamp>> {
        let successors = self.keys.iter().map(|key| {
            let end = key.active_from.saturating_add(OVERLAP);
            end.unwrap_or(Timestamp::MAX)
        });
        std::iter::once(None).chain(successors.map(Some)).collect()
    }
}

/// An envelope of one key does not open in the place of another.
fn envelope_context(id: KeyId) -> String {
    format!("keyring/{id}")
}

#[cfg(test)]
mod tests;
