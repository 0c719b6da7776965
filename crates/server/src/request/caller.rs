//! The caller of a request, as the index had it at the time of authentication.

use std::sync::Arc;

use bowline_aws::credentials::AccessKeyId;
use bowline_iam::{account::AccountId, principal::Principal};

use crate::{
    identity::index::{RoleEntry, UserEntry},
    identity::session::Session,
};

/// A caller whose signature was verified. Only [`authenticate`](crate::request::authenticate) makes
/// one.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    access_key_id: AccessKeyId,
    identity: Identity,
    arn: Box<str>,
}

/// The owner of an access key.
#[derive(Clone, Debug)]
pub(crate) enum Identity {
    /// The root user of an account.
    Root(AccountId),
    /// A user.
    User(Arc<UserEntry>),
    /// A session of a role that still exists.
    Session {
        /// The session that the token seals.
        session: Arc<Session>,
        /// Its role, as the index has it.
        role: Arc<RoleEntry>,
    },
}

impl Caller {
    /// The owner of this access key.
    pub(crate) fn new(access_key_id: AccessKeyId, identity: Identity) -> Self {
        let arn = match &identity {
            Identity::Root(account) => account.root_arn().into(),
            Identity::User(user) => user.arn.clone(),
            Identity::Session { session, .. } => session.arn().into(),
        };
        Self {
            access_key_id,
            identity,
            arn,
        }
    }

    /// The access key that signed.
    pub(crate) fn access_key_id(&self) -> &AccessKeyId {
        &self.access_key_id
    }

    /// The access key's owner.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The account that the caller belongs to.
    pub(crate) fn account(&self) -> AccountId {
        match &self.identity {
            Identity::Root(account) => *account,
            Identity::User(user) => user.record.account,
            Identity::Session { session, .. } => session.account,
        }
    }

    /// The caller's ARN, as `GetCallerIdentity` shows it.
    pub(crate) fn arn(&self) -> &str {
        &self.arn
    }

    /// The caller's unique id, as `GetCallerIdentity` shows it. For a session it is the role's id
    /// and the session name.
    pub(crate) fn user_id(&self) -> String {
        match &self.identity {
            Identity::Root(account) => account.to_string(),
            Identity::User(user) => user.record.id.to_string(),
            Identity::Session { session, .. } => session.assumed_role_id(),
        }
    }

    /// The caller as a principal of the policy engine.
    pub(crate) fn principal(&self) -> Principal<'_> {
        let account = self.account();
        match &self.identity {
            Identity::Root(_) => Principal::Root { account },
            Identity::User(user) => Principal::User {
                account,
                arn: &user.arn,
                id: user.record.id.as_str(),
            },
            Identity::Session { role, .. } => Principal::Role {
                account,
                arn: &role.arn,
                id: role.record.id.as_str(),
                session_arn: &self.arn,
            },
        }
    }

    /// The session, if the caller is one.
    pub(crate) fn session(&self) -> Option<&Session> {
        match &self.identity {
            Identity::Session { session, .. } => Some(session),
            Identity::Root(_) | Identity::User(_) => None,
        }
    }
}
