//! Managed policies, and what a user or role has of policies.

use std::collections::{BTreeMap, BTreeSet};

use bowline_iam::account::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Counted, Entity, InvalidEntity, UniqueId, account_quotas::MAX_ATTACHED_POLICIES, ensure,
    validate_document, validate_name, validate_path,
};
use crate::identity::store::RecordKey;

/// The permission policies of a user or role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permissions {
    /// Inline policy documents by name, byte for byte. Names are unique as they are written.
    pub inline: BTreeMap<String, String>,
    /// The ARNs of attached managed policies.
    pub attached: BTreeSet<String>,
}

impl Permissions {
    /// The bytes of the inline documents.
    pub(super) fn document_bytes(&self) -> usize {
        self.inline.values().map(String::len).sum()
    }

    pub(super) fn validate(&self) -> Result<(), InvalidEntity> {
        for (name, document) in &self.inline {
            validate_name(name, 128)?;
            validate_document(document)?;
        }
        ensure(
            self.attached.len() <= MAX_ATTACHED_POLICIES as usize,
            "attached policies",
            "are too many",
        )
    }
}

/// A managed policy with its versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagedPolicy {
    /// `ANPA` and 17 more characters.
    pub id: UniqueId,
    /// The account that it belongs to.
    #[serde(with = "crate::serde_text")]
    pub account: AccountId,
    /// Up to 128 characters, unique in the account ignoring case.
    pub name: String,
    /// `/`, or `/.../`.
    pub path: String,
    /// What it is for, in its maker's words.
    #[serde(default)]
    pub description: Option<String>,
    /// One to five versions, oldest first.
    pub versions: Vec<PolicyVersion>,
    /// The version that is in force.
    pub default_version: u32,
    /// When it was created.
    #[serde(with = "crate::serde_text")]
    pub created: Timestamp,
    /// When a version was last added or removed.
    #[serde(with = "crate::serde_text")]
    pub updated: Timestamp,
}

/// One version of a managed policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyVersion {
    /// Shown as `v{number}`. Numbers begin at 1 and are not used again.
    pub number: u32,
    /// The document, byte for byte.
    pub document: String,
    /// When it was created.
    #[serde(with = "crate::serde_text")]
    pub created: Timestamp,
}

impl ManagedPolicy {
    /// `arn:aws:iam::{account}:policy{path}{name}`.
    pub fn arn(&self) -> String {
        format!(
            "arn:aws:iam::{}:policy{}{}",
            self.account, self.path, self.name
        )
    }

    /// The version in force.
    pub fn default(&self) -> Option<&PolicyVersion> {
        self.version(self.default_version)
    }

    /// The version with this number.
    pub fn version(&self, number: u32) -> Option<&PolicyVersion> {
        self.versions
            .iter()
            .find(|version| version.number == number)
    }
}

impl Entity for ManagedPolicy {
    const KIND: &'static str = "policy";
    const LEVEL: u32 = 0;

    fn key(&self) -> RecordKey {
        RecordKey::policy(self.account, &self.id)
    }

    fn lookups(&self) -> Vec<RecordKey> {
        vec![RecordKey::policy_name(self.account, &self.name)]
    }

    fn counted(&self) -> Option<Counted> {
        Some(Counted::in_account::<Self>(self.account))
    }

    fn document_bytes(&self) -> usize {
        let description = self.description.as_ref().map_or(0, String::len);
        let documents = self.versions.iter().map(|version| version.document.len());
        description + documents.sum::<usize>()
    }

    fn validate(&self) -> Result<(), InvalidEntity> {
        ensure(
            self.id.as_str().starts_with("ANPA"),
            "policy id",
            "does not begin with ANPA",
        )?;
        validate_name(&self.name, 128)?;
        validate_path(&self.path)?;
        ensure(self.versions.len() <= 5, "versions", "are too many")?;
        ensure(
            self.default().is_some(),
            "default version",
            "does not exist",
        )?;
        for version in &self.versions {
            validate_document(&version.document)?;
        }
        let description = self.description.as_deref().unwrap_or_default();
        ensure(
            description.chars().count() <= 1_000,
            "description",
            "is too long",
        )
    }
}
