//! The values of `x-amz-content-sha256`, which determine what a reader of the body must verify.

use super::{
    error::{SignatureError, Unsupported},
    request_parts::RequestParts,
};
use crate::hex;

/// How the signature covers the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentSha256 {
    /// The body has this hash. A caller that streams the body must compare the hash at its end,
    /// before it uses the body.
    Hash([u8; 32]),
    /// `UNSIGNED-PAYLOAD`: the signature does not cover the body.
    Unsigned,
    /// `STREAMING-UNSIGNED-PAYLOAD-TRAILER`: chunks without signatures, then a trailing checksum
    /// (see [`crate::chunked`]).
    UnsignedTrailer,
    /// `STREAMING-AWS4-HMAC-SHA256-PAYLOAD`: chunks with signatures, which
    /// [`VerifiedRequest::chunk_chain`](super::VerifiedRequest::chunk_chain) verifies.
    SignedChunks,
    /// `STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER`: chunks and a trailer with signatures.
    SignedChunksTrailer,
}

impl ContentSha256 {
    /// The value of the header.
    pub fn to_value(self) -> String {
        match self {
            Self::Hash(hash) => hex::encode(&hash),
            Self::Unsigned => "UNSIGNED-PAYLOAD".to_owned(),
            Self::UnsignedTrailer => "STREAMING-UNSIGNED-PAYLOAD-TRAILER".to_owned(),
            Self::SignedChunks => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD".to_owned(),
            Self::SignedChunksTrailer => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER".to_owned(),
        }
    }

    /// The value in a request; `None` if it has no such header.
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
