//! Errors of S3's handlers.

use bowline_aws::{
    error::{AwsError, Code, Protocol},
    s3::ObjectAddress,
};

use crate::{
    request::error::RequestError,
    upstream::{UnknownUpstream, objects::ObjectError},
};

/// Why a permitted operation failed.
#[derive(Debug)]
pub(super) enum S3Error {
    /// The object does not exist. Whether the caller may learn so is a decision of its own.
    NoSuchKey(ObjectAddress),
    /// Any other error.
    Request(RequestError),
}

impl From<RequestError> for S3Error {
    fn from(error: RequestError) -> Self {
        Self::Request(error)
    }
}

impl From<AwsError> for S3Error {
    fn from(error: AwsError) -> Self {
        Self::Request(error.into())
    }
}

impl From<UnknownUpstream> for S3Error {
    fn from(error: UnknownUpstream) -> Self {
        Self::Request(RequestError::new(AwsError::internal(Protocol::S3), &error))
    }
}

/// The error of a store, in work on this bucket, as a client sees it. Failures of the store are
/// logged here.
pub(super) fn store_error(bucket: &str, error: ObjectError) -> RequestError {
    let client = match error {
        ObjectError::NoSuchBucket => {
            let error = AwsError::new(Code::NoSuchBucket, "The specified bucket does not exist");
            let why = "the bucket that the decision was about was deleted meanwhile";
            return RequestError::new(error.with("BucketName", bucket), why);
        }
        ObjectError::NoSuchKey => {
            AwsError::new(Code::NoSuchKey, "The specified key does not exist.")
        }
        ObjectError::BucketNotEmpty => AwsError::new(
            Code::BucketNotEmpty,
            "The bucket you tried to delete is not empty",
        ),
        ObjectError::AlreadyExists => AwsError::new(
            Code::PreconditionFailed,
            "At least one of the pre-conditions you specified did not hold",
        )
        .with("Condition", "If-None-Match"),
        ObjectError::PreconditionFailed(error) | ObjectError::Body(error) => error,
        ObjectError::Unsupported(_) => {
            let client = AwsError::new(
                Code::NotImplemented,
                "A header or query you provided implies functionality that is not implemented",
            );
            return RequestError::new(client, &error);
        }
        ObjectError::Full(_) => AwsError::new(
            Code::InsufficientStorage,
            "Please reduce your request rate.",
        ),
        ObjectError::NoSuchUpload
        | ObjectError::InvalidPart(_)
        | ObjectError::Damaged
        | ObjectError::Failed(_) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "The object store failed"
            );
            AwsError::internal(Protocol::S3)
        }
    };
    client.into()
}
