//! What permission an operation takes, and what it does with it.

use super::{BucketName, ObjectKey, Operation};
use crate::access::Access;

/// One question for the policy engine; all of an operation's must be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The action, such as `s3:GetObject`.
    pub action: &'static str,
    /// The resource's ARN.
    pub resource: String,
    /// Condition keys of S3's own that the request sets, with their values.
    pub conditions: Vec<(&'static str, String)>,
}

impl Requirement {
    fn of(action: &'static str, resource: String) -> Self {
        Self {
            action,
            resource,
            conditions: Vec::new(),
        }
    }

    /// With the keys that the request gives a value; the others are absent, which policies tell from empty.
    fn with<const N: usize>(self, conditions: [(&'static str, Option<String>); N]) -> Self {
        Self {
            conditions: conditions
                .into_iter()
                .filter_map(|(key, value)| Some((key, value?)))
                .collect(),
            ..self
        }
    }
}

impl Operation {
    /// The permissions that the operation takes ("Required permissions for Amazon S3 API operations", S3 User Guide).
    pub fn requirements(&self) -> Vec<Requirement> {
        let requirement = match self {
            Self::ListBuckets => {
                Requirement::of("s3:ListAllMyBuckets", "arn:aws:s3:::*".to_owned())
            }
            Self::CreateBucket {
                bucket,
                acl,
                location,
                checksum: _,
            } => Requirement::of("s3:CreateBucket", bucket.arn()).with([
                ("s3:x-amz-acl", acl.clone()),
                ("s3:LocationConstraint", location.clone()),
            ]),
            Self::HeadBucket { bucket } => Requirement::of("s3:ListBucket", bucket.arn()),
            Self::DeleteBucket { bucket } => Requirement::of("s3:DeleteBucket", bucket.arn()),
            Self::GetBucketLocation { bucket } => {
                Requirement::of("s3:GetBucketLocation", bucket.arn())
            }
            Self::ListObjectsV2 { bucket, list } => Requirement::of("s3:ListBucket", bucket.arn())
                .with([
                    ("s3:prefix", list.prefix.clone()),
                    ("s3:delimiter", list.delimiter.clone()),
                    ("s3:max-keys", list.max_keys.map(|n| n.to_string())),
                ]),
            Self::GetObject { bucket, key, .. } | Self::HeadObject { bucket, key, .. } => {
                Requirement::of("s3:GetObject", object_arn(bucket, key))
            }
            Self::PutObject { bucket, key, put } => {
                Requirement::of("s3:PutObject", object_arn(bucket, key)).with([
                    ("s3:x-amz-acl", put.acl.clone()),
                    ("s3:x-amz-storage-class", put.storage_class.clone()),
                ])
            }
            Self::DeleteObject { bucket, key } => {
                Requirement::of("s3:DeleteObject", object_arn(bucket, key))
            }
        };
        vec![requirement]
    }

    /// Whether it changes something.
    pub const fn access(&self) -> Access {
        match self {
            Self::ListBuckets
            | Self::HeadBucket { .. }
            | Self::GetBucketLocation { .. }
            | Self::ListObjectsV2 { .. }
            | Self::GetObject { .. }
            | Self::HeadObject { .. } => Access::Reads,
            Self::CreateBucket { .. }
            | Self::DeleteBucket { .. }
            | Self::PutObject { .. }
            | Self::DeleteObject { .. } => Access::Changes,
        }
    }

    /// Whether it is about objects rather than buckets, which makes it a data event.
    pub const fn is_about_data(&self) -> bool {
        match self {
            Self::ListObjectsV2 { .. }
            | Self::GetObject { .. }
            | Self::HeadObject { .. }
            | Self::PutObject { .. }
            | Self::DeleteObject { .. } => true,
            Self::ListBuckets
            | Self::CreateBucket { .. }
            | Self::HeadBucket { .. }
            | Self::DeleteBucket { .. }
            | Self::GetBucketLocation { .. } => false,
        }
    }

    /// The permission that lets the caller know that a key does not exist; without it a missing key is `AccessDenied`.
    pub fn absence_requirement(&self) -> Option<Requirement> {
        match self {
            Self::GetObject { bucket, .. } | Self::HeadObject { bucket, .. } => {
                Some(Requirement::of("s3:ListBucket", bucket.arn()))
            }
            Self::ListBuckets
            | Self::CreateBucket { .. }
            | Self::HeadBucket { .. }
            | Self::DeleteBucket { .. }
            | Self::GetBucketLocation { .. }
            | Self::ListObjectsV2 { .. }
            | Self::PutObject { .. }
            | Self::DeleteObject { .. } => None,
        }
    }
}

fn object_arn(bucket: &BucketName, key: &ObjectKey) -> String {
    format!("{}/{key}", bucket.arn())
}
