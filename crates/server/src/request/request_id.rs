//! The ids of a request and of its audit record.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::rand::SecureRandom;
use uuid::{Builder, Uuid, fmt::Hyphenated};

/// The ids of a request.
#[derive(Clone, Debug)]
pub(crate) struct RecordIds {
    /// Identifies the request in its response, the audit and explanations.
    pub(crate) request: String,
    /// Identifies the audit record.
    pub(crate) event: String,
}

/// The operating system has no randomness.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the operating system gives no randomness")]
pub(crate) struct NoRandomness;

/// Makes version 4 UUIDs that are unique and look random. An id is a name, not a secret, so it
/// costs no draw of randomness.
#[derive(Debug)]
pub(crate) struct RequestIdGenerator {
    /// Differs from server to server.
    start: [u64; 2],
    count: AtomicU64,
}

impl RequestIdGenerator {
    /// Starts at a random number.
    pub(crate) fn new(random: &dyn SecureRandom) -> Result<Self, NoRandomness> {
        let mut bytes = [0; 16];
        random.fill(&mut bytes).map_err(|_| NoRandomness)?;
        let (high, low) = Uuid::from_bytes(bytes).as_u64_pair();
        Ok(Self {
            start: [high, low],
            count: AtomicU64::new(0),
        })
    }

    /// Ids for the next request.
    pub(crate) fn next(&self) -> RecordIds {
        RecordIds {
            request: self.uuid(),
            event: self.uuid(),
        }
    }

    fn uuid(&self) -> String {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let [high, low] = self.start.map(|start| mix(start.wrapping_add(number)));
        let random = Uuid::from_u64_pair(high, low).into_bytes();
        let uuid = Builder::from_random_bytes(random).into_uuid();
        let mut buffer = [0; Hyphenated::LENGTH];
        uuid.hyphenated().encode_lower(&mut buffer).to_owned()
    }
}

/// A permutation of 64 bits without a visible pattern (the finalizer of `SplitMix64`).
fn mix(number: u64) -> u64 {
    let mut bits = number;
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;

    use super::*;

    #[test]
    fn request_ids_are_unique_version_4_uuids() {
        let generator = RequestIdGenerator::new(&SystemRandom::new()).unwrap();
        let made: std::collections::HashSet<_> = (0..10_000).map(|_| generator.uuid()).collect();
        assert_eq!(made.len(), 10_000);
        for id in made {
            assert_eq!(Uuid::parse_str(&id).unwrap().get_version_num(), 4, "{id}");
            assert_eq!(id, id.to_lowercase());
        }
    }
}
