//! The stores of objects.
//!
//! [`ObjectStore`] is what the gateway needs from a store, embedded or behind an endpoint. Data
//! streams in both directions. A store authorizes nothing: its callers hold a permit. Entity tags
//! are opaque, since every store computes them in its own way.

use std::{collections::BTreeMap, fmt, ops::Range, pin::Pin};

use bowline_aws::{
    error::AwsError,
    s3::{ObjectKey, Preconditions},
};
use bytes::Bytes;
use futures_util::Stream;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::BoxFuture;
use crate::identity::entity::UpstreamBucket;

pub mod embedded;

/// The data of an object being read.
pub type DataStream = Pin<Box<dyn Stream<Item = Result<Bytes, ObjectError>> + Send>>;

/// The data of an object being written: pieces, then [`Piece::End`]. Without an end a store keeps
/// nothing.
pub type UploadStream = Pin<Box<dyn Stream<Item = Result<Piece, AwsError>> + Send>>;

/// An element of an [`UploadStream`].
#[derive(Debug)]
pub enum Piece {
    /// The next bytes of the data.
    Data(Bytes),
    /// The end: all data has arrived and is what the request claimed.
    End {
        /// The verified checksum.
        checksum: Option<ObjectChecksum>,
    },
}

/// Why a store did not do what it was called for.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// The bucket does not exist.
    #[error("the bucket does not exist")]
    NoSuchBucket,
    /// The object does not exist.
    #[error("the object does not exist")]
    NoSuchKey,
    /// The multipart upload does not exist: it was never begun, or is completed or aborted.
    #[error("the multipart upload does not exist")]
    NoSuchUpload,
    /// A part that completes an upload was not uploaded, or has another entity tag.
    #[error("part {0} was not uploaded with this entity tag")]
    InvalidPart(u16),
    /// The bucket has objects; a new one must not take over what its folder has.
    #[error("the bucket is not empty")]
    BucketNotEmpty,
    /// An object exists, and the upload was only for a key without one.
    #[error("the object exists already")]
    AlreadyExists,
    /// A precondition of a copy's source failed.
    #[error("a precondition failed")]
    PreconditionFailed(#[source] AwsError),
    /// The body of an upload was rejected; nothing is stored.
    #[error("the body was rejected")]
    Body(#[source] AwsError),
    /// The stored data cannot be read as an object.
    #[error("the stored object is damaged")]
    Damaged,
    /// This store does not have the operation.
    #[error("the store does not support {0}")]
    Unsupported(Unsupported),
    /// The store has no space left.
    #[error("the store is full")]
    Full(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store failed.
    #[error("the store failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What a store may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsupported {
    /// Copies of objects.
    Copies,
    /// Multipart uploads.
    MultipartUploads,
    /// Tags of objects.
    Tags,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Copies => "copies",
            Self::MultipartUploads => "multipart uploads",
            Self::Tags => "tags",
        })
    }
}

/// An entity tag, without quotes. Equal tags mean the same data; nothing else may be read from one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ETag(String);

impl ETag {
    /// The tag that a store computed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The tag without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ETag {
    /// The tag in quotes, as headers and listings show it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// A checksum of an object's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectChecksum {
    /// The header that carries it, such as `x-amz-checksum-crc32`.
    pub header: String,
    /// The value in base64.
    pub value: String,
}

/// An object without its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// The length of the data in bytes.
    pub length: u64,
    /// The entity tag.
    pub etag: ETag,
    /// When it was stored, to the millisecond.
    pub modified: Timestamp,
    /// `content-type` and other headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// User metadata, names without `x-amz-meta-`.
    pub user: BTreeMap<String, String>,
    /// The checksum that was verified when it was stored.
    pub checksum: Option<ObjectChecksum>,
}

/// An object to store, without its data.
#[derive(Debug, Clone)]
pub struct NewObject {
    /// `content-type` and other headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// User metadata, names without `x-amz-meta-`.
    pub user: BTreeMap<String, String>,
    /// The time of the request.
    pub modified: Timestamp,
    /// Whether to fail with [`ObjectError::AlreadyExists`] rather than replace an object.
    pub only_if_absent: bool,
}

