//! The user that a request is about: the one it names, or else its caller, who may be an account's
//! root.

use std::sync::Arc;

use super::{
    error::{IamError, Kind},
    noun,
};
use crate::{
    identity::index::{AccountEntry, Index, UserEntry},
    request::{
        call::Call,
        caller::{Caller, Identity},
    },
};

/// A user, or the root of an account.
#[derive(Debug)]
pub(super) enum UserOrRoot<'a> {
    Root(&'a Arc<AccountEntry>),
    User(&'a Arc<UserEntry>),
}

/// The user with this name; without a name the caller, as it is in `index`.
///
/// # Errors
/// [`IamError::NoSuchEntity`]; [`IamError::UserNameMissing`] if the caller is a session and there
/// is no name.
pub(super) fn user_or_root<'a>(
    index: &'a Index,
    caller: &Caller,
    name: Option<&str>,
) -> Result<UserOrRoot<'a>, IamError> {
    if let Some(name) = name {
        return noun::find(index, caller.account(), name).map(UserOrRoot::User);
    }
    let gone = |name: &str| IamError::NoSuchEntity(Kind::User, name.to_owned());
    match caller.identity() {
        Identity::Root(account) => index
            .account(*account)
            .map(UserOrRoot::Root)
            .ok_or_else(|| gone("root")),
        Identity::User(user) => index
            .user_by_id(user.record.id.as_str())
            .map(UserOrRoot::User)
            .ok_or_else(|| gone(&user.record.name)),
        Identity::Session { .. } => Err(IamError::UserNameMissing),
    }
}

/// [`user_or_root`] as it is in `index`: the user that the call was authorized on, not another one
/// that has taken the name since.
///
/// # Errors
/// As [`user_or_root`].
pub(super) fn unchanged_user_or_root<'a>(
    call: &Call<'_>,
    index: &'a Index,
    name: Option<&str>,
) -> Result<UserOrRoot<'a>, IamError> {
    match name {
        Some(name) => noun::find_unchanged(call, index, name).map(UserOrRoot::User),
        // Found by the caller's unique id.
        None => user_or_root(index, call.caller, None),
    }
}
