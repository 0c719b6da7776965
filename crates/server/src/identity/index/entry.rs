//! Entries of the index: a record, the revision of its last put, and values derived from it.

use std::{collections::BTreeMap, sync::Arc};

use bowline_aws::credentials::SecretAccessKey;
use bowline_iam::account::AccountId;

use super::{compiled::Compiled, directory::HasDocuments};
use crate::identity::{
    entity::{self, AccessKeyStatus, Entity},
    store::Revision,
};

/// An entry without derived values.
#[derive(Clone, Debug)]
pub struct Indexed<E> {
    /// The record.
    pub record: Arc<E>,
    /// The revision of its last put: the precondition for changing it.
    pub revision: Revision,
}

/// An account.
pub type AccountEntry = Indexed<entity::Account>;
/// A bucket.
pub type BucketEntry = Indexed<entity::Bucket>;

/// An instance profile.
pub type InstanceProfileEntry = Indexed<entity::InstanceProfile>;
/// A role that is attached to a resource of a service.
pub type ServiceAttachmentEntry = Indexed<entity::ServiceAttachment>;
/// A table.
pub type TableEntry = Indexed<entity::Table>;

/// A user with its compiled policies.
#[derive(Debug)]
pub struct UserEntry {
    /// The record.
    pub record: Arc<entity::User>,
    /// The revision of its last put.
    pub revision: Revision,
    /// Its ARN.
    pub arn: Box<str>,
    /// Its compiled inline policies, by name.
    pub inline: BTreeMap<String, Compiled>,
}

/// A role with its compiled policies.
#[derive(Debug)]
pub struct RoleEntry {
    /// The record.
    pub record: Arc<entity::Role>,
    /// The revision of its last put.
    pub revision: Revision,
    /// Its ARN.
    pub arn: Box<str>,
    /// Its compiled trust policy.
    pub trust: Compiled,
    /// Its compiled inline policies, by name.
    pub inline: BTreeMap<String, Compiled>,
}

/// A managed policy with its default version compiled.
#[derive(Debug)]
pub struct PolicyEntry {
    /// The record.
    pub record: Arc<entity::ManagedPolicy>,
    /// The revision of its last put.
    pub revision: Revision,
    /// Its ARN.
    pub arn: Box<str>,
    /// Its default version, compiled.
    pub compiled: Compiled,
}

/// An access key with its decrypted secret.
#[derive(Debug)]
pub struct AccessKeyEntry {
    /// The record.
    pub record: Arc<entity::AccessKey>,
    /// The revision of its last put.
    pub revision: Revision,
    /// Its secret.
    pub secret: SecretAccessKey,
}

/// The current owner of an access key.
#[derive(Clone, Debug)]
pub enum KeyOwner {
    /// The root of this account.
    Root(AccountId),
    /// This user.
    User(Arc<UserEntry>),
}

/// A provider.
#[derive(Debug)]
pub struct ProviderEntry {
    /// The record.
    pub record: Arc<entity::OidcProvider>,
    /// The revision of its last put.
    pub revision: Revision,
    /// Its ARN.
    pub arn: Box<str>,
}

impl AccessKeyEntry {
    /// Whether it authenticates requests.
    pub fn is_active(&self) -> bool {
        match self.record.status {
            AccessKeyStatus::Active => true,
            AccessKeyStatus::Inactive => false,
        }
    }

    /// Its secret.
    pub fn secret(&self) -> &SecretAccessKey {
        &self.secret
    }

    /// The account that it belongs to.
    pub fn account(&self) -> AccountId {
        self.record.account
    }
}

impl ProviderEntry {
    /// The prefix of its condition keys, before the colon and the claim: the address.
    pub fn condition_prefix(&self) -> &str {
        self.record.address()
    }
}

impl<E: Entity> HasDocuments for Indexed<E> {
    fn document_bytes(&self) -> usize {
        self.record.document_bytes()
    }
}

macro_rules! has_documents {
    ($($entry:ty),*) => {
        $(impl HasDocuments for $entry {
            fn document_bytes(&self) -> usize {
                self.record.document_bytes()
            }
        })*
    };
}

has_documents!(
    UserEntry,
    RoleEntry,
    PolicyEntry,
    ProviderEntry,
    AccessKeyEntry
);
