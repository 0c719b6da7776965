//! What changes together.
//!
//! A [`Transaction`] is built from entities: [`create`](Transaction::create), [`update`](Transaction::update) and
//! [`delete`](Transaction::delete) add the puts and deletes of a record *and* of its look-ups, with the conditions that
//! keep names unique and lost updates out. A record that must not change underneath without being changed itself (a
//! policy that is being attached) is [touched](Transaction::touch), which makes both writers of a race notice.

use super::{
    Change, EncodedRecord, RecordKey, Revision,
    key::MAX_KEY_BYTES,
    record::{self, Entity, RecordError},
};

/// Most puts and deletes in one transaction, and most conditions: what etcd takes by default, with room.
pub const MAX_CHANGES: usize = 100;

/// Largest encoded record, in bytes. The largest that AWS's quotas allow, a role with all its inline policies, is below 64 KiB.
pub const MAX_VALUE_BYTES: usize = 256 * 1024;

/// What must be true for a transaction to apply.
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
    /// The record that it is about.
    pub fn key(&self) -> &RecordKey {
        match self {
            Self::Absent(key) | Self::Present(key) | Self::At(key, _) => key,
        }
    }

    /// Whether it holds for a record last put at `current`, or that is absent.
    pub(super) fn holds(&self, current: Option<Revision>) -> bool {
        match self {
            Self::Absent(_) => current.is_none(),
            Self::Present(_) => current.is_some(),
            Self::At(_, revision) => current == Some(*revision),
        }
    }
}

/// Conditions and changes that apply as a whole or not at all.
#[derive(Debug, Default)]
#[must_use]
pub struct Transaction {
    conditions: Vec<Precondition>,
    changes: Vec<Change>,
    /// The newest record format among the entities that it puts.
    format: u32,
    /// The first record that could not be written, so that building needs no error handling: [`Store::commit`] refuses.
    ///
    /// [`Store::commit`]: super::Store::commit
    unwritable: Option<RecordError>,
}

/// Why no store would take a transaction.
#[derive(Debug, thiserror::Error)]
pub enum InvalidTransaction {
    /// A record that breaks the rules of its kind.
    #[error(transparent)]
    Record(RecordError),
    /// Too many puts and deletes, or too many conditions.
    #[error("a transaction of {0} parts is over the limit of {MAX_CHANGES}")]
    TooLarge(usize),
    /// A key that cannot be kept.
    #[error("record key of {0} bytes is over the limit of {MAX_KEY_BYTES}")]
    KeyTooLong(usize),
    /// A value that cannot be kept.
    #[error("record `{key}` of {bytes} bytes is over the limit of {MAX_VALUE_BYTES}")]
    ValueTooLong {
        /// Whose value.
        key: RecordKey,
        /// How long it is.
        bytes: usize,
    },
    /// A record in a format that not every server of the store reads yet.
    #[error("record format {format} needs a higher feature level of the store")]
    FormatNotEnabled {
        /// The format.
        format: u32,
    },
    /// One key put or deleted twice.
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
        self.changes.is_empty() && self.unwritable.is_none()
    }

    /// The newest record format among the entities that it puts; 0 if it puts none.
    pub fn newest_format(&self) -> u32 {
        self.format
    }

    /// A new entity: it and each of its look-ups must not exist yet.
    pub fn create<E: Entity>(mut self, entity: &E) -> Self {
        let key = entity.key();
        self.format = self.format.max(entity.format());
        for lookup in entity.lookups() {
            self = self
                .require(Precondition::Absent(lookup.clone()))
                .write(lookup, record::encode_lookup(&key));
        }
        self.require(Precondition::Absent(key.clone()))
            .write(key, record::encode(entity))
    }

    /// A changed entity, which must still be as it was at `revision`. Its look-ups must be the same as before.
    pub fn update<E: Entity>(mut self, entity: &E, revision: Revision) -> Self {
        let key = entity.key();
        self.format = self.format.max(entity.format());
        self.require(Precondition::At(key.clone(), revision))
            .write(key, record::encode(entity))
    }

    /// The end of an entity, which must still be as it was at `revision`, and of its look-ups.
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

    /// Puts an entity again as it was at `revision`, so that a transaction which deletes or changes it meanwhile, and
    /// relied on nobody using it, conflicts with this one.
    pub fn touch<E: Entity>(self, entity: &E, revision: Revision) -> Self {
        self.update(entity, revision)
    }

    /// Adds a condition.
    pub fn require(mut self, condition: Precondition) -> Self {
        self.conditions.push(condition);
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

    /// The conditions, in the order that they were added.
    pub fn conditions(&self) -> &[Precondition] {
        &self.conditions
    }

    /// The changes, in the order that they were added.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    fn write(mut self, key: RecordKey, encoded: Result<EncodedRecord, RecordError>) -> Self {
        match encoded {
            Ok(value) => self.put(key, value),
            Err(error) => {
                self.unwritable.get_or_insert(error);
                self
            }
        }
    }

    /// Checks the limits that every store keeps, and hands over conditions and changes.
    pub(super) fn validate(self) -> Result<(Vec<Precondition>, Vec<Change>), InvalidTransaction> {
        if let Some(error) = self.unwritable {
            return Err(InvalidTransaction::Record(error));
        }
        let parts = self.changes.len().max(self.conditions.len());
        if parts > MAX_CHANGES {
            return Err(InvalidTransaction::TooLarge(parts));
        }
        let keys = self.conditions.iter().map(Precondition::key);
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
        Ok((self.conditions, self.changes))
    }
}
