//! What the nouns of IAM (roles, users, instance profiles, managed policies, OIDC providers) have
//! in common.
//!
//! A noun implements [`Noun`], and [`Listed`] or [`HasPermissions`] if it is listed by path or has
//! policies of its own. The functions here find, create, change and delete any noun. A request is
//! authorized on one index and carried out on a later one; a change is made only to the entity that
//! was authorized, never to another one that has taken its name since.

use std::{borrow::Cow, sync::Arc};

use bowline_iam::{account::AccountId, arn::Arn};

use super::error::{DeleteConflict, IamError, Kind};
use crate::{
    identity::{
        entity::{Entity, Permissions, Quota, UniqueId},
        index::Index,
        store::{Revision, Transaction},
    },
    request::{call::Call, error::RequestError},
};

/// An index entry of one kind of IAM entity.
pub(super) trait Noun: Sized + 'static {
    /// The stored record.
    type Record: Entity + Clone + PartialEq + Send + Sync;
    /// What errors call it.
    const KIND: Kind;
    /// How requests name it.
    const ADDRESS: Address;

    /// The account's entity with this name or ARN.
    fn find<'i>(index: &'i Index, account: AccountId, address: &str) -> Option<&'i Arc<Self>>;

    /// The entity with this unique id.
    fn by_id<'i>(index: &'i Index, id: &UniqueId) -> Option<&'i Arc<Self>>;

    /// Whether a new entity cannot have this name.
    fn is_taken(index: &Index, account: AccountId, name: &str) -> bool {
        Self::find(index, account, name).is_some()
    }

    /// The stored record.
    fn record(&self) -> &Arc<Self::Record>;

    /// The commit that last wrote the record.
    fn revision(&self) -> Revision;

    /// The unique id.
    fn id(&self) -> &UniqueId;

    /// The name as the entity was created with it. Look-ups ignore case.
    fn name(&self) -> &str;

    /// The whole ARN.
    fn arn(&self) -> Cow<'_, str>;
}

/// How requests name a noun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// By its name, which another entity may have later.
    Name,
    /// By its whole ARN, on which the request was authorized.
    Arn,
}

/// A noun with a path, which requests list.
pub(super) trait Listed: Noun {
    /// An account's entities by name, with this path prefix, after the name `after`.
    fn list<'i>(
        index: &'i Index,
        account: AccountId,
        path_prefix: Option<&'i str>,
        after: Option<&str>,
    ) -> impl Iterator<Item = &'i Arc<Self>>;
}

/// A noun with inline policies and attached managed policies.
pub(super) trait HasPermissions: Noun {
    /// Characters of all inline policies together, without white space ("IAM and AWS STS quotas",
    /// IAM User Guide).
    const MAX_INLINE_POLICY_CHARS: usize;
    /// The quota of attached managed policies.
    const ATTACHED_POLICIES_QUOTA: Quota;

    /// The policies in its record.
    fn permissions(record: &Self::Record) -> &Permissions;

    /// The same, to change.
    fn permissions_mut(record: &mut Self::Record) -> &mut Permissions;
}

/// The account's entity with this name or ARN.
///
/// # Errors
/// [`IamError::NoSuchEntity`].
pub(super) fn find<'i, N: Noun>(
    index: &'i Index,
    account: AccountId,
    address: &str,
) -> Result<&'i Arc<N>, IamError> {
    N::find(index, account, address).ok_or_else(|| no_such::<N>(address))
}

/// The entity that the call was authorized on, as it is in `index`. Another entity that has taken
/// its name since is not it.
///
/// # Errors
/// [`IamError::NoSuchEntity`], as if the request came after the one was deleted and before the
/// other was created.
pub(super) fn find_unchanged<'i, N: Noun>(
    call: &Call<'_>,
    index: &'i Index,
    address: &str,
) -> Result<&'i Arc<N>, IamError> {
    match N::ADDRESS {
        Address::Arn => find(index, call.account(), address),
        Address::Name => {
            let authorized = find::<N>(&call.index, call.account(), address)?;
            N::by_id(index, authorized.id())
                .filter(|current| current.arn() == authorized.arn())
                .ok_or_else(|| no_such::<N>(address))
        }
    }
}

