//! The feature level of a store: what every server that shares it can read.
//!
//! A server writes a new record or session format only if the level says that all servers of the
//! store read it, so that old and new builds can run side by side during an upgrade. The level is a
//! record, so every replica sees a change in order with the records that depend on it. It is
//! [raised](crate::identity::index::IdentityState::raise_feature_level) once the last old server is
//! gone, and never falls. An embedded store has one server, which raises it at its start. A new
//! store starts at the newest level.
//!
//! | level | adds |
//! | --- | --- |
//! | 0 | What the builds before levels read; a store without the record has this level. |
//! | 1 | Record format 3: [leases](super::lease), and upstream names of buckets and tables. |
//! | 2 | The [quotas of accounts](super::account_quotas). |
//!
//! A server refuses a store whose level it does not know. That is what allows it to skip records of
//! unknown kinds: a kind that could deny something is written only at a level that excludes servers
//! which would skip it.

use serde::{Deserialize, Serialize};

use super::{Counted, Entity, InvalidEntity, ensure};
use crate::identity::store::RecordKey;

/// What every server that shares a store can read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureLevel {
    level: u32,
}

impl FeatureLevel {
    /// The level of stores without a level.
    pub const EARLIEST: Self = Self { level: 0 };
    /// Buckets and tables may have leases and upstream names.
    pub const LEASES: Self = Self { level: 1 };
    /// Accounts may have quotas of their own.
    pub const ACCOUNT_QUOTAS: Self = Self { level: 2 };
    /// The newest level that this build reads.
    pub const NEWEST: Self = Self::ACCOUNT_QUOTAS;

    /// The level's number.
    pub const fn number(self) -> u32 {
        self.level
    }

    /// The newest record format that may be written.
    pub fn record_format(self) -> u32 {
        if self < Self::LEASES { 2 } else { 3 }
    }
}

impl Entity for FeatureLevel {
    const KIND: &'static str = "feature-level";
    const LEVEL: u32 = 0;

    fn key(&self) -> RecordKey {
        RecordKey::feature_level()
    }

    /// There is one.
    fn counted(&self) -> Option<Counted> {
        None
    }

    fn validate(&self) -> Result<(), InvalidEntity> {
        ensure(self.level > 0, "feature level", "is not positive")
    }
}
