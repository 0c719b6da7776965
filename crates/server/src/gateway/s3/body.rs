//! Verifies an upload's data, while it streams, against everything that the request claims of it.
//!
//! [`Piece::End`] follows only if signed hash, checksums, MD5 and lengths agree. A store keeps
//! nothing without it.

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bowline_aws::{
    checksum::{Checksum, ChecksumAlgorithm},
    chunked::ChunkedDecoder,
    error::{AwsError, Code},
    s3::BodyClaims,
    sigv4::{ChunkChain, ContentSha256},
};
use bytes::Bytes;
use futures_util::stream;
use http_body::Body;
use http_body_util::BodyExt as _;
use md5::{Digest as _, Md5};

use crate::http::response::BoxError;
use crate::upstream::objects::{ObjectChecksum, Piece, UploadStream};

/// The largest object of a single put: 5 GiB ("Uploading objects", S3 User Guide).
const MAX_OBJECT_BYTES: u64 = 5 << 30;

/// The verified data of a body.
///
/// # Errors
/// AWS's, for claims that cannot be true, before the body is read.
pub(super) fn verified<B>(
    body: B,
    claims: &BodyClaims,
    content: ContentSha256,
    chunk_chain: Option<ChunkChain>,
) -> Result<UploadStream, AwsError>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    let check = Check::new(claims, content, chunk_chain)?;
    Ok(Box::pin(stream::unfold(
        Some((body, check)),
        |state| async {
            let (mut body, mut check) = state?;
            loop {
                let step = match body.frame().await {
                    // HTTP trailers are not signed.
                    Some(Ok(frame)) => match frame.into_data() {
                        Ok(data) => check.take(&data),
                        Err(_) => continue,
                    },
                    Some(Err(_)) => Err(incomplete()),
                    None => {
                        return Some((check.end().map(|checksum| Piece::End { checksum }), None));
                    }
                };
                match step {
                    Ok(data) if data.is_empty() => {}
                    Ok(data) => return Some((Ok(Piece::Data(data)), Some((body, check)))),
                    Err(error) => return Some((Err(error), None)),
                }
            }
        },
    )))
}

/// The claims, and the state of their verification.
struct Check {
    signed: Option<([u8; 32], digest::Context)>,
    md5: Option<(Vec<u8>, Md5)>,
    checksums: Vec<Checksum>,
    claimed: Option<String>,
    decoder: Option<ChunkedDecoder>,
    expected: u64,
    seen: u64,
}

