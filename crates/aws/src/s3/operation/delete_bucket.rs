//! `DeleteBucket`.

use super::declaration::S3Operation;
use crate::{
    error::AwsError,
    s3::{
        BucketName,
        parameters::{EXPECTED_OWNER, RequestParameters},
    },
};

/// Deletes an empty bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteBucket {
    /// The bucket.
    pub bucket: BucketName,
}

impl S3Operation for DeleteBucket {
    const HEADERS: &'static [&'static str] = &[EXPECTED_OWNER];

    fn parse(bucket: BucketName, _: &RequestParameters<'_>) -> Result<Self, AwsError> {
        Ok(Self { bucket })
    }

    fn target(&self) -> &BucketName {
        &self.bucket
    }
}
