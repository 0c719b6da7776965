//! What permission an operation takes, and what it does with it.

use super::{BucketName, ObjectKey, Operation};
use crate::{
    access::Access,
    requirement::{Requirement, ResourceOwner},
};

impl Operation {
    /// The permissions that the operation takes ("Required permissions for Amazon S3 API operations", S3 User Guide).
    pub fn requirements(&self) -> Vec<Requirement<'static>> {
        let requirement = match self {
            Self::ListBuckets => Requirement::new(
                "s3:ListAllMyBuckets",
                "arn:aws:s3:::*",
                ResourceOwner::Caller,
            ),
            Self::CreateBucket {
                bucket,
                acl,
                location,
                checksum: _,
            } => Requirement::new("s3:CreateBucket", bucket.arn(), ResourceOwner::Caller).with([
                ("s3:x-amz-acl", acl.clone()),
                ("s3:LocationConstraint", location.clone()),
            ]),
            Self::HeadBucket { bucket } => on_bucket("s3:ListBucket", bucket),
            Self::DeleteBucket { bucket } => on_bucket("s3:DeleteBucket", bucket),
            Self::GetBucketLocation { bucket } => on_bucket("s3:GetBucketLocation", bucket),
            Self::ListObjectsV2 { bucket, list } => on_bucket("s3:ListBucket", bucket).with([
                ("s3:prefix", list.prefix.clone()),
                ("s3:delimiter", list.delimiter.clone()),
                ("s3:max-keys", list.max_keys.map(|n| n.to_string())),
            ]),
            Self::GetObject { bucket, key, .. } | Self::HeadObject { bucket, key, .. } => {
                on_object("s3:GetObject", bucket, key)
            }
            Self::PutObject { bucket, key, put } => on_object("s3:PutObject", bucket, key).with([
                ("s3:x-amz-acl", put.acl.clone()),
                ("s3:x-amz-storage-class", put.storage_class.clone()),
            ]),
            Self::DeleteObject { bucket, key } => on_object("s3:DeleteObject", bucket, key),
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
    pub fn absence_requirement(&self) -> Option<Requirement<'static>> {
        match self {
            Self::GetObject { bucket, .. } | Self::HeadObject { bucket, .. } => {
                Some(on_bucket("s3:ListBucket", bucket))
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

fn on_bucket(action: &'static str, bucket: &BucketName) -> Requirement<'static> {
    Requirement::new(action, bucket.arn(), ResourceOwner::Bucket(bucket.clone()))
}

fn on_object(action: &'static str, bucket: &BucketName, key: &ObjectKey) -> Requirement<'static> {
    let arn = format!("{}/{key}", bucket.arn());
    Requirement::new(action, arn, ResourceOwner::Bucket(bucket.clone()))
}
