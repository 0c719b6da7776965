//! The principals that make requests.

use std::fmt;

use crate::account::AccountId;

/// The principal that makes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal<'a> {
    /// An unsigned request.
    Anonymous,
    /// The root user of an account.
    Root {
        /// The account.
        account: AccountId,
    },
    /// A user.
    User {
        /// Its account.
        account: AccountId,
        /// `arn:aws:iam::{account}:user/...`.
        arn: &'a str,
        /// `AIDA...`.
        id: &'a str,
    },
    /// A session of a role.
    Role {
        /// The role's account.
        account: AccountId,
        /// `arn:aws:iam::{account}:role/...`.
        arn: &'a str,
        /// The id of the role, `AROA...`.
        id: &'a str,
        /// `arn:aws:sts::{account}:assumed-role/{role}/{session}`.
        session_arn: &'a str,
    },
    /// A session that a user created with `GetFederationToken`.
    FederatedUser {
        /// The user's account.
        account: AccountId,
        /// `arn:aws:sts::{account}:federated-user/{name}`.
        session_arn: &'a str,
        /// The id of the user, `AIDA...`.
        user_id: &'a str,
    },
    /// A service, such as `lambda.amazonaws.com`.
    Service(&'a str),
    /// The holder of a token of an identity provider, without AWS credentials yet.
    Federated {
        /// The account of the provider.
        account: AccountId,
        /// The provider's ARN.
        provider: &'a str,
    },
}

impl Principal<'_> {
    /// The account of the principal; `None` for services and unsigned requests.
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Anonymous | Self::Service(_) => None,
            Self::Root { account }
            | Self::User { account, .. }
            | Self::Role { account, .. }
            | Self::FederatedUser { account, .. }
            | Self::Federated { account, .. } => Some(*account),
        }
    }
}

impl fmt::Display for Principal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::Root { account } => f.write_str(&account.root_arn()),
            Self::User { arn, .. } => f.write_str(arn),
            Self::Role { session_arn, .. } | Self::FederatedUser { session_arn, .. } => {
                f.write_str(session_arn)
            }
            Self::Service(name) => f.write_str(name),
            Self::Federated { provider, .. } => f.write_str(provider),
        }
    }
}
