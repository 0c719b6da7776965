//! Checksums of object data, computed as the data arrives. `x-amz-checksum-*` headers and trailers
//! carry them as base64 of the big-endian bytes.
//!
//! Supports the algorithms that clients send by default or by choice. Others (`MD5`, the xxHash
//! family) have no [`ChecksumAlgorithm`]; the caller rejects their headers.

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use crc_fast::{CrcAlgorithm, Digest as Crc};

/// A checksum algorithm of S3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChecksumAlgorithm {
    /// The CRC-32 of zip and Ethernet, the default of the SDKs.
    Crc32,
    /// CRC-32C (Castagnoli).
    Crc32c,
    /// CRC-64/NVME.
    Crc64Nvme,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

/// The CRC-32 of `data`, which DynamoDB's responses carry.
pub fn crc32(data: &[u8]) -> u32 {
    let mut crc = Crc::new(CrcAlgorithm::Crc32IsoHdlc);
    crc.update(data);
    u32::try_from(crc.finalize()).unwrap_or_default()
}

impl ChecksumAlgorithm {
    /// All algorithms.
    pub const ALL: [Self; 5] = [
        Self::Crc32,
        Self::Crc32c,
        Self::Crc64Nvme,
        Self::Sha1,
        Self::Sha256,
    ];

    /// The name in `x-amz-checksum-algorithm` and `x-amz-sdk-checksum-algorithm`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The header or trailer that carries the value.
    pub fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    /// The algorithm with a name such as `CRC32`, ignoring case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// The algorithm whose value a header or trailer carries, ignoring case.
    pub fn from_header(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.header().eq_ignore_ascii_case(name))
    }
}

/// A checksum in computation.
#[derive(Debug, Clone)]
pub struct Checksum {
    algorithm: ChecksumAlgorithm,
    state: RunningState,
}

#[derive(Clone)]
enum RunningState {
    Crc(Box<Crc>),
    Sha(digest::Context),
}

impl std::fmt::Debug for RunningState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("..")
    }
}

/// The checksum of some data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChecksumValue {
    algorithm: ChecksumAlgorithm,
    bytes: Vec<u8>,
}

/// Why a checksum that a client sent is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChecksumError {
    /// It is the checksum of other data.
    #[error("the {} checksum does not match the data", .0.name())]
    Mismatch(ChecksumAlgorithm),
    /// It is not a checksum of the algorithm.
    #[error("the {} checksum is malformed", .0.name())]
    Malformed(ChecksumAlgorithm),
}

impl Checksum {
    /// Starts a checksum.
    pub fn new(algorithm: ChecksumAlgorithm) -> Self {
        let state = match algorithm {
            ChecksumAlgorithm::Crc32 => {
                RunningState::Crc(Box::new(Crc::new(CrcAlgorithm::Crc32IsoHdlc)))
            }
            ChecksumAlgorithm::Crc32c => {
                RunningState::Crc(Box::new(Crc::new(CrcAlgorithm::Crc32Iscsi)))
            }
            ChecksumAlgorithm::Crc64Nvme => {
                RunningState::Crc(Box::new(Crc::new(CrcAlgorithm::Crc64Nvme)))
            }
            // SHA-1 protects against accidents only; the signature protects against attackers.
            ChecksumAlgorithm::Sha1 => {
                RunningState::Sha(digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY))
            }
            ChecksumAlgorithm::Sha256 => RunningState::Sha(digest::Context::new(&digest::SHA256)),
        };
        Self { algorithm, state }
    }

    /// The algorithm.
    pub fn algorithm(&self) -> ChecksumAlgorithm {
        self.algorithm
    }

    /// Adds data.
    pub fn update(&mut self, data: &[u8]) {
        match &mut self.state {
            RunningState::Crc(crc) => crc.update(data),
            RunningState::Sha(sha) => sha.update(data),
        }
    }

    /// Ends the computation.
    pub fn finish(self) -> ChecksumValue {
        let bytes = match self.state {
            RunningState::Crc(crc) => {
                let wide = crc.finalize().to_be_bytes();
                let skip = if self.algorithm == ChecksumAlgorithm::Crc64Nvme {
                    0
                } else {
                    4
                };
                wide.into_iter().skip(skip).collect()
            }
            RunningState::Sha(sha) => sha.finish().as_ref().to_vec(),
        };
        ChecksumValue {
            algorithm: self.algorithm,
            bytes,
        }
    }
}

