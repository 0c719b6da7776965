//! The gateway: authenticates and authorizes S3 and DynamoDB requests, and executes them on the
//! upstream store.

pub(crate) mod dynamodb;
pub(crate) mod s3;
