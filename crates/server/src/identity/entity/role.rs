//! Roles.

use bowline_iam::account::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Counted, Entity, InvalidEntity, Permissions, UniqueId, ensure, validate_document,
    validate_name, validate_path,
};
use crate::identity::store::RecordKey;

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// `AROA` and 17 more characters.
    pub id: UniqueId,
    /// The account that it belongs to.
    #[serde(with = "crate::serde_text")]
    pub account: AccountId,
    /// Up to 64 characters, unique in the account ignoring case.
    pub name: String,
    /// `/`, or `/.../`.
    pub path: String,
    /// What it is for, in its maker's words.
    #[serde(default)]
    pub description: Option<String>,
    /// Longest session, in seconds: 3,600 to 43,200.
    pub max_session_duration: u32,
    /// Who may assume it.
    pub trust: TrustDocument,
    /// Its policies.
    #[serde(default)]
    pub permissions: Permissions,
    /// When it was created.
    #[serde(with = "crate::serde_text")]
    pub created: Timestamp,
}

/// A document that names principals: its text, and the ids of the principals when it was saved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustDocument {
    /// The document, byte for byte.
    pub text: String,
    /// The users and roles that it names. Accounts, services and providers stand for themselves.
    pub principals: Vec<ResolvedPrincipal>,
}

/// A user or role named in a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolvedPrincipal {
    /// The name in the document.
    pub arn: String,
    /// The id that it had.
    pub id: UniqueId,
}

/// The longest session of a role in seconds, unless a request says otherwise.
const DEFAULT_MAX_SESSION_DURATION: u32 = 3_600;

impl Role {
    /// A role as `CreateRole` creates it without optional parameters: with the path `/`, sessions
    /// of at most an hour, and no policies.
    pub fn new(
        id: UniqueId,
        account: AccountId,
        name: String,
        trust: TrustDocument,
        created: Timestamp,
    ) -> Self {
        Self {
            id,
            account,
            name,
            path: "/".to_owned(),
            description: None,
            max_session_duration: DEFAULT_MAX_SESSION_DURATION,
            trust,
            permissions: Permissions::default(),
            created,
        }
    }

    /// `arn:aws:iam::{account}:role{path}{name}`.
    pub fn arn(&self) -> String {
        format!(
            "arn:aws:iam::{}:role{}{}",
            self.account, self.path, self.name
        )
    }
}

impl Entity for Role {
    const KIND: &'static str = "role";
    const LEVEL: u32 = 0;

    fn key(&self) -> RecordKey {
        RecordKey::role(self.account, &self.id)
    }

    fn lookups(&self) -> Vec<RecordKey> {
        vec![RecordKey::role_name(self.account, &self.name)]
    }

    fn counted(&self) -> Option<Counted> {
        Some(Counted::in_account::<Self>(self.account))
    }

    fn document_bytes(&self) -> usize {
        let description = self.description.as_ref().map_or(0, String::len);
        self.trust.text.len() + description + self.permissions.document_bytes()
    }

    fn validate(&self) -> Result<(), InvalidEntity> {
        ensure(
            self.id.as_str().starts_with("AROA"),
            "role id",
            "does not begin with AROA",
        )?;
        validate_name(&self.name, 64)?;
        validate_path(&self.path)?;
        validate_document(&self.trust.text)?;
        ensure(
            (3_600..=43_200).contains(&self.max_session_duration),
            "maximum session duration",
            "is not between one and twelve hours",
        )?;
        let description = self.description.as_deref().unwrap_or_default();
        ensure(
            description.chars().count() <= 1_000,
            "description",
            "is too long",
        )?;
        self.permissions.validate()
    }
}
