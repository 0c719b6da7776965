//! The errors of parsers as errors for clients.

use super::{aws_error::AwsError, code::Code, protocol::Protocol};
use crate::{
    checksum::ChecksumError, chunked::ChunkedError, query::ParamsError, sigv4::SignatureError,
};

impl From<ParamsError> for AwsError {
    fn from(error: ParamsError) -> Self {
        let code = match &error {
            ParamsError::TooLong | ParamsError::TooMany => Code::RequestTooLarge,
            ParamsError::BadName
            | ParamsError::BadEscape
            | ParamsError::NotUtf8
            | ParamsError::Duplicate(_)
            | ParamsError::BadList(_)
            | ParamsError::BadValue { .. } => Code::MalformedInput,
        };
        Self::new(code, error.to_string())
    }
}

impl From<ChunkedError> for AwsError {
    fn from(error: ChunkedError) -> Self {
        match error {
            ChunkedError::Length | ChunkedError::Excess | ChunkedError::Incomplete => Self::new(
                Code::IncompleteBody,
                "The request body terminated unexpectedly or does not have the number of bytes that was declared",
            ),
            ChunkedError::BadTrailer
            | ChunkedError::UnannouncedTrailer(_)
            | ChunkedError::DuplicateTrailer(_) => Self::new(
                Code::MalformedTrailer,
                "The request contained trailing data that was not well-formed or did not conform to our published schema.",
            ),
            ChunkedError::BadAnnouncement => Self::new(
                Code::InvalidRequest,
                "The value specified in the x-amz-trailer header is not supported",
            ),
            ChunkedError::Signature => {
                Self::from_signature(&SignatureError::Mismatch, Protocol::S3)
            }
            ChunkedError::BadSize | ChunkedError::BadBoundary => Self::new(
                Code::InvalidRequest,
                "The chunked encoding of the body is malformed.",
            ),
        }
    }
}

impl From<ChecksumError> for AwsError {
    fn from(error: ChecksumError) -> Self {
        match error {
            ChecksumError::Mismatch(algorithm) => Self::new(
                Code::BadDigest,
                format!(
                    "The {} you specified did not match the calculated checksum.",
                    algorithm.name()
                ),
            ),
            ChecksumError::Malformed(algorithm) => Self::new(
                Code::InvalidRequest,
                format!("Value for {} header is invalid.", algorithm.header()),
            ),
        }
    }
}