/// Creates the entity that `build` returns.
///
/// # Errors
/// [`IamError::EntityAlreadyExists`], and the errors of `build`.
pub(super) async fn create<N: Noun>(
    call: &Call<'_>,
    name: &str,
    build: impl Fn(&Index) -> Result<N::Record, RequestError> + Send + Sync,
) -> Result<N::Record, RequestError> {
    call.update(|index| {
        if N::is_taken(index, call.account(), name) {
            return Err(IamError::EntityAlreadyExists(N::KIND, name.to_owned()).into());
        }
        let record = build(index)?;
        Ok((Transaction::new().create(&record), record))
    })
    .await
}

/// Changes the record of the entity that the call was authorized on, with what else `change` puts
/// or touches. Returns the record.
///
/// # Errors
/// [`IamError::NoSuchEntity`], and the errors of `change`.
pub(super) async fn change<N: Noun>(
    call: &Call<'_>,
    address: &str,
    change: impl Fn(&mut N::Record, &Index) -> Result<Transaction, RequestError> + Send + Sync,
) -> Result<N::Record, RequestError> {
    call.change(
        |index| {
            let entry = find_unchanged::<N>(call, index, address)?;
            Ok((entry.record(), entry.revision()))
        },
        change,
    )
    .await
}

/// Deletes the entity that the call was authorized on, if `check` finds nothing that depends on it.
///
/// # Errors
/// [`IamError::NoSuchEntity`], and those of `check`.
pub(super) async fn delete<N: Noun>(
    call: &Call<'_>,
    address: &str,
    check: impl Fn(&N, &Index) -> Result<(), DeleteConflict> + Send + Sync,
) -> Result<(), RequestError> {
    call.update(|index| {
        let entry = find_unchanged::<N>(call, index, address)?;
        check(entry, index)?;
        let transaction = Transaction::new().delete(&**entry.record(), entry.revision());
        Ok((transaction, ()))
    })
    .await
}

/// Checks that an entity has no policies, before it is deleted.
///
/// # Errors
/// [`DeleteConflict`].
pub(super) fn ensure_no_policies(permissions: &Permissions) -> Result<(), DeleteConflict> {
    if !permissions.attached.is_empty() {
        return Err(DeleteConflict::AttachedPolicies);
    }
    if !permissions.inline.is_empty() {
        return Err(DeleteConflict::InlinePolicies);
    }
    Ok(())
}

/// The paths of entities that AWS makes itself: service-linked roles, and the roles of IAM Identity
/// Center. No caller can create one there, so that policies can trust the path.
const RESERVED_PATHS: [&str; 2] = ["/aws-service-role/", "/aws-reserved/"];

/// The path of a new entity: `/` if the request has none.
///
/// # Errors
/// [`IamError::ReservedPath`].
pub(super) fn new_path(path: Option<&String>) -> Result<String, IamError> {
    let path = path.map_or("/", String::as_str);
    match RESERVED_PATHS
        .into_iter()
        .find(|reserved| path.starts_with(reserved))
    {
        Some(reserved) => Err(IamError::ReservedPath(reserved)),
        None => Ok(path.to_owned()),
    }
}

/// Checks that a text is an ARN of this partition, as IAM does before it looks the entity up.
///
/// # Errors
/// [`IamError::InvalidArn`], [`IamError::InvalidArnPartition`].
pub(super) fn check_arn(text: &str) -> Result<(), IamError> {
    let arn: Arn = text.parse().map_err(|_| IamError::InvalidArn)?;
    if arn.partition() == "aws" {
        Ok(())
    } else {
        Err(IamError::InvalidArnPartition)
    }
}

fn no_such<N: Noun>(address: &str) -> IamError {
    IamError::NoSuchEntity(N::KIND, address.to_owned())
}

/// The accessors of [`Noun`] that read the same fields of every index entry.
macro_rules! accessors {
    ($record:ty) => {
        fn record(&self) -> &Arc<$record> {
            &self.record
        }

        fn revision(&self) -> Revision {
            self.revision
        }

        fn id(&self) -> &UniqueId {
            &self.record.id
        }
    };
}

pub(super) use accessors;
