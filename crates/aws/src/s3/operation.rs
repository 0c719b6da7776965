//! S3's operations.
//!
//! [`s3_operations!`](crate::s3_operations) is the table: one row for each operation that is built.
//! Each row is a struct in a file of its own, with its allow-list of query keys and headers, its
//! parsing and its requirements. The enum [`Operation`], the dispatch of a request to its row and
//! that of a permit to its handler are derived from the table. A request that no row describes is
//! `NotImplemented`.
//!
//! What a caller may do and what is sent to an upstream are both made from the operation, never
//! from the request.

use super::{
    BucketName, ObjectAddress, S3Target, TargetKind,
    error::not_implemented,
    parameters::{OperationRequest, RequestParameters},
};
use crate::{access::Access, error::AwsError, requirement::Requirement};

mod create_bucket;
mod declaration;
mod delete_bucket;
mod delete_object;
mod get_bucket_location;
mod get_object;
mod head_bucket;
mod head_object;
mod list_buckets;
mod list_objects_v2;
mod put_object;

pub use create_bucket::CreateBucket;
pub use declaration::{
    BodyKind, Declared, EventKind, Neutral, OperationTarget, S3Operation, Service,
};
pub use delete_bucket::DeleteBucket;
pub use delete_object::DeleteObject;
pub use get_bucket_location::GetBucketLocation;
pub use get_object::GetObject;
pub use head_bucket::HeadBucket;
pub use head_object::HeadObject;
pub use list_buckets::ListBuckets;
pub use list_objects_v2::ListObjectsV2;
pub use put_object::PutObject;

/// Calls a macro with the table of S3's operations.
///
/// A row has the struct and its module; the action; the method, the target and the query parameter
/// (`key` or `key=value`) that select it; what the request's body is ([`BodyKind`]); whether it
/// changes anything ([`Access`]); and the kind of its audit event ([`EventKind`]).
///
/// Sources: "Amazon S3 API Reference"; "Actions, resources, and condition keys for Amazon S3",
/// Service Authorization Reference; "Logging Amazon S3 API calls using AWS CloudTrail", S3 User
/// Guide.
#[macro_export]
macro_rules! s3_operations {
    ($callback:ident) => {
        $callback! {
            CreateBucket create_bucket "s3:CreateBucket" PUT Bucket [] Parameters Changes Management;
            DeleteBucket delete_bucket "s3:DeleteBucket" DELETE Bucket [] Empty Changes Management;
            DeleteObject delete_object "s3:DeleteObject" DELETE Object [] Empty Changes Data;
            GetBucketLocation get_bucket_location "s3:GetBucketLocation" GET Bucket ["location"] Empty Reads Management;
            GetObject get_object "s3:GetObject" GET Object [] Empty Reads Data;
            HeadBucket head_bucket "s3:ListBucket" HEAD Bucket [] Empty Reads Management;
            HeadObject head_object "s3:GetObject" HEAD Object [] Empty Reads Data;
            ListBuckets list_buckets "s3:ListAllMyBuckets" GET Service [] Empty Reads Management;
            ListObjectsV2 list_objects_v2 "s3:ListBucket" GET Bucket ["list-type=2"] Empty Reads Data;
            PutObject put_object "s3:PutObject" PUT Object [] Object Changes Data;
        }
    };
}

/// The names of targets in the table.
mod targets {
    pub(super) type Service = super::Service;
    pub(super) type Bucket = super::BucketName;
    pub(super) type Object = super::ObjectAddress;
}