/// An object at one moment: its data stays the same even if another object replaces it.
pub struct OpenObject {
    /// The object without its data.
    pub info: ObjectInfo,
    /// Reads a range of its data.
    pub read: Box<dyn FnOnce(Range<u64>) -> DataStream + Send>,
}

impl fmt::Debug for OpenObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenObject")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

/// Where a listing continues. Continuation tokens contain the variant's number and its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ListPosition {
    /// After this key.
    AfterKey(String),
    /// After all keys with this prefix.
    AfterPrefix(String),
}

/// Which keys to list.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Lists only keys with this prefix.
    pub prefix: String,
    /// What ends a common prefix; empty for no common prefixes.
    pub delimiter: String,
    /// Where to begin; `None` for the first key.
    pub after: Option<ListPosition>,
    /// The most entries on the page.
    pub max: usize,
}

/// An entry of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListedEntry {
    /// An object, by its key.
    Object(String, ObjectInfo),
    /// All keys with this prefix.
    CommonPrefix(String),
}

/// A page of a listing, in UTF-8 byte order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListPage {
    /// The entries.
    pub entries: Vec<ListedEntry>,
    /// Whether another page follows.
    pub truncated: bool,
}

impl ListPage {
    /// Where the next page begins; `None` for the last page.
    pub fn next(&self) -> Option<ListPosition> {
        self.truncated
            .then(|| self.entries.last())?
            .map(|entry| match entry {
                ListedEntry::Object(key, _) => ListPosition::AfterKey(key.clone()),
                ListedEntry::CommonPrefix(prefix) => ListPosition::AfterPrefix(prefix.clone()),
            })
    }
}

/// Identifies a multipart upload in its store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadId(pub String);

/// A part that a store has, of an upload that is not completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedPart {
    /// 1 to 10,000.
    pub number: u16,
    /// The entity tag of its data.
    pub etag: ETag,
    /// The length of its data in bytes.
    pub length: u64,
    /// When it was stored.
    pub modified: Timestamp,
    /// The checksum that was verified when it was stored.
    pub checksum: Option<ObjectChecksum>,
}

/// A page of the parts of an upload, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartPage {
    /// The parts.
    pub parts: Vec<UploadedPart>,
    /// Whether another page follows.
    pub truncated: bool,
}

/// An object to copy.
#[derive(Debug, Clone)]
pub struct CopySource {
    /// The bucket, in the same store as the copy.
    pub bucket: UpstreamBucket,
    /// The key.
    pub key: ObjectKey,
    /// The preconditions of the copy.
    pub preconditions: Preconditions,
}

/// The metadata of a copy.
#[derive(Debug, Clone)]
pub enum CopyMetadata {
    /// The source's.
    Keep,
    /// Other metadata.
    Replace {
        /// `content-type` and other headers, names in lower case.
        headers: BTreeMap<String, String>,
        /// User metadata, names without `x-amz-meta-`.
        user: BTreeMap<String, String>,
    },
}

