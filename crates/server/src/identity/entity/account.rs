//! Accounts.

use bowline_iam::account::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Counted, Entity, InvalidEntity};
use crate::identity::store::RecordKey;

/// An account. Everything else belongs to one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Twelve digits.
    #[serde(with = "crate::serde_text")]
    pub id: AccountId,
    /// Whether it may call operations on other accounts. The first account of a server may.
    pub management: bool,
    /// When it was created.
    #[serde(with = "crate::serde_text")]
    pub created: Timestamp,
}

impl Entity for Account {
    const KIND: &'static str = "account";
    const LEVEL: u32 = 0;

    fn key(&self) -> RecordKey {
        RecordKey::account(self.id)
    }

    /// The operator makes them.
    fn counted(&self) -> Option<Counted> {
        None
    }

    fn validate(&self) -> Result<(), InvalidEntity> {
        Ok(())
    }
}
