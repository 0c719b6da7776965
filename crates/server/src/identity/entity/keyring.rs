//! The keyring as a record: one in each store.

use super::{Counted, Entity, InvalidEntity, ensure};
use crate::{
    crypto::keyring::{KeyringRecord, MAX_KEYS},
    identity::store::RecordKey,
};

impl Entity for KeyringRecord {
    const KIND: &'static str = "keyring";
    const LEVEL: u32 = 0;

    fn key(&self) -> RecordKey {
        RecordKey::keyring()
    }

    /// There is one.
    fn counted(&self) -> Option<Counted> {
        None
    }

    fn validate(&self) -> Result<(), InvalidEntity> {
        ensure(self.key_count() <= MAX_KEYS, "keyring", "has too many keys")
    }
}
