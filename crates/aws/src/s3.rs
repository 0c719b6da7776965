//! S3 requests: which bucket and object a request is for, which operation it calls, and what
//! permissions that needs.
//!
//! Pure: host, path, query and headers in; [`S3Target`] and [`Operation`] or AWS's error out.
//! Everything that is not on an operation's lists is `NotImplemented`, never ignored: an unknown
//! query key or header could make the request another one.

mod bucket;
mod error;
mod key;
mod metadata;
pub mod operation;
mod parameters;
mod read;
mod target;
mod upload;

pub use bucket::{BucketName, InvalidBucketName};
pub use key::{InvalidKey, ObjectKey};
pub use metadata::ObjectMetadata;
pub use operation::{Operation, S3Operation};
pub use parameters::{OperationRequest, RequestParameters, decode_query};
pub use read::{ByteRange, Preconditions, ReadParameters};
pub use target::{InvalidTarget, ObjectAddress, S3Target, TargetKind};
pub use upload::BodyClaims;
