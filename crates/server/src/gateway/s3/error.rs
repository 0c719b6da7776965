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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::objects::Unsupported;

    #[test]
    fn an_unsupported_operation_is_not_implemented_and_the_operator_learns_why() {
        let error = ObjectError::Unsupported(Unsupported::MultipartUploads);
        let error = store_error("insights", error);
        assert_eq!(error.client.code(), Code::NotImplemented);
        insta::assert_snapshot!(error.internal.unwrap(), @"the store does not support multipart uploads");
    }

    #[test]
    fn a_failure_of_a_store_is_an_internal_error_without_details() {
        let disk = std::io::Error::other("the disk is gone");
        let error = store_error("insights", disk.into());
        assert_eq!(error.client.status(Protocol::S3), 500);
        assert!(!error.client.message().contains("disk"));
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let error = store_error("insights", full.into());
        assert_eq!(error.client.code(), Code::InsufficientStorage);
    }
}
