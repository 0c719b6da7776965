//! S3 requests: whose bucket and key a request means, which operation it is, and what permission that takes.
//!
//! Pure: host, path, query and headers in; [`S3Target`] and [`Operation`] or AWS's refusal out. What is not on an operation's list is
//! refused as `NotImplemented`, never ignored: an unknown query key or header could turn a request into another one.

mod bucket;
mod key;
mod operation;
mod permission;
mod target;

pub use bucket::{BucketName, InvalidBucketName};
pub use key::{InvalidKey, ObjectKey};
pub use operation::{
    Conditions, ListObjects, Metadata, Operation, OperationRequest, PutObject, Range, ReadObject,
    create_bucket_location, decode_query,
};
pub use target::{AddressingStyle, InvalidTarget, S3Target};
