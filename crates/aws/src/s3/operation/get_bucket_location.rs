//! `GetBucketLocation`.

use super::declaration::S3Operation;
use crate::{
    error::AwsError,
    s3::{
        BucketName,
        parameters::{EXPECTED_OWNER, RequestParameters},
    },
};

/// A bucket's region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetBucketLocation {
    /// The bucket.
    pub bucket: BucketName,
}

impl S3Operation for GetBucketLocation {
    const HEADERS: &'static [&'static str] = &[EXPECTED_OWNER];

    fn parse(bucket: BucketName, _: &RequestParameters<'_>) -> Result<Self, AwsError> {
        Ok(Self { bucket })
    }

    fn target(&self) -> &BucketName {
        &self.bucket
    }
}
