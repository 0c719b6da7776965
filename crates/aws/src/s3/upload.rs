//! What a request claims of the data that it uploads.

use super::{error::invalid_argument, parameters::RequestParameters};
use crate::{checksum::ChecksumAlgorithm, error::AwsError};

/// The claims of an upload's headers. Every one is verified before anything is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BodyClaims {
    /// The checksum that a header states, in base64.
    pub checksum: Option<(ChecksumAlgorithm, String)>,
    /// `Content-MD5`.
    pub content_md5: Option<String>,
    /// `Content-Length`, of the body as sent.
    pub content_length: Option<u64>,
    /// `x-amz-decoded-content-length`, of the data in a chunked body.
    pub decoded_length: Option<u64>,
    /// `x-amz-trailer`; empty if it was not sent.
    pub trailer: String,
}

impl BodyClaims {
    pub(super) fn parse(parameters: &RequestParameters<'_>) -> Result<Self, AwsError> {
        let length = |name: &str| match parameters.header(name) {
            None => Ok(None),
            Some(value) if value.bytes().all(|b| b.is_ascii_digit()) => value
                .parse()
                .map(Some)
                .map_err(|_| invalid_argument(name, value)),
            Some(value) => Err(invalid_argument(name, value)),
        };
        let trailer = parameters.header("x-amz-trailer");
        Ok(Self {
            checksum: parameters.claimed_checksum()?,
            content_md5: parameters.header("content-md5").map(str::to_owned),
            content_length: length("content-length")?,
            decoded_length: length("x-amz-decoded-content-length")?,
            trailer: trailer.unwrap_or_default().to_owned(),
        })
    }
}
