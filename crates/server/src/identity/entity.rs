//! What an account holds, as it is stored: accounts, users, access keys, roles, instance profiles, managed policies,
//! OIDC providers, buckets, tables, roles of services.
//!
//! These are plain records. Each [validates](Entity::validate) itself whenever it is read or written, so what the rest of
//! the server sees obeys the rules of its kind. Policy documents are kept byte for byte as they were given; parsing and
//! compiling them is the [index](crate::identity::index)'s work.
//!
//! A user or role holds its inline policies and the ARNs of its attached ones, so that one record is one thing to change.

pub mod access_key;
pub mod account;
pub mod bucket;
pub mod feature_level;
pub mod instance_profile;
pub mod lease;
pub mod policy;
pub mod provider;
pub mod role;
pub mod service_attachment;
pub mod service_resource;
pub mod table;
pub(crate) mod text;
pub mod unique_id;
pub mod user;

use serde::{Serialize, de::DeserializeOwned};

pub use super::entity::{
    access_key::{AccessKey, AccessKeyOwner, AccessKeyStatus},
    account::Account,
    bucket::{
        Bucket, BucketId, BucketState, InvalidBucketId, InvalidUpstreamBucket, UpstreamBucket,
    },
    feature_level::FeatureLevel,
    instance_profile::InstanceProfile,
    lease::{InvalidServerId, Lease, ServerId},
    policy::{ManagedPolicy, Permissions, PolicyVersion},
    provider::OidcProvider,
    role::{ResolvedPrincipal, Role, TrustDocument},
    service_attachment::ServiceAttachment,
    service_resource::{InvalidServiceResource, RoleService, ServiceResource},
    table::{Table, TableState},
    unique_id::{InvalidUniqueId, UniqueId},
    user::User,
};
use crate::identity::store::{RecordKey, record};

/// A record of one kind.
pub trait Entity: Serialize + DeserializeOwned {
    /// The kind's name in the stored form.
    const KIND: &'static str;

    /// The key that it is stored under.
    fn key(&self) -> RecordKey;

    /// Its look-ups: keys of their own that lead to it, and that no other entity may have.
    fn lookups(&self) -> Vec<RecordKey> {
        Vec::new()
    }

    /// The oldest [record format](crate::identity::store::record) that can hold this value. It is
    /// the one that is written, so that older builds read whatever they can.
    fn format(&self) -> u32 {
        record::BASE_FORMAT
    }

    /// Checks the rules that every record of this kind obeys.
    ///
    /// # Errors
    /// The first rule that does not hold.
    fn validate(&self) -> Result<(), InvalidEntity>;
}

/// A rule that a record breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct InvalidEntity {
    /// The field, in words.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: &'static str,
}

fn ensure(holds: bool, field: &'static str, problem: &'static str) -> Result<(), InvalidEntity> {
    if holds {
        Ok(())
    } else {
        Err(InvalidEntity { field, problem })
    }
}

/// Names of users, roles and policies: `[\w+=,.@-]+` (IAM API Reference, `CreateRole`).
fn validate_name(name: &str, longest: usize) -> Result<(), InvalidEntity> {
    ensure(!name.is_empty(), "name", "is empty")?;
    ensure(name.len() <= longest, "name", "is too long")?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    ensure(
        name.bytes().all(allowed),
        "name",
        "contains a character that names do not have",
    )
}

/// Paths: `/`, or visible ASCII between slashes, at most 512 characters (IAM API Reference, `CreateRole`).
fn validate_path(path: &str) -> Result<(), InvalidEntity> {
    ensure(path.len() <= 512, "path", "is too long")?;
    ensure(
        path.starts_with('/') && path.ends_with('/'),
        "path",
        "does not begin and end with a slash",
    )?;
    ensure(
        path.bytes().all(|byte| (0x21..=0x7f).contains(&byte)),
        "path",
        "contains a character that paths do not have",
    )
}

/// Longest stored document, in bytes. AWS counts without whitespace and the text may have more, so this only bounds.
const MAX_DOCUMENT_BYTES: usize = 128 * 1024;

fn validate_document(document: &str) -> Result<(), InvalidEntity> {
    ensure(
        document.len() <= MAX_DOCUMENT_BYTES,
        "policy document",
        "is too long",
    )
}
