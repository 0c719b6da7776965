//! What each operation declares: the facts of its row, its allow-lists, and how it is parsed.

use super::Operation;
use crate::{
    error::AwsError,
    requirement::{Requirement, ResourceOwner},
    s3::{BucketName, ObjectAddress, RequestParameters, S3Target, TargetKind},
};

/// What the body of a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// Always empty.
    Empty,
    /// Parameters of the operation, which it [reads](Operation::read_body) before the decision.
    Parameters,
    /// The data of an object, which streams after the decision.
    Object,
}

/// The kind of an operation's audit event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A data event: it is about objects.
    Data,
    /// A management event: it is about buckets.
    Management,
}

/// A query key or header with the values that change nothing: they say no, or ask for the default
/// or the present state. With others it is not implemented.
pub type Neutral = (&'static str, &'static [&'static str]);

/// Who pays for a request: the caller always does.
pub(super) const REQUEST_PAYER: Neutral = ("x-amz-request-payer", &["requester"]);

/// The version of every object, because no bucket has versions.
pub(super) const NULL_VERSION: Neutral = ("versionId", &["null"]);

/// The facts of an operation's row. The table implements it.
pub trait Declared {
    /// The action, such as `s3:GetObject`.
    const ACTION: &'static str;
    /// What it is about.
    type Target: OperationTarget;
}

/// An operation, as one request calls it.
pub trait S3Operation: Declared + Sized + Into<Operation> {
    /// The query keys that it reads, beside the one that selects it.
    const QUERY: &'static [&'static str] = &[];
    /// The `x-amz-*` headers that it reads. A name that ends in `-` stands for all that begin so.
    const HEADERS: &'static [&'static str] = &[];
    /// The query keys and headers that it accepts with certain values alone.
    const NEUTRAL: &'static [Neutral] = &[];

    /// Reads a request whose query keys and headers are all on the lists.
    ///
    /// # Errors
    /// AWS's, for malformed values.
    fn parse(target: Self::Target, parameters: &RequestParameters<'_>) -> Result<Self, AwsError>;

    /// What it is about.
    fn target(&self) -> &Self::Target;

    /// Reads the parameters in the request's body, if the table says that it has some.
    ///
    /// # Errors
    /// AWS's, for a malformed body or one that is not what the headers claim.
    fn read_body(&mut self, _body: &[u8]) -> Result<(), AwsError> {
        Ok(())
    }

    /// The permissions that it needs, all of them ("Required permissions for Amazon S3 API
    /// operations", S3 User Guide).
    fn requirements(&self) -> Vec<Requirement<'static>> {
        vec![self.target().requirement(Self::ACTION)]
    }

    /// What the audit log records of it beside bucket and key, by CloudTrail's names.
    fn audited_parameters(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// What an operation is about.
pub trait OperationTarget: Sized {
    /// Which kind of target it is.
    const KIND: TargetKind;

    /// The target of a request, if it is of this kind.
    fn from_request(target: S3Target) -> Option<Self>;

    /// The bucket.
    fn bucket(&self) -> Option<&BucketName>;

    /// The object.
    fn object(&self) -> Option<&ObjectAddress>;

    /// The requirement of an action on the target.
    fn requirement(&self, action: &'static str) -> Requirement<'static>;
}

/// The target of an operation that is about neither a bucket nor an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service;

impl OperationTarget for Service {
    const KIND: TargetKind = TargetKind::Service;

    fn from_request(target: S3Target) -> Option<Self> {
        matches!(target, S3Target::Service).then_some(Self)
    }

    fn bucket(&self) -> Option<&BucketName> {
        None
    }

    fn object(&self) -> Option<&ObjectAddress> {
        None
    }

    fn requirement(&self, action: &'static str) -> Requirement<'static> {
        Requirement::new(action, "arn:aws:s3:::*", ResourceOwner::Caller)
    }
}

impl OperationTarget for BucketName {
    const KIND: TargetKind = TargetKind::Bucket;

    fn from_request(target: S3Target) -> Option<Self> {
        match target {
            S3Target::Bucket(bucket) => Some(bucket),
            S3Target::Service | S3Target::Object(_) => None,
        }
    }

    fn bucket(&self) -> Option<&BucketName> {
        Some(self)
    }

    fn object(&self) -> Option<&ObjectAddress> {
        None
    }

    fn requirement(&self, action: &'static str) -> Requirement<'static> {
        Requirement::new(action, self.arn(), ResourceOwner::Bucket(self.clone()))
    }
}

impl ObjectAddress {
    /// The requirement of an action on the object, or of the action on its version `null` that a
    /// request with a version id needs instead.
    pub(super) fn version_requirement(
        &self,
        action: &'static str,
        version: Option<&'static str>,
    ) -> Requirement<'static> {
        let id = version.map(|_| "null".to_owned());
        let requirement = self.requirement(version.unwrap_or(action));
        requirement.with([("s3:VersionId", id)])
    }
}

impl OperationTarget for ObjectAddress {
    const KIND: TargetKind = TargetKind::Object;

    fn from_request(target: S3Target) -> Option<Self> {
        match target {
            S3Target::Object(object) => Some(object),
            S3Target::Service | S3Target::Bucket(_) => None,
        }
    }

    fn bucket(&self) -> Option<&BucketName> {
        Some(&self.bucket)
    }

    fn object(&self) -> Option<&ObjectAddress> {
        Some(self)
    }

    fn requirement(&self, action: &'static str) -> Requirement<'static> {
        let owner = ResourceOwner::Bucket(self.bucket.clone());
        Requirement::new(action, self.arn(), owner)
    }
}
