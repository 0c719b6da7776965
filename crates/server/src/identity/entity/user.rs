//! Users.

use bowline_iam::account::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Counted, Entity, InvalidEntity, Permissions, UniqueId, ensure, validate_name, validate_path,
};
use crate::identity::store::RecordKey;

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// `AIDA` and 17 more characters.
    pub id: UniqueId,
    /// The account that it belongs to.
    #[serde(with = "crate::serde_text")]
    pub account: AccountId,
    /// Up to 64 characters, unique in the account ignoring case.
    pub name: String,
    /// `/`, or `/.../`.
    pub path: String,
    /// Its policies.
    #[serde(default)]
    pub permissions: Permissions,
    /// When it was created.
    #[serde(with = "crate::serde_text")]
    pub created: Timestamp,
}

impl User {
    /// A user as `CreateUser` creates it without optional parameters: with the path `/` and no
    /// policies.
    pub fn new(id: UniqueId, account: AccountId, name: String, created: Timestamp) -> Self {
        Self {
            id,
            account,
            name,
            path: "/".to_owned(),
            permissions: Permissions::default(),
            created,
        }
    }

    /// `arn:aws:iam::{account}:user{path}{name}`.
    pub fn arn(&self) -> String {
        format!(
            "arn:aws:iam::{}:user{}{}",
            self.account, self.path, self.name
        )
    }
}

impl Entity for User {
    const KIND: &'static str = "user";
    const LEVEL: u32 = 0;

    fn key(&self) -> RecordKey {
        RecordKey::user(self.account, &self.id)
    }

    fn lookups(&self) -> Vec<RecordKey> {
        vec![RecordKey::user_name(self.account, &self.name)]
    }

    fn counted(&self) -> Option<Counted> {
        Some(Counted::in_account::<Self>(self.account))
    }

    fn document_bytes(&self) -> usize {
        self.permissions.document_bytes()
    }

    fn validate(&self) -> Result<(), InvalidEntity> {
        ensure(
            self.id.as_str().starts_with("AIDA"),
            "user id",
            "does not begin with AIDA",
        )?;
        validate_name(&self.name, 64)?;
        validate_path(&self.path)?;
        self.permissions.validate()
    }
}