struct Row {
    name: &'static str,
    method: &'static str,
    target: TargetKind,
    selector: Option<&'static str>,
    body: BodyKind,
    access: Access,
    event: EventKind,
    parse: fn(S3Target, &RequestParameters<'_>, &Self) -> Result<Operation, AwsError>,
}

macro_rules! optional {
    () => {
        None
    };
    ($value:literal) => {
        Some($value)
    };
}

macro_rules! declare {
    ($($name:ident $module:ident $action:literal $method:ident $target:ident [$($selector:literal)?] $body:ident $access:ident $event:ident;)*) => {
        /// An S3 operation, as one request calls it.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the structs are documented")]
        pub enum Operation {
            $($name($name),)*
        }

        const ROWS: &[&Row] = &[$($name::ROW),*];

        impl Operation {
            const fn row(&self) -> &'static Row {
                match self {
                    $(Self::$name(_) => $name::ROW,)*
                }
            }

            /// Reads the parameters in the request's body, if it has [some](BodyKind::Parameters).
            ///
            /// # Errors
            /// AWS's, for a malformed body or one that is not what the headers claim.
            pub fn read_body(&mut self, body: &[u8]) -> Result<(), AwsError> {
                match self {
                    $(Self::$name(operation) => operation.read_body(body),)*
                }
            }

            /// The permissions that it needs, all of them.
            pub fn requirements(&self) -> Vec<Requirement<'static>> {
                match self {
                    $(Self::$name(operation) => operation.requirements(),)*
                }
            }

            /// The bucket that it is about.
            pub fn bucket(&self) -> Option<&BucketName> {
                match self {
                    $(Self::$name(operation) => operation.target().bucket(),)*
                }
            }

            /// The object that it is about.
            pub fn object(&self) -> Option<&ObjectAddress> {
                match self {
                    $(Self::$name(operation) => operation.target().object(),)*
                }
            }

            /// What the audit log records of it beside bucket and key, by CloudTrail's names.
            pub fn audited_parameters(&self) -> Vec<(&'static str, String)> {
                match self {
                    $(Self::$name(operation) => operation.audited_parameters(),)*
                }
            }
        }

        $(
            impl $name {
                const ROW: &'static Row = &Row {
                    name: stringify!($name),
                    method: stringify!($method),
                    target: <targets::$target as OperationTarget>::KIND,
                    selector: optional!($($selector)?),
                    body: BodyKind::$body,
                    access: Access::$access,
                    event: EventKind::$event,
                    parse: parse::<$name>,
                };
            }

            impl Declared for $name {
                const ACTION: &'static str = $action;
                type Target = targets::$target;
            }

            impl From<$name> for Operation {
                fn from(operation: $name) -> Self {
                    Self::$name(operation)
                }
            }
        )*
    };
}

s3_operations!(declare);

impl Operation {
    /// Reads the operation of a request.
    ///
    /// # Errors
    /// `NotImplemented` for everything that the table and the operation's lists do not have, and
    /// AWS's errors for malformed values.
    pub fn parse(target: S3Target, request: &OperationRequest<'_>) -> Result<Self, AwsError> {
        let parameters = RequestParameters::new(request)?;
        let kind = target.kind();
        let rows = ROWS.iter().filter(|row| {
            row.method == request.method
                && row.target == kind
                && row
                    .selector
                    .is_none_or(|selector| selects(selector, &parameters))
        });
        // A row with a selector goes before one without.
        let row = rows.max_by_key(|row| row.selector.is_some());
        let row = row.ok_or_else(not_implemented)?;
        (row.parse)(target, &parameters, row)
    }

    /// Its name in the S3 API reference.
    pub const fn name(&self) -> &'static str {
        self.row().name
    }

    /// What the request's body is.
    pub const fn body(&self) -> BodyKind {
        self.row().body
    }

    /// Whether it changes anything.
    pub const fn access(&self) -> Access {
        self.row().access
    }

    /// Whether it is a data event.
    pub const fn is_about_data(&self) -> bool {
        matches!(self.row().event, EventKind::Data)
    }
}

/// Whether a request has the query parameter `key` or `key=value`.
fn selects(selector: &str, parameters: &RequestParameters<'_>) -> bool {
    match selector.split_once('=') {
        Some((key, value)) => parameters.query(key) == Some(value),
        None => parameters.query(selector).is_some(),
    }
}

fn parse<O: S3Operation>(
    target: S3Target,
    parameters: &RequestParameters<'_>,
    row: &Row,
) -> Result<Operation, AwsError> {
    let selector = row
        .selector
        .map(|s| s.split_once('=').map_or(s, |(key, _)| key));
    parameters.reject_unknown(selector, O::QUERY, O::HEADERS, O::NEUTRAL)?;
    let target = O::Target::from_request(target).ok_or_else(not_implemented)?;
    O::parse(target, parameters).map(Into::into)
}

#[cfg(test)]
mod tests;
