//! `DeleteObject`.

use super::declaration::S3Operation;
use crate::{
    error::AwsError,
    s3::{ObjectAddress, parameters::RequestParameters},
};

/// Deletes an object. Succeeds if there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteObject {
    /// The object.
    pub object: ObjectAddress,
}

impl S3Operation for DeleteObject {
    fn parse(object: ObjectAddress, parameters: &RequestParameters<'_>) -> Result<Self, AwsError> {
        // Conditional deletes are not built, and one that ignored its condition would lose data.
        parameters.reject_headers(&["if-match"])?;
        Ok(Self { object })
    }

    fn target(&self) -> &ObjectAddress {
        &self.object
    }
}
