//! Instance profiles: the boxes in which instances get their roles.

use bowline_iam::account::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Counted, Entity, InvalidEntity, UniqueId, ensure, validate_name, validate_path};
use crate::identity::store::RecordKey;

/// An instance profile. It has one role at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceProfile {
    /// `AIPA` and 17 more characters.
    pub id: UniqueId,
    /// The account that it belongs to.
    #[serde(with = "crate::serde_text")]
    pub account: AccountId,
    /// Up to 128 characters, unique in the account ignoring case.
    pub name: String,
    /// `/`, or `/.../`.
    pub path: String,
    /// The role, whatever it is called by now.
    #[serde(default)]
    pub role: Option<UniqueId>,
    /// When it was created.
    #[serde(with = "crate::serde_text")]
    pub created: Timestamp,
}

impl InstanceProfile {
    /// `arn:aws:iam::{account}:instance-profile{path}{name}`.
    pub fn arn(&self) -> String {
        format!(
            "arn:aws:iam::{}:instance-profile{}{}",
            self.account, self.path, self.name
        )
    }
}

impl Entity for InstanceProfile {
    const KIND: &'static str = "instance-profile";
    const LEVEL: u32 = 0;

    fn key(&self) -> RecordKey {
        RecordKey::instance_profile(self.account, &self.id)
    }

    fn lookups(&self) -> Vec<RecordKey> {
        vec![RecordKey::instance_profile_name(self.account, &self.name)]
    }

    fn counted(&self) -> Option<Counted> {
        Some(Counted::in_account::<Self>(self.account))
    }

    fn validate(&self) -> Result<(), InvalidEntity> {
        ensure(
            self.id.as_str().starts_with("AIPA"),
            "instance profile id",
            "does not begin with AIPA",
        )?;
        validate_name(&self.name, 128)?;
        validate_path(&self.path)?;
        let role = self.role.as_ref();
        ensure(
            role.is_none_or(|role| role.as_str().starts_with("AROA")),
            "role id",
            "does not begin with AROA",
        )
    }
}
