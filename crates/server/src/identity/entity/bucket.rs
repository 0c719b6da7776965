//! Buckets.

use std::{fmt, str::FromStr, sync::Arc};

use bowline_aws::s3::BucketName;
use bowline_iam::account::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Entity, InvalidEntity, ensure, text};
use crate::identity::store::RecordKey;

/// A bucket: who owns it and where its objects are. A bucket without a record does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// 3 to 63 characters, unique on the server.
    pub name: String,
    /// Which one it is of all that have the name in turn.
    #[serde(with = "text")]
    pub id: BucketId,
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

/// One bucket of all that have a name in turn, perhaps of one account after another: what was decided about the one holds for no other.
/// Its objects are kept under the id, so it is a good name of a folder. Cloning is cheap.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BucketId(Arc<str>);

/// The text is no bucket id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "bucket id is not 3 to 128 lower case letters, digits, dots or hyphens, a letter or digit first"
)]
pub struct InvalidBucketId;

impl BucketId {
    /// The id of a new bucket. Whoever looks into the object store sees the name, and the random part is what makes it unique.
    pub fn new(name: &BucketName, random: [u8; 16]) -> Self {
        let random = u128::from_be_bytes(random);
        Self(format!("{name}.{random:032x}").into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BucketId {
    type Err = InvalidBucketId;

    fn from_str(text: &str) -> Result<Self, InvalidBucketId> {
        let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let good = (3..=128).contains(&text.len())
            && text.bytes().next().is_some_and(word)
            && text.bytes().all(|b| word(b) || matches!(b, b'.' | b'-'));
        if good {
            Ok(Self(text.into()))
        } else {
            Err(InvalidBucketId)
        }
    }
}

impl fmt::Display for BucketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for BucketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BucketId({})", self.0)
    }
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

    fn key(&self) -> RecordKey {
        RecordKey::bucket(&self.name)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_id_is_a_folder_of_its_own() {
        let id = BucketId::new(&"insights".parse().unwrap(), [7; 16]);
        insta::assert_snapshot!(id, @"insights.07070707070707070707070707070707");
        assert_eq!(id.as_str().parse(), Ok(id));
        for text in ["", "..", "...", ".a.b", "a/b", "../a", "a\0b", "A.b", "-ab"] {
            assert_eq!(text.parse::<BucketId>(), Err(InvalidBucketId), "{text}");
        }
    }
}