/// A store of objects.
///
/// It knows a bucket by the store's own name of it, which no later bucket has: a request that
/// arrives late reaches the bucket that it was permitted for, or none.
///
/// Multipart uploads, copies and tags are [`ObjectError::Unsupported`] unless a store has them.
pub trait ObjectStore: Send + Sync + fmt::Debug {
    /// Creates a bucket. An empty bucket that exists already is taken as it is; one with content is
    /// [`ObjectError::BucketNotEmpty`].
    fn create_bucket<'a>(
        &'a self,
        bucket: &'a UpstreamBucket,
    ) -> BoxFuture<'a, Result<(), ObjectError>>;

    /// Deletes an empty bucket.
    fn delete_bucket<'a>(
        &'a self,
        bucket: &'a UpstreamBucket,
    ) -> BoxFuture<'a, Result<(), ObjectError>>;

    /// Opens an object for reading.
    fn open<'a>(
        &'a self,
        bucket: &'a UpstreamBucket,
        key: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<OpenObject, ObjectError>>;

    /// An object without its data.
    fn info<'a>(
        &'a self,
        bucket: &'a UpstreamBucket,
        key: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<ObjectInfo, ObjectError>>;

    /// Stores an object once its body has ended; until then, and if it does not, nothing changes.
    /// It is stored in the bucket that existed when the upload began, or nowhere.
    fn put<'a>(
        &'a self,
        bucket: &'a UpstreamBucket,
        key: &'a ObjectKey,
        object: NewObject,
        body: UploadStream,
    ) -> BoxFuture<'a, Result<ObjectInfo, ObjectError>>;

    /// Deletes an object. Succeeds if there is none.
    fn delete<'a>(
        &'a self,
        bucket: &'a UpstreamBucket,
        key: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<(), ObjectError>>;

    /// Lists keys.
    fn list<'a>(
        &'a self,
        bucket: &'a UpstreamBucket,
        query: ListQuery,
    ) -> BoxFuture<'a, Result<ListPage, ObjectError>>;

    /// How often an object was found damaged since the start.
    fn damage(&self) -> u64 {
        0
    }

    /// Copies an object inside the store.
    fn copy<'a>(
        &'a self,
        _source: CopySource,
        _bucket: &'a UpstreamBucket,
        _key: &'a ObjectKey,
        _metadata: CopyMetadata,
    ) -> BoxFuture<'a, Result<ObjectInfo, ObjectError>> {
        unsupported(Unsupported::Copies)
    }

    /// Begins a multipart upload.
    fn create_upload<'a>(
        &'a self,
        _bucket: &'a UpstreamBucket,
        _key: &'a ObjectKey,
        _object: NewObject,
    ) -> BoxFuture<'a, Result<UploadId, ObjectError>> {
        unsupported(Unsupported::MultipartUploads)
    }

    /// Stores a part once its body has ended, in place of an earlier part with its number.
    fn upload_part<'a>(
        &'a self,
        _bucket: &'a UpstreamBucket,
        _key: &'a ObjectKey,
        _upload: &'a UploadId,
        _number: u16,
        _body: UploadStream,
    ) -> BoxFuture<'a, Result<UploadedPart, ObjectError>> {
        unsupported(Unsupported::MultipartUploads)
    }

    /// The parts of an upload with numbers above `after`, at most `max`.
    fn list_parts<'a>(
        &'a self,
        _bucket: &'a UpstreamBucket,
        _key: &'a ObjectKey,
        _upload: &'a UploadId,
        _after: u16,
        _max: usize,
    ) -> BoxFuture<'a, Result<PartPage, ObjectError>> {
        unsupported(Unsupported::MultipartUploads)
    }

    /// Makes an object of these parts, by number and entity tag, and ends the upload.
    fn complete_upload<'a>(
        &'a self,
        _bucket: &'a UpstreamBucket,
        _key: &'a ObjectKey,
        _upload: &'a UploadId,
        _parts: Vec<(u16, ETag)>,
    ) -> BoxFuture<'a, Result<ObjectInfo, ObjectError>> {
        unsupported(Unsupported::MultipartUploads)
    }

    /// Ends an upload and deletes its parts.
    fn abort_upload<'a>(
        &'a self,
        _bucket: &'a UpstreamBucket,
        _key: &'a ObjectKey,
        _upload: &'a UploadId,
    ) -> BoxFuture<'a, Result<(), ObjectError>> {
        unsupported(Unsupported::MultipartUploads)
    }

    /// Replaces the tags of an object.
    fn set_tags<'a>(
        &'a self,
        _bucket: &'a UpstreamBucket,
        _key: &'a ObjectKey,
        _tags: BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<(), ObjectError>> {
        unsupported(Unsupported::Tags)
    }

    /// The tags of an object.
    fn tags<'a>(
        &'a self,
        _bucket: &'a UpstreamBucket,
        _key: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<BTreeMap<String, String>, ObjectError>> {
        unsupported(Unsupported::Tags)
    }
}

fn unsupported<'a, T: Send + 'a>(what: Unsupported) -> BoxFuture<'a, Result<T, ObjectError>> {
    Box::pin(std::future::ready(Err(ObjectError::Unsupported(what))))
}
