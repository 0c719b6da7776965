//! The checksum of stored data: CRC-64/NVME, at hardware speed. It detects damage, not forgery.

use crc_fast::{CrcAlgorithm, Digest};

/// A checksum in computation.
#[derive(Clone)]
pub(crate) struct Crc64(Digest);

impl Crc64 {
    pub(crate) fn new() -> Self {
        Self(Digest::new(CrcAlgorithm::Crc64Nvme))
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.finalize()
    }
}

impl std::fmt::Debug for Crc64 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crc64").finish_non_exhaustive()
    }
}

/// The checksum of some parts, each with its length, so that no bytes can move between them.
pub(crate) fn crc64(parts: &[&[u8]]) -> u64 {
    let mut crc = Crc64::new();
    for part in parts {
        crc.update(&(part.len() as u64).to_le_bytes());
        crc.update(part);
    }
    crc.value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_algorithm_is_crc_64_nvme() {
        let mut crc = Crc64::new();
        crc.update(b"123456789");
        // The check value of the catalogue of CRC algorithms.
        assert_eq!(crc.value(), 0xae8b_1486_0a79_9888);
    }

    #[test]
    fn parts_are_told_apart() {
        assert_ne!(crc64(&[b"ab", b"c"]), crc64(&[b"a", b"bc"]));
    }
}
