//! The encoding of records: JSON with a format version, such as
//! `{"format":2,"kind":"role","record":{..}}`.
//!
//! This build reads every format up to [`NEWEST_FORMAT`] and refuses newer ones by name: a build
//! that was rolled back must neither read half of a record that it does not know, nor write it back
//! without the other half.
//!
//! An entity is written in the [oldest format](Entity::format) that can hold it, and a newer format
//! only if the feature level of the store allows it (`identity/entity/feature_level.rs`). So the
//! builds of format N and N-1 read each other's records.
//!
//! | format | adds |
//! | --- | --- |
//! | 1 | The first format. Its buckets have no ids and are refused. |
//! | 2 | Ids of buckets. |
//! | 3 | Leases of buckets and tables, and their names in their upstream. |

use bowline_iam::account::AccountId;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{EncodedRecord, RecordKey};

/// The format of records that need no newer one.
pub const BASE_FORMAT: u32 = 2;

/// The newest format that this build reads.
pub const NEWEST_FORMAT: u32 = 3;

/// A kind of record.
pub trait Entity: Serialize + DeserializeOwned {
    /// The name of the kind, as it is stored.
    const KIND: &'static str;
    /// The feature level of the store from which records of this kind are written. A build that
    /// does not know a kind skips its records, so a kind that denies something needs a level that
    /// such a build refuses.
    const LEVEL: u32;

    /// The key that the record is stored under.
    fn key(&self) -> RecordKey;

    /// Its look-ups: keys that lead to it. No other record may have one of them.
    fn lookups(&self) -> Vec<RecordKey> {
        Vec::new()
    }

    /// The oldest record format that can hold this value. It is the one that is written, so that
    /// older builds read whatever they can.
    fn format(&self) -> u32 {
        BASE_FORMAT
    }

    /// What a new record counts as. None only if no request of a tenant can make more of the kind
    /// than other rules allow.
    fn counted(&self) -> Option<Counted>;

    /// The bytes of its documents and other texts that tenants make as long as they like, within
    /// the limits of the record: policies, keys, certificates, descriptions, tags. What a server
    /// writes on its own does not count, so that it is never refused.
    fn document_bytes(&self) -> usize {
        0
    }

    /// Checks the rules that every record of this kind obeys.
    ///
    /// # Errors
    /// The first rule that the record breaks.
    fn validate(&self) -> Result<(), InvalidEntity>;
}

/// What a record counts as among its account's, for the account's quotas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The account.
    pub account: AccountId,
    /// The kind of the record.
    pub kind: &'static str,
    /// The region, if each region counts for itself.
    pub region: Option<String>,
}

impl Counted {
    /// One of the account's records of this kind.
    pub fn in_account<E: Entity>(account: AccountId) -> Self {
        Self {
            account,
            kind: E::KIND,
            region: None,
        }
    }
}

/// A rule that a record breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct InvalidEntity {
    /// The field.
    pub field: &'static str,
    /// The rule that it breaks.
    pub problem: &'static str,
}

/// The kind of a look-up, whose content is the key that it leads to.
const LOOKUP: &str = "lookup";

/// Why a record cannot be encoded or decoded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A newer build wrote it.
    #[error(
        "record `{key}` has format {found}, this version of bowline reads up to {NEWEST_FORMAT}"
    )]
    NewerFormat {
        /// The record's key.
        key: RecordKey,
        /// What it contains.
        found: u32,
    },
    /// It is of another kind than its key.
    #[error("record `{key}` is a `{found}`")]
    WrongKind {
        /// The record's key.
        key: RecordKey,
        /// What it contains.
        found: String,
    },
    /// It does not parse.
    #[error("record `{key}` does not parse")]
    Syntax {
        /// The record's key.
        key: RecordKey,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// It breaks a rule of its kind.
    #[error("record `{key}` is invalid")]
    Invalid {
        /// The record's key.
        key: RecordKey,
        /// The rule.
        #[source]
        source: InvalidEntity,
    },
    /// It was moved: its key is another one.
    #[error("record `{key}` belongs under `{belongs}`")]
    Misplaced {
        /// Where it was found.
        key: RecordKey,
        /// Where it belongs.
        belongs: RecordKey,
    },
}

#[derive(Deserialize)]
struct RecordHeader {
    format: u32,
    kind: String,
}

#[derive(Serialize)]
struct EncodableRecord<'a, T> {
    format: u32,
    kind: &'a str,
    record: &'a T,
}

#[derive(Deserialize)]
struct DecodedRecord<T> {
    record: T,
}

/// Encodes an entity.
///
/// # Errors
/// The rule that it breaks.
pub fn encode<E: Entity>(entity: &E) -> Result<EncodedRecord, RecordError> {
    let key = entity.key();
    if let Err(source) = entity.validate() {
        return Err(RecordError::Invalid { key, source });
    }
    write(&key, entity.format(), E::KIND, entity)
}

/// Encodes a look-up that leads to `target`.
///
/// # Errors
/// None in practice: a key is text.
pub fn encode_lookup(target: &RecordKey) -> Result<EncodedRecord, RecordError> {
    write(target, BASE_FORMAT, LOOKUP, &target.as_str())
}

/// Decodes an entity.
///
/// # Errors
/// [`RecordError`].
pub fn decode<E: Entity>(key: &RecordKey, value: &[u8]) -> Result<E, RecordError> {
    let syntax = |source| RecordError::Syntax {
        key: key.clone(),
        source,
    };
    let header: RecordHeader = serde_json::from_slice(value).map_err(syntax)?;
    if header.format > NEWEST_FORMAT {
        return Err(RecordError::NewerFormat {
            key: key.clone(),
            found: header.format,
        });
    }
    if header.kind != E::KIND {
        return Err(RecordError::WrongKind {
            key: key.clone(),
            found: header.kind,
        });
    }
    let DecodedRecord { record }: DecodedRecord<E> =
        serde_json::from_slice(value).map_err(syntax)?;
    record.validate().map_err(|source| RecordError::Invalid {
        key: key.clone(),
        source,
    })?;
    let belongs = record.key();
    if belongs == *key {
        Ok(record)
    } else {
        Err(RecordError::Misplaced {
            key: key.clone(),
            belongs,
        })
    }
}

fn write<T: Serialize>(
    key: &RecordKey,
    format: u32,
    kind: &str,
    record: &T,
) -> Result<EncodedRecord, RecordError> {
    let record = EncodableRecord {
        format,
        kind,
        record,
    };
    match serde_json::to_vec(&record) {
        Ok(bytes) => Ok(bytes.into()),
        Err(source) => Err(RecordError::Syntax {
            key: key.clone(),
            source,
        }),
    }
}