impl Check {
    fn new(
        claims: &BodyClaims,
        content: ContentSha256,
        chunk_chain: Option<ChunkChain>,
    ) -> Result<Self, AwsError> {
        let chunked = match content {
            ContentSha256::Hash(_) | ContentSha256::Unsigned => false,
            ContentSha256::UnsignedTrailer
            | ContentSha256::SignedChunks
            | ContentSha256::SignedChunksTrailer => true,
        };
        let declared = if chunked {
            claims.decoded_length
        } else {
            claims.content_length
        };
        let expected = declared.ok_or_else(|| {
            AwsError::new(
                Code::MissingContentLength,
                "You must provide the Content-Length HTTP header.",
            )
        })?;
        if expected > MAX_OBJECT_BYTES {
            return Err(too_large());
        }
        let announced = claims.trailer.split(',').map(str::trim);
        let trailing = announced
            .filter(|name| !name.is_empty())
            // A body that is not chunked has no trailers, and an unverified one must not pass.
            .map(|name| ChecksumAlgorithm::from_header(name).filter(|_| chunked))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| {
                AwsError::new(
                    Code::InvalidRequest,
                    "The value specified in the x-amz-trailer header is not supported",
                )
            })?;
        let md5 = match &claims.content_md5 {
            None => None,
            Some(text) => match STANDARD.decode(text) {
                Ok(bytes) if bytes.len() == 16 => Some((bytes, Md5::new())),
                Ok(_) | Err(_) => {
                    return Err(AwsError::new(
                        Code::InvalidDigest,
                        "The Content-MD5 you specified was invalid.",
                    ));
                }
            },
        };
        Ok(Self {
            signed: match content {
                ContentSha256::Hash(hash) => Some((hash, digest::Context::new(&digest::SHA256))),
                ContentSha256::Unsigned
                | ContentSha256::UnsignedTrailer
                | ContentSha256::SignedChunks
                | ContentSha256::SignedChunksTrailer => None,
            },
            md5,
            checksums: claims
                .checksum
                .iter()
                .map(|(algorithm, _)| *algorithm)
                .chain(trailing)
                .map(Checksum::new)
                .collect(),
            claimed: claims.checksum.as_ref().map(|(_, value)| value.clone()),
            decoder: decoder(expected, &claims.trailer, content, chunk_chain)?,
            expected,
            seen: 0,
        })
    }

    /// Verifies bytes of the body; returns the data in them.
    fn take(&mut self, bytes: &Bytes) -> Result<Bytes, AwsError> {
        let data = match &mut self.decoder {
            None => bytes.clone(),
            Some(decoder) => {
                let (mut input, mut data) = (bytes.as_ref(), Vec::new());
                while let Some(piece) = decoder.next(&mut input)? {
                    data.extend_from_slice(piece);
                }
                Bytes::from(data)
            }
        };
        self.seen = self.seen.saturating_add(data.len() as u64);
        if self.seen > self.expected {
            return Err(incomplete());
        }
        if let Some((_, sha256)) = &mut self.signed {
            sha256.update(&data);
        }
        if let Some((_, md5)) = &mut self.md5 {
            md5.update(&data);
        }
        for checksum in &mut self.checksums {
            checksum.update(&data);
        }
        Ok(data)
    }

    /// Verifies the claims; returns the checksum to store.
    fn end(self) -> Result<Option<ObjectChecksum>, AwsError> {
        let trailers = self.decoder.map(ChunkedDecoder::finish).transpose()?;
        if self.seen != self.expected {
            return Err(incomplete());
        }
        if let Some((claimed, sha256)) = self.signed
            && verify_slices_are_equal(&claimed, sha256.finish().as_ref()).is_err()
        {
            return Err(AwsError::new(
                Code::ContentSha256Mismatch,
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            ));
        }
        if let Some((claimed, md5)) = self.md5
            && claimed != md5.finalize().as_slice()
        {
            return Err(AwsError::new(
                Code::BadDigest,
                "The Content-MD5 you specified did not match what we received.",
            ));
        }
        let mut kept = None;
        let mut header = self.claimed;
        for checksum in self.checksums {
            let value = checksum.finish();
            let name = value.algorithm().header();
            // The first is the header's, if there is one. The others were announced as trailers,
            // which must have arrived.
            let claim = match (header.take(), &trailers) {
                (Some(claim), _) => claim,
                (None, Some(trailers)) => trailers.get(name).unwrap_or_default().to_owned(),
                (None, None) => String::new(),
            };
            value.verify(&claim)?;
            kept = kept.or_else(|| {
                Some(ObjectChecksum {
                    header: name.to_owned(),
                    value: value.to_base64(),
                })
            });
        }
        Ok(kept)
    }
}

/// The decoder of a chunked body.
fn decoder(
    length: u64,
    trailer: &str,
    content: ContentSha256,
    chunk_chain: Option<ChunkChain>,
) -> Result<Option<ChunkedDecoder>, AwsError> {
    // Every verified request with signed chunks has one.
    let chunk_chain = || chunk_chain.ok_or_else(AwsError::content_sha256_mismatch);
    Ok(match content {
        ContentSha256::Hash(_) | ContentSha256::Unsigned => None,
        ContentSha256::UnsignedTrailer => Some(ChunkedDecoder::unsigned_trailer(length, trailer)?),
        ContentSha256::SignedChunks => {
            Some(ChunkedDecoder::signed(length, trailer, chunk_chain()?)?)
        }
        ContentSha256::SignedChunksTrailer => Some(ChunkedDecoder::signed_trailer(
            length,
            trailer,
            chunk_chain()?,
        )?),
    })
}

fn incomplete() -> AwsError {
    AwsError::new(
        Code::IncompleteBody,
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
    )
}

fn too_large() -> AwsError {
    AwsError::new(
        Code::EntityTooLarge,
        "Your proposed upload exceeds the maximum allowed size",
    )
}
