//! `GetBucketLocation`.

use super::declaration::S3Operation;
use crate::{
    error::AwsError,
    s3::{BucketName, parameters::RequestParameters},
};

/// A bucket's region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetBucketLocation {
    /// The bucket.
    pub bucket: BucketName,
}

impl S3Operation for GetBucketLocation {
    fn parse(bucket: BucketName, _: &RequestParameters<'_>) -> Result<Self, AwsError> {
        Ok(Self { bucket })
    }

    fn target(&self) -> &BucketName {
        &self.bucket
    }
}
