//! Buckets.

use bowline_iam::account::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Entity, InvalidEntity, ensure, text};
use crate::store::Key;

/// A bucket: who owns it and where its objects are. A bucket without a record does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// 3 to 63 characters, unique on the server.
    pub name: String,
    /// The account that owns it.
    #[serde(with = "text")]
    pub owner: AccountId,
    /// The region that it was made in.
    pub region: String,
    /// The upstream that holds its objects, by its configured name.
    pub upstream: String,
    /// How far its making or unmaking has come.
    pub state: BucketState,
    /// When it was made.
    #[serde(with = "text")]
    pub created: Timestamp,
}

/// How far a bucket's making or unmaking has come. The record comes first and goes last, so a crash leaves a state that is
/// taken up again, never objects that nobody owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BucketState {
    /// The name is taken; the upstream may not have it yet.
    Creating,
    /// It can be used.
    Active,
    /// The upstream may not have it any more.
    Deleting,
}

impl Bucket {
    /// `arn:aws:s3:::{name}`.
    pub fn arn(&self) -> String {
        format!("arn:aws:s3:::{}", self.name)
    }
}

impl Entity for Bucket {
    const KIND: &'static str = "bucket";

    fn key(&self) -> Key {
        Key::bucket(&self.name)
    }

    fn validate(&self) -> Result<(), InvalidEntity> {
        ensure(
            (3..=63).contains(&self.name.len()),
            "bucket name",
            "is not 3 to 63 characters long",
        )?;
        let allowed =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-';
        ensure(
            self.name.bytes().all(allowed),
            "bucket name",
            "contains a character that bucket names do not have",
        )?;
        ensure(!self.region.is_empty(), "region", "is empty")?;
        ensure(!self.upstream.is_empty(), "upstream", "is empty")
    }
}
