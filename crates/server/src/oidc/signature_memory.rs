//! Which signatures were found good, so that a token presented again costs a hash in place of an RSA operation.
//!
//! An entry is a SHA-256 over provider id, key thumbprint and the whole token, and no token can be read from it. Provider ids are
//! never used again and a key is looked up only while its provider publishes it, so an entry is worth nothing without either.
//! Only the signature is remembered: times, audience and trust are judged each time. The memory has a fixed size and never
//! allocates after its start.

use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{self, SHA256};

use super::jws::{CompactJws, PublicKey};

const SHARDS: usize = 64;
/// Places of one shard; with 64 shards, 32,768 signatures in 1.3 MB.
const PLACES: usize = 512;
/// Places in which one entry may stand.
const WAYS: usize = 4;

/// The names of remembered signatures.
#[derive(Debug)]
pub(super) struct SignatureMemory {
    shards: Vec<Mutex<Vec<Place>>>,
}

/// The name of a signature by a provider's key on a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SignatureName([u8; 32]);

#[derive(Clone, Copy, Debug)]
struct Place {
    name: SignatureName,
    /// When the token is dead, in seconds since 1970.
    until: i64,
}

impl SignatureName {
    pub(super) fn new(provider_id: &str, key: &PublicKey, token: &CompactJws<'_>) -> Self {
        let mut context = digest::Context::new(&SHA256);
        context.update(provider_id.as_bytes());
        // Ids hold no zero byte and thumbprints have one length, so no two triples read the same.
        context.update(&[0]);
        context.update(key.thumbprint());
        token.digest_into(&mut context);
        let mut name = [0; 32];
        name.copy_from_slice(context.finish().as_ref());
        Self(name)
    }

    fn shard(self) -> usize {
        usize::from(self.0[0]) % SHARDS
    }

    /// The first of the places where it may stand.
    fn place(self) -> usize {
        usize::from(u16::from_le_bytes([self.0[1], self.0[2]])) % (PLACES / WAYS) * WAYS
    }
}

impl SignatureMemory {
    pub(super) fn new() -> Self {
        let empty = Place {
            name: SignatureName([0; 32]),
            until: i64::MIN,
        };
        let shard = || Mutex::new(vec![empty; PLACES]);
        Self {
            shards: (0..SHARDS).map(|_| shard()).collect(),
        }
    }

    /// Whether this signature was found good on a token that lives at `now`, in seconds since 1970.
    pub(super) fn knows(&self, name: SignatureName, now: i64) -> bool {
        self.with(name, |places| {
            places
                .iter()
                .any(|place| place.name == name && now < place.until)
        })
    }

    /// Remembers a good signature until its token is dead. The entry of its group that dies first makes room.
    pub(super) fn remember(&self, name: SignatureName, until: i64) {
        self.with(name, |places| {
            if let Some(place) = places.iter_mut().min_by_key(|place| place.until) {
                *place = Place { name, until };
            }
            false
        });
    }

    fn with(&self, name: SignatureName, act: impl FnOnce(&mut [Place]) -> bool) -> bool {
        let Some(shard) = self.shards.get(name.shard()) else {
            return false;
        };
        let mut places = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let group = name.place()..name.place() + WAYS;
        places.get_mut(group).is_some_and(act)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(n: u32) -> SignatureName {
        SignatureName(crate::oidc::jws::sha256(&n.to_le_bytes()))
    }

    #[test]
    fn a_signature_is_remembered_until_its_token_is_dead() {
        let memory = SignatureMemory::new();
        memory.remember(name(1), 100);
        assert!(memory.knows(name(1), 99));
        assert!(!memory.knows(name(1), 100));
        assert!(!memory.knows(name(2), 99));
    }

    #[test]
    fn the_memory_stays_as_large_as_it_was() {
        let memory = SignatureMemory::new();
        for n in 0..200_000 {
            memory.remember(name(n), i64::from(n));
        }
        let held = (0..200_000).filter(|n| memory.knows(name(*n), -1)).count();
        assert!((30_000..=SHARDS * PLACES).contains(&held), "{held}");
        assert!(memory.knows(name(199_999), -1), "the newest is there");
    }
}