impl ChecksumValue {
    /// The algorithm.
    pub fn algorithm(&self) -> ChecksumAlgorithm {
        self.algorithm
    }

    /// The value of the header.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(&self.bytes)
    }

    /// Compares the checksum with one that a client sent.
    ///
    /// # Errors
    /// [`ChecksumError`].
    pub fn verify(&self, claimed: &str) -> Result<(), ChecksumError> {
        match STANDARD.decode(claimed) {
            Ok(bytes) if bytes == self.bytes => Ok(()),
            Ok(bytes) if bytes.len() == self.bytes.len() => {
                Err(ChecksumError::Mismatch(self.algorithm))
            }
            Ok(_) | Err(_) => Err(ChecksumError::Malformed(self.algorithm)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(algorithm: ChecksumAlgorithm, data: &[u8]) -> ChecksumValue {
        let mut checksum = Checksum::new(algorithm);
        checksum.update(data);
        checksum.finish()
    }

    #[test]
    fn check_values_are_those_of_the_crc_catalogue() {
        // "123456789": the check value of the CRC catalogue (reveng); SHA by `sha1sum` and
        // `sha256sum`.
        let shown = ChecksumAlgorithm::ALL.map(|algorithm| {
            let hex: String = crate::hex::encode(&of(algorithm, b"123456789").bytes);
            format!("{} {hex}", algorithm.name())
        });
        insta::assert_snapshot!(shown.join("\n"), @"
        CRC32 cbf43926
        CRC32C e3069283
        CRC64NVME ae8b14860a799888
        SHA1 f7c3bc1d808e04732adf679965ccc34ca7ae3441
        SHA256 15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225
        ");
    }

    #[test]
    fn a_checksum_matches_differs_or_is_malformed() {
        let value = of(ChecksumAlgorithm::Crc32, b"");
        assert_eq!(value.to_base64(), "AAAAAA==");
        assert_eq!(value.verify("AAAAAA=="), Ok(()));
        assert_eq!(
            value.verify("AAAAAQ=="),
            Err(ChecksumError::Mismatch(ChecksumAlgorithm::Crc32))
        );
        for malformed in ["", "AAAAAA", "AAAA", "AAAAAAAA", "zzzz*A=="] {
            assert_eq!(
                value.verify(malformed),
                Err(ChecksumError::Malformed(ChecksumAlgorithm::Crc32)),
                "{malformed}"
            );
        }
    }

    #[test]
    fn names_and_headers_ignore_case() {
        for algorithm in ChecksumAlgorithm::ALL {
            assert_eq!(
                ChecksumAlgorithm::from_name(&algorithm.name().to_lowercase()),
                Some(algorithm)
            );
            assert_eq!(
                ChecksumAlgorithm::from_header(&algorithm.header().to_uppercase()),
                Some(algorithm)
            );
        }
        assert_eq!(
            ChecksumAlgorithm::from_header("x-amz-checksum-xxhash64"),
            None
        );
    }

    proptest! {
        #[test]
        fn data_can_arrive_in_pieces(data in proptest::collection::vec(any::<u8>(), 0..300), at in 0usize..300) {
            let (head, tail) = data.split_at(at.min(data.len()));
            for algorithm in ChecksumAlgorithm::ALL {
                let mut pieces = Checksum::new(algorithm);
                pieces.update(head);
                pieces.update(tail);
                prop_assert_eq!(pieces.finish(), of(algorithm, &data));
            }
        }
    }
}
