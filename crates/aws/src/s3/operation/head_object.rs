//! `HeadObject`.

use super::declaration::S3Operation;
use crate::{
    error::AwsError,
    s3::{
        ObjectAddress,
        parameters::RequestParameters,
        read::{READ_HEADERS, ReadParameters},
    },
};

/// Reads an object's metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadObject {
    /// The object.
    pub object: ObjectAddress,
    /// Range and preconditions.
    pub read: ReadParameters,
}

impl S3Operation for HeadObject {
    const HEADERS: &'static [&'static str] = &READ_HEADERS;

    fn parse(object: ObjectAddress, parameters: &RequestParameters<'_>) -> Result<Self, AwsError> {
        let read = ReadParameters::parse(parameters)?;
        Ok(Self { object, read })
    }

    fn target(&self) -> &ObjectAddress {
        &self.object
    }
}
