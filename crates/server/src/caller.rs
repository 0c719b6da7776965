//! Who signed a request, as the index knew them at that moment.

use std::sync::Arc;

use bowline_aws::credentials::AccessKeyId;
use bowline_iam::account::AccountId;

use crate::{
    index::{Role, User},
    session::Session,
};

/// A caller whose signature was verified.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The access key that signed.
    pub(crate) access_key_id: AccessKeyId,
    /// Whose it is.
    pub(crate) identity: Identity,
}

/// Whose an access key is.
#[derive(Clone, Debug)]
pub(crate) enum Identity {
    /// The root of an account.
    Root(AccountId),
    /// A user.
    User(Arc<User>),
    /// A session of a role that still exists.
    Session {
        /// What the token sealed.
        session: Arc<Session>,
        /// Its role, as it is now.
        role: Arc<Role>,
    },
}

impl Caller {
    /// The account that the caller belongs to.
    pub(crate) fn account(&self) -> AccountId {
        match &self.identity {
            Identity::Root(account) => *account,
            Identity::User(user) => user.record.account,
            Identity::Session { session, .. } => session.account,
        }
    }

    /// The caller's ARN, as `GetCallerIdentity` shows it.
    pub(crate) fn arn(&self) -> String {
        match &self.identity {
            Identity::Root(account) => format!("arn:aws:iam::{account}:root"),
            Identity::User(user) => user.arn.to_string(),
            Identity::Session { session, .. } => session_arn(session),
        }
    }

    /// The caller's unique id, as `GetCallerIdentity` shows it: for a session, role id and session name.
    pub(crate) fn user_id(&self) -> String {
        match &self.identity {
            Identity::Root(account) => account.to_string(),
            Identity::User(user) => user.record.id.to_string(),
            Identity::Session { session, .. } => {
                format!("{}:{}", session.role_id, session.session_name)
            }
        }
    }

    /// The user, if the caller is one.
    pub(crate) fn user(&self) -> Option<&Arc<User>> {
        match &self.identity {
            Identity::User(user) => Some(user),
            Identity::Root(_) | Identity::Session { .. } => None,
        }
    }
}

/// `arn:aws:sts::{account}:assumed-role/{role}/{session}`: without the role's path.
pub(crate) fn session_arn(session: &Session) -> String {
    format!(
        "arn:aws:sts::{}:assumed-role/{}/{}",
        session.account, session.role_name, session.session_name
    )
}
