//! `PutObject`.

use super::declaration::{
    Declared as _, Neutral, OperationTarget as _, REQUEST_PAYER, S3Operation,
};
use crate::{
    error::{AwsError, Code},
    requirement::Requirement,
    s3::{
        ObjectAddress, ObjectMetadata,
        error::unsupported_header,
        parameters::{EXPECTED_OWNER, RequestParameters},
        upload::BodyClaims,
    },
};

/// Stores an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutObject {
    /// The object.
    pub object: ObjectAddress,
    /// What is stored with the object.
    pub metadata: ObjectMetadata,
    /// What the request claims of the data.
    pub claims: BodyClaims,
    /// `If-None-Match: *`: fails if the object exists.
    pub only_if_absent: bool,
    /// `x-amz-acl`. It changes nothing; policies can have conditions on it.
    pub acl: Option<String>,
    /// `x-amz-storage-class`, which can only be `STANDARD`; policies can have conditions on it.
    pub storage_class: Option<String>,
}

impl S3Operation for PutObject {
    const HEADERS: &'static [&'static str] = &[
        "x-amz-acl",
        "x-amz-checksum-",
        "x-amz-decoded-content-length",
        EXPECTED_OWNER,
        "x-amz-meta-",
        "x-amz-object-lock-",
        "x-amz-sdk-checksum-algorithm",
        "x-amz-storage-class",
        "x-amz-trailer",
    ];
    const NEUTRAL: &'static [Neutral] = &[
        REQUEST_PAYER,
        (
            "x-amz-server-side-encryption-bucket-key-enabled",
            &["false", "False"],
        ),
        ("x-amz-tagging", &[""]),
    ];

    fn parse(object: ObjectAddress, parameters: &RequestParameters<'_>) -> Result<Self, AwsError> {
        parameters.reject_headers(&["if-match"])?;
        let mut locks = parameters.headers_with_prefix("x-amz-object-lock-");
        if locks.next().is_some() {
            return Err(AwsError::new(
                Code::InvalidRequest,
                "Bucket is missing Object Lock Configuration",
            ));
        }
        let storage_class = match parameters.header("x-amz-storage-class") {
            None => None,
            Some(class @ "STANDARD") => Some(class.to_owned()),
            Some(_) => return Err(unsupported_header("x-amz-storage-class")),
        };
        Ok(Self {
            object,
            metadata: ObjectMetadata::parse(parameters)?,
            claims: BodyClaims::parse(parameters)?,
            only_if_absent: match parameters.header("if-none-match") {
                None => false,
                Some("*") => true,
                Some(_) => return Err(unsupported_header("if-none-match")),
            },
            acl: parameters.private_acl()?,
            storage_class,
        })
    }

    fn target(&self) -> &ObjectAddress {
        &self.object
    }

    fn requirements(&self) -> Vec<Requirement<'static>> {
        vec![self.object.requirement(Self::ACTION).with([
            ("s3:x-amz-acl", self.acl.clone()),
            ("s3:x-amz-storage-class", self.storage_class.clone()),
        ])]
    }
}
