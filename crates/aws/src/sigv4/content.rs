//! What `x-amz-content-sha256` says about the body, and with it what a reader of the body still has to check.

use super::{RequestParts, SignatureError, Unsupported};
use crate::hex;

/// What the signature covers of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentSha256 {
    /// The body has this hash. Who streams it must compare at the end, before anything of it counts.
    Hash([u8; 32]),
    /// `UNSIGNED-PAYLOAD`: the signature says nothing about the body.
    Unsigned,
    /// `STREAMING-UNSIGNED-PAYLOAD-TRAILER`: chunks without signatures, then a trailing checksum (see [`crate::chunked`]).
    UnsignedTrailer,
    /// `STREAMING-AWS4-HMAC-SHA256-PAYLOAD`: chunks with signatures, to which [`VerifiedRequest::chunk_chain`](super::VerifiedRequest::chunk_chain) is
    /// the key.
    SignedChunks,
    /// `STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER`: the same, and a trailer that is signed too.
    SignedChunksTrailer,
}

impl ContentSha256 {
    /// The header's value.
    pub fn to_value(self) -> String {
        match self {
            Self::Hash(hash) => hex::encode(&hash),
            Self::Unsigned => "UNSIGNED-PAYLOAD".to_owned(),
            Self::UnsignedTrailer => "STREAMING-UNSIGNED-PAYLOAD-TRAILER".to_owned(),
            Self::SignedChunks => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD".to_owned(),
            Self::SignedChunksTrailer => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER".to_owned(),
        }
    }

    /// What the request declares, if it does.
    pub(super) fn of_request(parts: &RequestParts<'_>) -> Result<Option<Self>, SignatureError> {
        let Some(value) = parts.single_header("x-amz-content-sha256")? else {
            return Ok(None);
        };
        match value {
            b"UNSIGNED-PAYLOAD" => Ok(Some(Self::Unsigned)),
            b"STREAMING-UNSIGNED-PAYLOAD-TRAILER" => Ok(Some(Self::UnsignedTrailer)),
            b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => Ok(Some(Self::SignedChunks)),
            b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => Ok(Some(Self::SignedChunksTrailer)),
            b"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"
            | b"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER" => {
                Err(Unsupported::AsymmetricChunks.into())
            }
            other => hex::decode32(other)
                .map(|hash| Some(Self::Hash(hash)))
                .ok_or(SignatureError::ContentSha256Malformed),
        }
    }
}
