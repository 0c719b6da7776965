//! `HeadBucket`.

use super::declaration::S3Operation;
use crate::{
    error::AwsError,
    s3::{
        BucketName,
        parameters::{EXPECTED_OWNER, RequestParameters},
    },
};

/// Whether a bucket exists, and its region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadBucket {
    /// The bucket.
    pub bucket: BucketName,
}

impl S3Operation for HeadBucket {
    const HEADERS: &'static [&'static str] = &[EXPECTED_OWNER];

    fn parse(bucket: BucketName, _: &RequestParameters<'_>) -> Result<Self, AwsError> {
        Ok(Self { bucket })
    }

    fn target(&self) -> &BucketName {
        &self.bucket
    }
}
