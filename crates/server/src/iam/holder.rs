//! What roles and users have in common: both hold permissions.

use bowline_aws::error::AwsError;
use bowline_iam::account::AccountId;

use super::{error::delete_conflict, role, user};
use crate::{
    identity::{entity::Permissions, index::Index, store::Transaction},
    request::{call::Call, error::RequestError},
};

/// A role or a user, by its name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Holder<'a> {
    Role(&'a str),
    User(&'a str),
}

impl<'a> Holder<'a> {
    /// The word for it in IAM's messages.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Role(_) => "role",
            Self::User(_) => "user",
        }
    }

    /// The name that it was asked for by.
    pub(super) fn name(self) -> &'a str {
        match self {
            Self::Role(name) | Self::User(name) => name,
        }
    }

    /// Its name as it was made with, and what it holds.
    ///
    /// # Errors
    /// `NoSuchEntity`.
    pub(super) fn find(
        self,
        index: &Index,
        account: AccountId,
    ) -> Result<(&str, &Permissions), AwsError> {
        Ok(match self {
            Self::Role(name) => {
                let role = &role::find(index, account, name)?.record;
                (&role.name, &role.permissions)
            }
            Self::User(name) => {
                let user = &user::find(index, account, name)?.record;
                (&user.name, &user.permissions)
            }
        })
    }

    /// Changes what it holds, with what else `change` puts or touches.
    ///
    /// # Errors
    /// `NoSuchEntity`, and what `change` refuses with.
    pub(super) async fn change(
        self,
        call: &Call<'_>,
        change: impl Fn(&mut Permissions, &Index) -> Result<Transaction, AwsError> + Send + Sync,
    ) -> Result<(), RequestError> {
        match self {
            Self::Role(name) => {
                role::change(call, name, |role, index| {
                    change(&mut role.permissions, index)
                })
                .await
            }
            Self::User(name) => {
                user::change(call, name, |user, index| {
                    change(&mut user.permissions, index)
                })
                .await
            }
        }
    }
}

/// Whoever still holds permissions is not deleted.
///
/// # Errors
/// `DeleteConflict`.
pub(super) fn holds_nothing(permissions: &Permissions) -> Result<(), AwsError> {
    if !permissions.attached.is_empty() {
        return Err(delete_conflict(
            "Cannot delete entity, must detach all policies first.",
        ));
    }
    if !permissions.inline.is_empty() {
        return Err(delete_conflict(
            "Cannot delete entity, must delete policies first.",
        ));
    }
    Ok(())
}
