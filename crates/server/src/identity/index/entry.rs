//! What the index holds of each record: the record, the commit that last put it, and what follows from it.

use std::{collections::BTreeMap, sync::Arc};

use bowline_aws::credentials::SecretAccessKey;
use bowline_iam::account::AccountId;

use super::compiled::Compiled;
use crate::identity::{
    entity::{self, AccessKeyStatus},
    store::Revision,
};

/// A record that nothing more follows from.
#[derive(Clone, Debug)]
pub struct Indexed<E> {
    /// The record.
    pub record: Arc<E>,
    /// The commit that last put it: the condition for changing it.
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
    /// The commit that last put it.
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
    /// The commit that last put it.
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
    /// The commit that last put it.
    pub revision: Revision,
    /// Its ARN.
    pub arn: Box<str>,
    /// Its default version, compiled.
    pub compiled: Compiled,
}

/// An access key whose secret is open.
#[derive(Debug)]
pub struct AccessKeyEntry {
    /// The record.
    pub record: Arc<entity::AccessKey>,
    /// The commit that last put it.
    pub revision: Revision,
    /// Its secret.
    pub secret: SecretAccessKey,
}

/// Whose requests an access key signs, as they are now.
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
    /// The commit that last put it.
    pub revision: Revision,
    /// Its ARN.
    pub arn: Box<str>,
}

impl AccessKeyEntry {
    /// Whether it works.
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
    /// What its condition keys begin with, before the colon and the claim: the address.
    pub fn condition_prefix(&self) -> &str {
        self.record.address()
    }
}
