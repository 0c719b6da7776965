//! `DeleteObject`.

use super::declaration::{Declared as _, NULL_VERSION, Neutral, REQUEST_PAYER, S3Operation};
use crate::{
    error::AwsError,
    requirement::Requirement,
    s3::{
        ObjectAddress,
        parameters::{EXPECTED_OWNER, RequestParameters},
    },
};

/// Deletes an object. Succeeds if there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteObject {
    /// The object.
    pub object: ObjectAddress,
    /// Whether it names the version `null`, the only one of an object.
    pub null_version: bool,
}

impl S3Operation for DeleteObject {
    const HEADERS: &'static [&'static str] = &[EXPECTED_OWNER];
    const NEUTRAL: &'static [Neutral] = &[
        ("x-amz-bypass-governance-retention", &["false", "False"]),
        NULL_VERSION,
        REQUEST_PAYER,
    ];

    fn parse(object: ObjectAddress, parameters: &RequestParameters<'_>) -> Result<Self, AwsError> {
        // Conditional deletes are not built, and one that ignored its condition would lose data.
        parameters.reject_headers(&["if-match"])?;
        Ok(Self {
            object,
            null_version: parameters.names_null_version(),
        })
    }

    fn target(&self) -> &ObjectAddress {
        &self.object
    }

    fn requirements(&self) -> Vec<Requirement<'static>> {
        let version = self.null_version.then_some("s3:DeleteObjectVersion");
        vec![self.object.version_requirement(Self::ACTION, version)]
    }
}
