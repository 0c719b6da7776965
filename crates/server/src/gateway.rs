//! The gateway: permitted data requests, executed against the store that holds the bucket.

pub mod s3;
pub mod upstream;
