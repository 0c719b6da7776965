//! Ids of requests and of their audit records.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::rand::SecureRandom;

/// What a request and its audit record are called.
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

/// Makes UUIDs that are unique and look random. They are names, not secrets: whoever guesses one has learned nothing, so they
/// cost no draw of randomness.
#[derive(Debug)]
pub(crate) struct RequestIdGenerator {
    /// Where this server has begun, so that no two servers make the same.
    start: [u64; 2],
    count: AtomicU64,
}

impl RequestIdGenerator {
    /// Begins at a random place.
    pub(crate) fn new(random: &dyn SecureRandom) -> Result<Self, NoRandomness> {
        let mut bytes = [0; 16];
        random.fill(&mut bytes).map_err(|_| NoRandomness)?;
        let start = u128::from_be_bytes(bytes);
        Ok(Self {
            start: [
                u64::try_from(start >> 64).unwrap_or_default(),
                u64::try_from(start & u128::from(u64::MAX)).unwrap_or_default(),
            ],
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
        uuid(u128::from(high) << 64 | u128::from(low))
    }
}

/// A permutation of 64 bits that leaves no pattern (the finalizer of `SplitMix64`).
fn mix(number: u64) -> u64 {
    let mut bits = number;
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

/// A version 4 UUID of random bits (RFC 9562, 5.4).
fn uuid(random: u128) -> String {
    const VERSION: u128 = 0x4 << 76;
    const VARIANT: u128 = 0x2 << 62;
    let kept = random & !(0xf << 76) & !(0x3 << 62);
    let bits = kept | VERSION | VARIANT;
    let digit = |value: u8| char::from(if value < 10 { b'0' } else { b'a' - 10 } + value);
    let mut text = String::with_capacity(36);
    for (place, byte) in bits.to_be_bytes().into_iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push(digit(byte >> 4));
        text.push(digit(byte & 0xf));
    }
    text
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;

    use super::*;

    #[test]
    fn a_uuid_says_its_version_and_keeps_the_other_bits() {
        insta::assert_snapshot!(uuid(0), @"00000000-0000-4000-8000-000000000000");
        insta::assert_snapshot!(uuid(u128::MAX), @"ffffffff-ffff-4fff-bfff-ffffffffffff");
        let counted = 0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f;
        insta::assert_snapshot!(uuid(counted), @"00010203-0405-4607-8809-0a0b0c0d0e0f");
    }

    #[test]
    fn names_do_not_come_again() {
        let generator = RequestIdGenerator::new(&SystemRandom::new()).unwrap();
        let made: std::collections::HashSet<_> = (0..10_000).map(|_| generator.uuid()).collect();
        assert_eq!(made.len(), 10_000);
    }
}
