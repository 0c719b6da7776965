//! Atomic transactions.
//!
//! A [`Transaction`] is built from entities: [`create`](Transaction::create),
//! [`update`](Transaction::update) and [`delete`](Transaction::delete) add the puts and deletes of
//! a record *and* of its look-ups, with the preconditions that keep names unique and prevent lost
//! updates. A record that the transaction relies on but does not change (a policy that is being
//! attached) is [touched](Transaction::touch), so that a concurrent change of it conflicts.

use bowline_iam::account::AccountId;

use super::{
    Change, EncodedRecord, RecordKey, Revision,
    key::MAX_KEY_BYTES,
    record::{self, Counted, Entity, RecordError},
};

/// Most puts and deletes of one transaction, and most preconditions: below etcd's default of 128.
pub const MAX_CHANGES: usize = 100;

/// Most bytes of an encoded record. The largest that AWS's quotas allow, a role with all its inline
/// policies, is below 64 KiB.
pub const MAX_VALUE_BYTES: usize = 256 * 1024;

/// A condition for a transaction to apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// No record has this key.
    Absent(RecordKey),
    /// A record has this key.
    Present(RecordKey),
    /// The record was last put at this revision.
    At(RecordKey, Revision),
}

impl Precondition {
    /// The key of its record.
    pub fn key(&self) -> &RecordKey {
        match self {
            Self::Absent(key) | Self::Present(key) | Self::At(key, _) => key,
        }
    }

    /// Whether it is met by a record last put at `current`, or absent.
    pub(super) fn is_met(&self, current: Option<Revision>) -> bool {
        match self {
            Self::Absent(_) => current.is_none(),
            Self::Present(_) => current.is_some(),
            Self::At(_, revision) => current == Some(*revision),
        }
    }
}

/// Preconditions and changes that apply as a whole or not at all.
#[derive(Debug, Default)]
#[must_use]
pub struct Transaction {
    preconditions: Vec<Precondition>,
    changes: Vec<Change>,
    /// The newest record format among the entities that it puts.
    format: u32,
    /// The highest feature level that a kind of these needs.
    level: u32,
    /// What its new records count as.
    counted: Vec<Counted>,
    /// The documents of the records that it puts.
    documents: Vec<PutDocuments>,
    /// The first record that could not be encoded. Building has no errors: [`Store::commit`] fails.
    ///
    /// [`Store::commit`]: super::Store::commit
    unencodable: Option<RecordError>,
}

/// The documents of a record that a transaction puts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutDocuments {
    /// The account of the record.
    pub account: AccountId,
    /// The record's key.
    pub key: RecordKey,
    /// The bytes of its documents.
    pub bytes: usize,
}

/// Why no store accepts a transaction.
#[derive(Debug, thiserror::Error)]
pub enum InvalidTransaction {
    /// A record breaks a rule of its kind.
    #[error(transparent)]
    Record(RecordError),
    /// Too many puts and deletes, or too many preconditions.
    #[error("a transaction of {0} parts is over the limit of {MAX_CHANGES}")]
    TooLarge(usize),
    /// A key is too long.
    #[error("record key of {0} bytes is over the limit of {MAX_KEY_BYTES}")]
    KeyTooLong(usize),
    /// A record is too long.
    #[error("record `{key}` of {bytes} bytes is over the limit of {MAX_VALUE_BYTES}")]
    ValueTooLong {
        /// The record's key.
        key: RecordKey,
        /// Its length in bytes.
        bytes: usize,
    },
    /// A record in a format that not every server of the store reads yet.
    #[error("record format {format} needs a higher feature level of the store")]
    FormatNotEnabled {
        /// The format.
        format: u32,
    },
    /// A record of a kind that not every server of the store knows yet.
    #[error("a record of the transaction needs feature level {level} of the store")]
    KindNotEnabled {
        /// The level.
        level: u32,
    },
    /// One key is put or deleted twice.
    #[error("record `{0}` is changed twice in one transaction")]
    ChangedTwice(RecordKey),
}

