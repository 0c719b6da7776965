//! From method, target, query and headers to an [`Operation`] with typed parameters.
//!
//! Query keys and `x-amz-*` headers are an allow-list per operation; anything else answers `NotImplemented`. What a caller may do and what
//! is sent to an upstream are both made from the `Operation`, never from the request.

use super::{BucketName, ObjectKey, S3Target};
use crate::{
    checksum::{Checksum, ChecksumAlgorithm},
    error::{AwsError, Code},
};

mod allowed;
mod location;
mod put;
mod read;

pub use allowed::decode_query;
pub use location::create_bucket_location;
pub use put::{Metadata, PutObject};
pub use read::{Conditions, Range, ReadObject};

use allowed::Given;

/// The parts of a request beside its target.
#[derive(Debug, Clone, Copy)]
pub struct OperationRequest<'a> {
    /// The method, in upper case.
    pub method: &'a str,
    /// The query, decoded by [`decode_query`].
    pub query: &'a [(String, String)],
    /// Header names in lower case with their values, as received.
    pub headers: &'a [(&'a str, &'a [u8])],
}

/// An S3 operation that is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// The caller's account's buckets.
    ListBuckets,
    /// Makes a bucket.
    CreateBucket {
        /// The bucket.
        bucket: BucketName,
        /// `x-amz-acl`, which changes nothing and is there for policies.
        acl: Option<String>,
        /// The region that the body names, once that was [taken](Operation::take_body).
        location: Option<String>,
        /// The checksum of the body that a header claims, in base64.
        checksum: Option<(ChecksumAlgorithm, String)>,
    },
    /// Whether the bucket exists.
    HeadBucket {
        /// The bucket.
        bucket: BucketName,
    },
    /// Removes an empty bucket.
    DeleteBucket {
        /// The bucket.
        bucket: BucketName,
    },
    /// The bucket's region.
    GetBucketLocation {
        /// The bucket.
        bucket: BucketName,
    },
    /// A page of keys.
    ListObjectsV2 {
        /// The bucket.
        bucket: BucketName,
        /// Which keys.
        list: ListObjects,
    },
    /// An object's metadata and data.
    GetObject {
        /// The bucket.
        bucket: BucketName,
        /// The key.
        key: ObjectKey,
        /// Range and conditions.
        read: ReadObject,
    },
    /// An object's metadata.
    HeadObject {
        /// The bucket.
        bucket: BucketName,
        /// The key.
        key: ObjectKey,
        /// Range and conditions.
        read: ReadObject,
    },
    /// Stores an object.
    PutObject {
        /// The bucket.
        bucket: BucketName,
        /// The key.
        key: ObjectKey,
        /// Metadata, and what is claimed of the body.
        put: Box<PutObject>,
    },
    /// Removes an object; one that does not exist is as good as removed.
    DeleteObject {
        /// The bucket.
        bucket: BucketName,
        /// The key.
        key: ObjectKey,
    },
}

/// Which keys a listing shows. A field is `None` if the parameter was not sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListObjects {
    /// Only keys that begin so.
    pub prefix: Option<String>,
    /// Keys that share what stands before the delimiter become one common prefix.
    pub delimiter: Option<String>,
    /// At most so many entries; a page never has more than 1,000.
    pub max_keys: Option<u32>,
    /// Where the last page ended, as that page said.
    pub continuation_token: Option<String>,
    /// Only keys after this one.
    pub start_after: Option<String>,
    /// Whether keys are to be percent-encoded in the answer.
    pub encode_url: bool,
    /// Whether owners are to be shown.
    pub fetch_owner: bool,
}

impl Operation {
    /// Reads the operation of a request.
    ///
    /// # Errors
    /// `NotImplemented` for whatever is not served, `InvalidArgument` and others of AWS's for values that are malformed.
    pub fn parse(target: S3Target, request: &OperationRequest<'_>) -> Result<Self, AwsError> {
        let given = Given::new(request)?;
        let S3Target {
            bucket,
            key,
            style: _,
        } = target;
        match (request.method, bucket, key) {
            ("GET", None, _) => given.only(&[], &[]).map(|()| Self::ListBuckets),
            ("GET", Some(bucket), None) if given.query("location").is_some() => {
                given.only(&["location"], &[])?;
                Ok(Self::GetBucketLocation { bucket })
            }
            ("GET", Some(bucket), None) if given.query("list-type") == Some("2") => {
                Ok(Self::ListObjectsV2 {
                    bucket,
                    list: ListObjects::read(&given)?,
                })
            }
            ("PUT", Some(bucket), None) => {
                given.only(
                    &[],
                    &[
                        "x-amz-acl",
                        "x-amz-checksum-",
                        "x-amz-sdk-checksum-algorithm",
                    ],
                )?;
                Ok(Self::CreateBucket {
                    bucket,
                    acl: given.owner_keeps_control()?,
                    location: None,
                    checksum: put::checksum(&given)?,
                })
            }
            ("HEAD", Some(bucket), None) => {
                given.only(&[], &[]).map(|()| Self::HeadBucket { bucket })
            }
            ("DELETE", Some(bucket), None) => {
                given.only(&[], &[]).map(|()| Self::DeleteBucket { bucket })
            }
            ("GET", Some(bucket), Some(key)) => Ok(Self::GetObject {
                bucket,
                key,
                read: ReadObject::read(&given)?,
            }),
            ("HEAD", Some(bucket), Some(key)) => Ok(Self::HeadObject {
                bucket,
                key,
                read: ReadObject::read(&given)?,
            }),
            ("PUT", Some(bucket), Some(key)) => Ok(Self::PutObject {
                bucket,
                key,
                put: Box::new(PutObject::read(&given)?),
            }),
            ("DELETE", Some(bucket), Some(key)) => {
                given.only(&[], &[])?;
                // Conditional deletes are not served, and one that ignored its condition would lose data.
                given.no_header(&["if-match"])?;
                Ok(Self::DeleteObject { bucket, key })
            }
            _ => Err(not_implemented()),
        }
    }

