//! Buckets.

use std::{fmt, str::FromStr, sync::Arc};

use bowline_aws::s3::BucketName;
use bowline_iam::account::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Counted, Entity, InvalidEntity, Lease, ensure};
use crate::identity::store::{RecordKey, record};

/// A bucket: who owns it and where its objects are. A bucket without a record does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// 3 to 63 characters, unique on the server.
    pub name: String,
    /// Identifies it among all buckets that ever have the name.
    #[serde(with = "crate::serde_text")]
    pub id: BucketId,
    /// The account that owns it.
    #[serde(with = "crate::serde_text")]
    pub owner: AccountId,
    /// The region that it was made in.
    pub region: String,
    /// The configured name of the upstream that stores its objects.
    pub upstream: String,
    /// The bucket's name in that upstream; `None` if the upstream names it by `id`, as the embedded
    /// store does. Records of earlier builds do not have the member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_bucket: Option<UpstreamBucket>,
    /// How far its creation or deletion has come.
    pub state: BucketState,
    /// When it was created.
    #[serde(with = "crate::serde_text")]
    pub created: Timestamp,
    /// The server that is creating, changing or deleting it. Absent once that is done, and in
    /// stores whose feature level is older than leases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
}

/// Identifies one bucket of all that ever have its name, perhaps in one account after another. A
/// decision about one of them holds for no other. Cloning is cheap.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BucketId(Arc<str>);

/// A store's own name of a bucket. Clients never see it.
///
/// It is 3 to 255 of `A-Z`, `a-z`, `0-9`, `-`, `_` and `.`, a letter or digit first: every name
/// that S3 allowed at any time, and always a plain file name. Cloning is cheap.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UpstreamBucket(Arc<str>);

/// The text is not a name that a store has for a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "upstream bucket is not 3 to 255 letters, digits, dots, hyphens or underscores, a letter or digit first"
)]
pub struct InvalidUpstreamBucket;

/// The text is not a bucket id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "bucket id is not 3 to 128 lower case letters, digits, dots or hyphens, a letter or digit first"
)]
pub struct InvalidBucketId;

impl BucketId {
    /// The id of a new bucket. The random part makes it unique; the name is for an operator who
    /// looks into the object store.
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

impl UpstreamBucket {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UpstreamBucket {
    type Err = InvalidUpstreamBucket;

    fn from_str(text: &str) -> Result<Self, InvalidUpstreamBucket> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        let valid = (3..=255).contains(&text.len())
            && text
                .bytes()
                .next()
                .is_some_and(|b| b.is_ascii_alphanumeric())
            && text.bytes().all(allowed);
        if valid {
            Ok(Self(text.into()))
        } else {
            Err(InvalidUpstreamBucket)
        }
    }
}

/// Every id is a valid name.
impl From<&BucketId> for UpstreamBucket {
    fn from(id: &BucketId) -> Self {
        Self(Arc::clone(&id.0))
    }
}

impl TryFrom<String> for UpstreamBucket {
    type Error = InvalidUpstreamBucket;

    fn try_from(text: String) -> Result<Self, InvalidUpstreamBucket> {
        text.parse()
    }
}

impl From<UpstreamBucket> for String {
    fn from(name: UpstreamBucket) -> Self {
        name.as_str().to_owned()
    }
}

impl fmt::Display for UpstreamBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far a bucket's creation or deletion has come. The record is written before the bucket is
/// created upstream and deleted after it is removed upstream, so a crash leaves a state that the
/// next start resumes, never objects without an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BucketState {
    /// The name is reserved; the upstream may not have the bucket yet.
    Creating,
    /// It can be used.
    Active,
    /// The upstream may not have the bucket any more.
    Deleting,
}

impl Bucket {
    /// `arn:aws:s3:::{name}`.
    pub fn arn(&self) -> String {
        format!("arn:aws:s3:::{}", self.name)
    }

    /// The bucket's name in its upstream.
    pub fn upstream_bucket(&self) -> UpstreamBucket {
        let stored = self.upstream_bucket.clone();
        stored.unwrap_or_else(|| (&self.id).into())
    }
}

impl Entity for Bucket {
    const KIND: &'static str = "bucket";
    const LEVEL: u32 = 0;

    fn format(&self) -> u32 {
        if self.lease.is_some() || self.upstream_bucket.is_some() {
            record::NEWEST_FORMAT
        } else {
            record::BASE_FORMAT
        }
    }

    fn key(&self) -> RecordKey {
        RecordKey::bucket(&self.name)
    }

    fn counted(&self) -> Option<Counted> {
        Some(Counted::in_account::<Self>(self.owner))
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
    use crate::identity::store::record;

    #[test]
    fn a_record_without_an_upstream_bucket_is_named_by_its_id_and_written_back_unchanged() {
        let key = RecordKey::bucket("insights");
        let stored = r#"{"format":2,"kind":"bucket","record":{"name":"insights","id":"insights.1","owner":"432797229265","region":"us-east-1","upstream":"embedded","state":"active","created":"2026-11-28T00:00:00Z"}}"#;
        let record: Bucket = record::decode(&key, stored.as_bytes()).unwrap();
        assert_eq!(record.upstream_bucket().as_str(), "insights.1");
        let written = record::encode(&record).unwrap();
        assert_eq!(str::from_utf8(&written).unwrap(), stored);
        let elsewhere = Bucket {
            upstream_bucket: Some("Team_A".parse().unwrap()),
            ..record
        };
        let written = record::encode(&elsewhere).unwrap();
        let read: Bucket = record::decode(&key, &written).unwrap();
        assert_eq!(read, elsewhere);
        assert_eq!(read.upstream_bucket().as_str(), "Team_A");
    }

    #[test]
    fn an_upstream_bucket_is_a_plain_file_name() {
        for text in ["", "ab", "..", "...", ".a.b", "a/b", "../a", "a\0b", "-ab"] {
            let parsed = text.parse::<UpstreamBucket>();
            assert_eq!(parsed, Err(InvalidUpstreamBucket), "{text}");
        }
    }

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