impl Transaction {
    /// An empty transaction.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.unencodable.is_none()
    }

    /// The newest record format among the entities that it puts; 0 if it puts none.
    pub fn newest_format(&self) -> u32 {
        self.format
    }

    /// The feature level from which servers write all kinds of entities that it puts.
    pub fn required_level(&self) -> u32 {
        self.level
    }

    /// What its new records count as.
    pub fn counted(&self) -> &[Counted] {
        &self.counted
    }

    /// The documents of the records that it puts.
    pub fn documents(&self) -> &[PutDocuments] {
        &self.documents
    }

    /// Adds a new entity. It and each of its look-ups must not exist yet.
    pub fn create<E: Entity>(mut self, entity: &E) -> Self {
        let key = entity.key();
        self.format = self.format.max(entity.format());
        self.level = self.level.max(E::LEVEL);
        self.counted.extend(entity.counted());
        self.documents.extend(documents(entity));
        for lookup in entity.lookups() {
            self = self
                .require(Precondition::Absent(lookup.clone()))
                .write(lookup, record::encode_lookup(&key));
        }
        self.require(Precondition::Absent(key.clone()))
            .write(key, record::encode(entity))
    }

    /// Changes an entity, which must be unchanged since `revision`. Its look-ups stay the same.
    pub fn update<E: Entity>(mut self, entity: &E, revision: Revision) -> Self {
        let key = entity.key();
        self.format = self.format.max(entity.format());
        self.level = self.level.max(E::LEVEL);
        self.documents.extend(documents(entity));
        self.require(Precondition::At(key.clone(), revision))
            .write(key, record::encode(entity))
    }

    /// Deletes an entity, which must be unchanged since `revision`, and its look-ups.
    pub fn delete<E: Entity>(mut self, entity: &E, revision: Revision) -> Self {
        let key = entity.key();
        self = self
            .require(Precondition::At(key.clone(), revision))
            .remove(key);
        for lookup in entity.lookups() {
            self = self.remove(lookup);
        }
        self
    }

    /// Puts an entity again as it was at `revision`, so that a concurrent transaction that changes
    /// or deletes it conflicts with this one.
    pub fn touch<E: Entity>(self, entity: &E, revision: Revision) -> Self {
        self.update(entity, revision)
    }

    /// Adds a precondition.
    pub fn require(mut self, condition: Precondition) -> Self {
        self.preconditions.push(condition);
        self
    }

    /// Adds a put of an encoded value.
    pub fn put(mut self, key: RecordKey, value: EncodedRecord) -> Self {
        self.changes.push(Change::Put(key, value));
        self
    }

    /// Adds a delete.
    pub fn remove(mut self, key: RecordKey) -> Self {
        self.changes.push(Change::Delete(key));
        self
    }

    /// The preconditions, in the order that they were added.
    pub fn preconditions(&self) -> &[Precondition] {
        &self.preconditions
    }

    /// The changes, in the order that they were added.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    fn write(mut self, key: RecordKey, encoded: Result<EncodedRecord, RecordError>) -> Self {
        match encoded {
            Ok(value) => self.put(key, value),
            Err(error) => {
                self.unencodable.get_or_insert(error);
                self
            }
        }
    }

    /// Checks the limits of every store, and returns preconditions and changes.
    pub(super) fn validate(self) -> Result<(Vec<Precondition>, Vec<Change>), InvalidTransaction> {
        if let Some(error) = self.unencodable {
            return Err(InvalidTransaction::Record(error));
        }
        let parts = self.changes.len().max(self.preconditions.len());
        if parts > MAX_CHANGES {
            return Err(InvalidTransaction::TooLarge(parts));
        }
        let keys = self.preconditions.iter().map(Precondition::key);
        for key in keys.chain(self.changes.iter().map(Change::key)) {
            if key.as_str().len() > MAX_KEY_BYTES {
                return Err(InvalidTransaction::KeyTooLong(key.as_str().len()));
            }
        }
        for (position, change) in self.changes.iter().enumerate() {
            if let Change::Put(key, value) = change
                && value.len() > MAX_VALUE_BYTES
            {
                return Err(InvalidTransaction::ValueTooLong {
                    key: key.clone(),
                    bytes: value.len(),
                });
            }
            let mut before = self.changes.iter().take(position);
            if before.any(|earlier| earlier.key() == change.key()) {
                return Err(InvalidTransaction::ChangedTwice(change.key().clone()));
            }
        }
        Ok((self.preconditions, self.changes))
    }
}

/// The documents of an entity, if it has any and an account.
fn documents<E: Entity>(entity: &E) -> Option<PutDocuments> {
    let bytes = entity.document_bytes();
    let counted = entity.counted().filter(|_| bytes > 0)?;
    Some(PutDocuments {
        account: counted.account,
        key: entity.key(),
        bytes,
    })
}
