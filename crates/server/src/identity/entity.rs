//! The entities, as they are stored: accounts, users, access keys, roles, instance profiles,
//! managed policies, OIDC providers, buckets, tables, service attachments, the quotas of accounts,
//! and the store's feature level.
//!
//! They are plain records. Each is [validated](Entity::validate) whenever it is read or written, so
//! the rest of the server sees only valid ones. Policy documents are stored byte for byte; the
//! [index](crate::identity::index) parses and compiles them.
//!
//! A user or role contains its inline policies and the ARNs of its attached ones, so that changing
//! them changes one record.

pub mod access_key;
pub mod account;
pub mod account_quotas;
pub mod bucket;
pub mod feature_level;
pub mod instance_profile;
mod keyring;
mod keys;
pub mod lease;
pub mod policy;
pub mod provider;
pub mod role;
pub mod service_attachment;
pub mod service_resource;
pub mod table;
pub mod unique_id;
pub mod user;

pub use super::entity::{
    access_key::{AccessKey, AccessKeyOwner, AccessKeyStatus},
    account::Account,
    account_quotas::{AccountQuotas, Quota},
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
    table::{Table, TableState, UpstreamNames},
    unique_id::{InvalidUniqueId, UniqueId},
    user::User,
};
pub use crate::identity::store::{Counted, Entity, InvalidEntity};

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

/// Paths: `/`, or visible ASCII between slashes, at most 512 characters (IAM API Reference,
/// `CreateRole`).
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

/// Longest stored document, in bytes. AWS counts without whitespace and the text may have more, so
/// this only bounds.
const MAX_DOCUMENT_BYTES: usize = 128 * 1024;

fn validate_document(document: &str) -> Result<(), InvalidEntity> {
    ensure(
        document.len() <= MAX_DOCUMENT_BYTES,
        "policy document",
        "is too long",
    )
}