    /// Whether the body says what is asked, so that it has to be [taken](Self::take_body) before the decision.
    pub fn asks_in_body(&self) -> bool {
        matches!(self, Self::CreateBucket { .. })
    }

    /// Takes what the body asks for, of the operations [whose body does](Self::asks_in_body).
    ///
    /// # Errors
    /// Those of [`create_bucket_location`], and of [`Value::verify`](crate::checksum::Value::verify) for a body that is not what the
    /// headers claim.
    pub fn take_body(&mut self, body: &[u8]) -> Result<(), AwsError> {
        if let Self::CreateBucket {
            location, checksum, ..
        } = self
        {
            if let Some((algorithm, claimed)) = checksum {
                let mut actual = Checksum::new(*algorithm);
                actual.update(body);
                actual.finish().verify(claimed)?;
            }
            *location = create_bucket_location(body)?;
        }
        Ok(())
    }

    /// The operation's name in the S3 API reference.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ListBuckets => "ListBuckets",
            Self::CreateBucket { .. } => "CreateBucket",
            Self::HeadBucket { .. } => "HeadBucket",
            Self::DeleteBucket { .. } => "DeleteBucket",
            Self::GetBucketLocation { .. } => "GetBucketLocation",
            Self::ListObjectsV2 { .. } => "ListObjectsV2",
            Self::GetObject { .. } => "GetObject",
            Self::HeadObject { .. } => "HeadObject",
            Self::PutObject { .. } => "PutObject",
            Self::DeleteObject { .. } => "DeleteObject",
        }
    }

    /// The bucket that the operation is about; none for [`ListBuckets`](Self::ListBuckets).
    pub fn bucket(&self) -> Option<&BucketName> {
        match self {
            Self::ListBuckets => None,
            Self::CreateBucket { bucket, .. }
            | Self::HeadBucket { bucket }
            | Self::DeleteBucket { bucket }
            | Self::GetBucketLocation { bucket }
            | Self::ListObjectsV2 { bucket, .. }
            | Self::GetObject { bucket, .. }
            | Self::HeadObject { bucket, .. }
            | Self::PutObject { bucket, .. }
            | Self::DeleteObject { bucket, .. } => Some(bucket),
        }
    }
}

impl ListObjects {
    fn read(given: &Given<'_>) -> Result<Self, AwsError> {
        given.only(
            &[
                "list-type",
                "prefix",
                "delimiter",
                "max-keys",
                "continuation-token",
                "start-after",
                "encoding-type",
                "fetch-owner",
            ],
            &[],
        )?;
        let text = |name: &str| -> Result<Option<String>, AwsError> {
            match given.query(name) {
                // Nothing that is compared with a key need be longer than a key may be.
                Some(value) if value.len() > 2 * ObjectKey::MAX_LEN => {
                    Err(invalid_argument(name, value))
                }
                value => Ok(value.map(str::to_owned)),
            }
        };
        let max_keys = match given.query("max-keys") {
            None | Some("") => None,
            Some(value) => match value.parse::<i32>().map(u32::try_from) {
                Ok(Ok(n)) => Some(n),
                Ok(Err(_)) | Err(_) => return Err(invalid_argument("max-keys", value)),
            },
        };
        let encode_url = match given.query("encoding-type") {
            None | Some("") => false,
            Some("url") => true,
            Some(value) => return Err(invalid_argument("encoding-type", value)),
        };
        Ok(Self {
            prefix: text("prefix")?,
            delimiter: text("delimiter")?,
            max_keys,
            continuation_token: text("continuation-token")?,
            start_after: text("start-after")?,
            encode_url,
            fetch_owner: given.query("fetch-owner") == Some("true"),
        })
    }
}

fn not_implemented() -> AwsError {
    AwsError::new(
        Code::NotImplemented,
        "A header or query you provided implies functionality that is not implemented",
    )
}

fn invalid_argument(name: &str, value: &str) -> AwsError {
    let shown: String = value.chars().take(64).collect();
    AwsError::new(Code::InvalidArgument, format!("Invalid value for {name}"))
        .with("ArgumentName", name)
        .with("ArgumentValue", shown)
}

#[cfg(test)]
mod tests;
