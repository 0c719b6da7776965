//! `ListBuckets`.

use super::declaration::{S3Operation, Service};
use crate::{error::AwsError, s3::parameters::RequestParameters};

/// Lists the buckets of the caller's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListBuckets;

impl S3Operation for ListBuckets {
    fn parse(_: Service, _: &RequestParameters<'_>) -> Result<Self, AwsError> {
        Ok(Self)
    }

    fn target(&self) -> &Service {
        &Service
    }
}
