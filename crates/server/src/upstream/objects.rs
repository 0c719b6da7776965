//! Where objects are kept.
//!
//! [`ObjectStore`] is what the gateway asks of a store, embedded or behind an endpoint. Nobody is authorized here: callers hold a permit.

use std::{collections::BTreeMap, fmt, ops::Range, pin::Pin};

use bowline_aws::{error::AwsError, s3::ObjectKey};
use bytes::Bytes;
use futures_util::Stream;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::BoxFuture;
use crate::identity::entity::BucketId;

pub mod embedded;

/// Data being read.
pub type DataStream = Pin<Box<dyn Stream<Item = Result<Bytes, ObjectError>> + Send>>;

/// Data being stored: pieces, then [`Piece::End`]. Without an end nothing is stored.
pub type PutStream = Pin<Box<dyn Stream<Item = Result<Piece, AwsError>> + Send>>;

/// A part of an upload.
#[derive(Debug)]
pub enum Piece {
    /// Some data.
    Data(Bytes),
    /// All data has come and is what the request claimed.
    End {
        /// The checksum that was verified, as header name and base64 value.
        checksum: Option<(String, String)>,
    },
}

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// The bucket does not exist.
    #[error("the bucket does not exist")]
    NoSuchBucket,
    /// The object does not exist.
    #[error("the object does not exist")]
    NoSuchKey,
    /// The bucket still holds objects, or what a new one would be holds something already.
    #[error("the bucket is not empty")]
    NotEmpty,
    /// There is an object, and there was to be none.
    #[error("the object exists already")]
    Exists,
    /// The body of an upload was refused; nothing is stored.
    #[error("the body was refused")]
    Body(#[source] AwsError),
    /// What is stored cannot be read as an object.
    #[error("the stored object is damaged")]
    Damaged,
    /// The file system failed.
    #[error("the file system failed")]
    Io(#[from] std::io::Error),
}

/// What is known of an object beside its data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectInfo {
    /// Bytes of data.
    pub length: u64,
    /// The entity tag, without quotes: the MD5 of the data in hexadecimal.
    pub etag: String,
    /// When it was stored, to the millisecond.
    #[serde(with = "millis")]
    pub modified: Timestamp,
    /// `content-type` and other headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// User metadata, names without `x-amz-meta-`.
    pub user: BTreeMap<String, String>,
    /// The checksum stored with it, as header name and base64 value.
    pub checksum: Option<(String, String)>,
}

/// What to store with an upload.
#[derive(Debug, Clone)]
pub struct NewObject {
    /// `content-type` and other headers.
    pub headers: BTreeMap<String, String>,
    /// User metadata.
    pub user: BTreeMap<String, String>,
    /// The time of the request.
    pub modified: Timestamp,
    /// Whether an object that is there already is to stay.
    pub only_if_absent: bool,
}

/// An object as it was at one moment: what is read later is that object, even if another takes its place.
pub struct OpenObject {
    /// What is known of it.
    pub info: ObjectInfo,
    /// Reads a part of its data.
    pub read: Box<dyn FnOnce(Range<u64>) -> DataStream + Send>,
}

impl fmt::Debug for OpenObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenObject")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

/// Where a listing goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum After {
    /// After this key.
    Key(String),
    /// After all keys that begin so.
    Prefix(String),
}

/// Which keys to list.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Only keys that begin so.
    pub prefix: String,
    /// What ends a common prefix; empty for none.
    pub delimiter: String,
    /// Where to begin.
    pub after: Option<After>,
    /// The most entries.
    pub max: usize,
}

/// An entry of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// An object.
    Object(String, ObjectInfo),
    /// Several, by what their keys begin with.
    CommonPrefix(String),
}

/// A page of a listing, in UTF-8 byte order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListPage {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Whether there are more.
    pub truncated: bool,
}

impl ListPage {
    /// Where the next page begins; `None` if this is the last one.
    pub fn next(&self) -> Option<After> {
        self.truncated
            .then(|| self.entries.last())?
            .map(|entry| match entry {
                Entry::Object(key, _) => After::Key(key.clone()),
                Entry::CommonPrefix(prefix) => After::Prefix(prefix.clone()),
            })
    }
}

/// A store of objects. It knows buckets by their ids, so that a request that comes late finds the bucket that it was permitted for, or none.
pub trait ObjectStore: Send + Sync + fmt::Debug {
    /// Makes the bucket. One that is there already and holds nothing is taken as it is; nobody is given what another left behind.
    fn create_bucket<'a>(&'a self, bucket: &'a BucketId) -> BoxFuture<'a, Result<(), ObjectError>>;
    /// Removes the bucket, if it is empty.
    fn delete_bucket<'a>(&'a self, bucket: &'a BucketId) -> BoxFuture<'a, Result<(), ObjectError>>;
    /// Opens an object.
    fn open<'a>(
        &'a self,
        bucket: &'a BucketId,
        key: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<OpenObject, ObjectError>>;
    /// Stores an object once its body has ended well; before that, and if it does not, nothing changes.
    /// It goes into the bucket that was there when the upload began, never into a later one of that name.
    fn put<'a>(
        &'a self,
        bucket: &'a BucketId,
        key: &'a ObjectKey,
        object: NewObject,
        body: PutStream,
    ) -> BoxFuture<'a, Result<ObjectInfo, ObjectError>>;
    /// Removes an object; one that is not there is as good as removed.
    fn delete<'a>(
        &'a self,
        bucket: &'a BucketId,
        key: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<(), ObjectError>>;
    /// Lists keys.
    fn list<'a>(
        &'a self,
        bucket: &'a BucketId,
        query: ListQuery,
    ) -> BoxFuture<'a, Result<ListPage, ObjectError>>;
}

/// Times as milliseconds since 1970.
mod millis {
    use jiff::Timestamp;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(
        time: &Timestamp,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(time.as_millisecond())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Timestamp, D::Error> {
        Timestamp::from_millisecond(i64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
