//! Long-term access keys.

use bowline_aws::credentials::AccessKeyId;
use bowline_iam::account::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Counted, Entity, InvalidEntity, UniqueId, ensure};
use crate::{crypto::master_key::Envelope, identity::store::RecordKey};

/// A long-term access key. Its secret opens only with the master key, and only in this record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessKey {
    /// `AKIA` and 16 more characters, unique on the server. A declared one may have another form.
    #[serde(with = "crate::serde_text")]
    pub id: AccessKeyId,
    /// The account that it belongs to.
    #[serde(with = "crate::serde_text")]
    pub account: AccountId,
    /// The principal whose requests it signs.
    pub owner: AccessKeyOwner,
    /// Whether it authenticates requests.
    pub status: AccessKeyStatus,
    /// The secret access key, sealed with this record's key as context.
    pub secret: Envelope,
    /// When it was created.
    #[serde(with = "crate::serde_text")]
    pub created: Timestamp,
}

/// The owner of an access key: the principal whose requests it signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AccessKeyOwner {
    /// The account itself.
    Root,
    /// The user with this id.
    User(UniqueId),
}

/// Whether an access key authenticates requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessKeyStatus {
    /// It does.
    Active,
    /// It does not until it is activated again.
    Inactive,
}

impl AccessKey {
    /// The owner's unique id as AWS shows it: the user's id, or for root the account id.
    pub fn owner_id(&self) -> &str {
        match &self.owner {
            AccessKeyOwner::Root => self.account.as_str(),
            AccessKeyOwner::User(id) => id.as_str(),
        }
    }
}

impl Entity for AccessKey {
    const KIND: &'static str = "access-key";
    const LEVEL: u32 = 0;

    fn key(&self) -> RecordKey {
        RecordKey::access_key(self.id.as_str())
    }

    /// Each owner has two at most (`iam/access_key.rs`).
    fn counted(&self) -> Option<Counted> {
        None
    }

    fn validate(&self) -> Result<(), InvalidEntity> {
        ensure(
            !self.id.as_str().starts_with("ASIA"),
            "access key id",
            "is one of temporary credentials",
        )
    }
}
