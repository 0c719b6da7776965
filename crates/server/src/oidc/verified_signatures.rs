//! A cache of verified signatures: a token that is presented again costs a hash instead of an RSA
//! operation.
//!
//! An entry is the SHA-256 of provider id, key thumbprint and the whole token; no token can be read
//! from it. Provider ids are never reused and a key is looked up only while its provider publishes
//! it, so an entry is useless without either. Only the signature is cached: times, audience and
//! trust are checked every time. The cache has a fixed size and does not allocate after its
//! creation.

use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{self, SHA256};

use super::jws::{CompactJws, PublicKey};

const SHARDS: usize = 64;
/// Slots of one shard; with 64 shards, 32,768 signatures in 1.3 MB.
const SLOTS_PER_SHARD: usize = 512;
/// Slots that one entry may be in.
const ASSOCIATIVITY: usize = 4;

/// The digests of verified signatures.
#[derive(Debug)]
pub(super) struct VerifiedSignatureCache {
    shards: Vec<Mutex<Vec<Slot>>>,
}

/// Identifies a signature: provider, key and token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SignatureDigest([u8; 32]);

#[derive(Clone, Copy, Debug)]
struct Slot {
    digest: SignatureDigest,
    /// When the token has expired, in seconds since 1970.
    until: i64,
}

impl SignatureDigest {
    pub(super) fn new(provider_id: &str, key: &PublicKey, token: &CompactJws<'_>) -> Self {
        let mut context = digest::Context::new(&SHA256);
        context.update(provider_id.as_bytes());
        // Ids contain no zero byte and thumbprints have one length, so no two triples are
        // ambiguous.
        context.update(&[0]);
        context.update(key.thumbprint());
        token.digest_into(&mut context);
        let mut digest = [0; 32];
        digest.copy_from_slice(context.finish().as_ref());
        Self(digest)
    }

    fn shard(self) -> usize {
        usize::from(self.0[0]) % SHARDS
    }

    /// The first of the slots that it may be in.
    fn slot(self) -> usize {
        usize::from(u16::from_le_bytes([self.0[1], self.0[2]])) % (SLOTS_PER_SHARD / ASSOCIATIVITY)
            * ASSOCIATIVITY
    }
}

impl VerifiedSignatureCache {
    pub(super) fn new() -> Self {
        let empty = Slot {
            digest: SignatureDigest([0; 32]),
            until: i64::MIN,
        };
        let shard = || Mutex::new(vec![empty; SLOTS_PER_SHARD]);
        Self {
            shards: (0..SHARDS).map(|_| shard()).collect(),
        }
    }

    /// Whether this signature was verified, on a token that has not expired at `now`, in seconds
    /// since 1970.
    pub(super) fn contains(&self, digest: SignatureDigest, now: i64) -> bool {
        self.with(digest, |slots| {
            slots
                .iter()
                .any(|slot| slot.digest == digest && now < slot.until)
        })
    }

    /// Adds a verified signature until its token expires. It evicts the entry of its group that
    /// expires first.
    pub(super) fn insert(&self, digest: SignatureDigest, until: i64) {
        self.with(digest, |slots| {
            if let Some(slot) = slots.iter_mut().min_by_key(|slot| slot.until) {
                *slot = Slot { digest, until };
            }
            false
        });
    }

    fn with(&self, digest: SignatureDigest, act: impl FnOnce(&mut [Slot]) -> bool) -> bool {
        let Some(shard) = self.shards.get(digest.shard()) else {
            return false;
        };
        let mut slots = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let group = digest.slot()..digest.slot() + ASSOCIATIVITY;
        slots.get_mut(group).is_some_and(act)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(n: u32) -> SignatureDigest {
        SignatureDigest(crate::oidc::jws::sha256(&n.to_le_bytes()))
    }

    #[test]
    fn a_signature_is_cached_until_its_token_expires() {
        let cache = VerifiedSignatureCache::new();
        cache.insert(digest(1), 100);
        assert!(cache.contains(digest(1), 99));
        assert!(!cache.contains(digest(1), 100));
        assert!(!cache.contains(digest(2), 99));
    }

    #[test]
    fn the_cache_does_not_grow() {
        let cache = VerifiedSignatureCache::new();
        for n in 0..200_000 {
            cache.insert(digest(n), i64::from(n));
        }
        let kept = (0..200_000)
            .filter(|n| cache.contains(digest(*n), -1))
            .count();
        assert!(
            (30_000..=SHARDS * SLOTS_PER_SHARD).contains(&kept),
            "{kept}"
        );
        assert!(cache.contains(digest(199_999), -1), "the newest is cached");
    }
}
