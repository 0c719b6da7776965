//! `GetObject`.

use super::declaration::{Declared as _, NULL_VERSION, Neutral, REQUEST_PAYER, S3Operation};
use crate::{
    error::AwsError,
    requirement::Requirement,
    s3::{
        ObjectAddress,
        parameters::RequestParameters,
        read::{READ_HEADERS, ReadParameters},
    },
};

/// Reads an object's metadata and data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetObject {
    /// The object.
    pub object: ObjectAddress,
    /// Range and preconditions.
    pub read: ReadParameters,
    /// Whether it names the version `null`, the only one of an object.
    pub null_version: bool,
}

impl S3Operation for GetObject {
    const HEADERS: &'static [&'static str] = &READ_HEADERS;
    const NEUTRAL: &'static [Neutral] = &[NULL_VERSION, REQUEST_PAYER];

    fn parse(object: ObjectAddress, parameters: &RequestParameters<'_>) -> Result<Self, AwsError> {
        let read = ReadParameters::parse(parameters)?;
        Ok(Self {
            object,
            read,
            null_version: parameters.names_null_version(),
        })
    }

    fn target(&self) -> &ObjectAddress {
        &self.object
    }

    fn requirements(&self) -> Vec<Requirement<'static>> {
        let version = self.null_version.then_some("s3:GetObjectVersion");
        vec![self.object.version_requirement(Self::ACTION, version)]
    }
}
