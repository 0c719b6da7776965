//! Who makes a request, and whom a policy names.
//!
//! A user or role that a policy names is resolved to its unique id before the policy can be decided with (`Named` holds ids): a name
//! that is deleted and made again is somebody else. Sessions, services and providers are matched by exactly what is written.

use std::fmt;

use crate::account::AccountId;

/// Who makes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal<'a> {
    /// Nobody who said who they are.
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
        /// `AROA...`, of the role.
        id: &'a str,
        /// `arn:aws:sts::{account}:assumed-role/{role}/{session}`.
        session_arn: &'a str,
    },
    /// A session that a user has made for somebody (`GetFederationToken`).
    FederatedUser {
        /// The user's account.
        account: AccountId,
        /// `arn:aws:sts::{account}:federated-user/{name}`.
        session_arn: &'a str,
        /// `AIDA...`, of the user.
        user_id: &'a str,
    },
    /// A service, such as `lambda.amazonaws.com`.
    Service(&'a str),
    /// A holder of a token of an identity provider, who has no credentials yet.
    Federated {
        /// The account that the provider belongs to.
        account: AccountId,
        /// The provider's ARN.
        provider: &'a str,
    },
}

impl Principal<'_> {
    /// The account that it belongs to; services and the anonymous have none.
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

/// One principal that a policy names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// `*`.
    Everyone,
    /// An account, by its id or its root's ARN.
    Account(AccountId),
    /// A user or role whose id is not looked up yet.
    Unresolved(Box<str>),
    /// A user or role.
    Entity {
        /// As it is written: an ARN, or the id itself.
        text: Box<str>,
        /// Its unique id.
        id: Box<str>,
    },
    /// A session of a role or a federated user.
    Session(Box<str>),
    /// A service.
    Service(Box<str>),
    /// An identity provider.
    Federated(Box<str>),
    /// An S3 owner id, which nobody here has.
    CanonicalUser(Box<str>),
}

/// How directly a policy grants to a principal (IAM User Guide, "Policy evaluation for requests within a single account").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grant {
    /// Through its account, whose own policies have to allow too.
    Account,
    /// Through its role: the role's boundary and the session's policies still limit.
    Role,
    /// By itself: nothing but a deny limits.
    Direct,
}

impl Named {
    /// Whether it names this principal, and how directly.
    ///
    /// `*` names everyone who signs and everyone who does not. Whether AWS takes holders of tokens and services for everyone is not
    /// documented: here it does not.
    pub(crate) fn names(&self, principal: &Principal<'_>) -> Option<Grant> {
        use Principal as P;
        let direct = |same: bool| same.then_some(Grant::Direct);
        match (self, principal) {
            // Holders of a provider's tokens are not of the account.
            (Self::Everyone, P::Service(_) | P::Federated { .. })
            | (Self::Account(_), P::Federated { .. }) => None,
            (Self::Everyone, _) => Some(Grant::Direct),
            (Self::Account(named), other) => {
                (other.account() == Some(*named)).then_some(Grant::Account)
            }
            (Self::Entity { id: named, .. }, P::User { id, .. }) => direct(**named == **id),
            (Self::Entity { id: named, .. }, P::Role { id, .. }) => {
                (**named == **id).then_some(Grant::Role)
            }
            (Self::Entity { id: named, .. }, P::FederatedUser { user_id, .. }) => {
                (**named == **user_id).then_some(Grant::Role)
            }
            (
                Self::Session(named),
                P::Role { session_arn, .. } | P::FederatedUser { session_arn, .. },
            ) => direct(**named == **session_arn),
            (Self::Service(named), P::Service(name)) => direct(**named == **name),
            (Self::Federated(named), P::Federated { provider, .. }) => {
                direct(**named == **provider)
            }
            (
                Self::Unresolved(_)
                | Self::Entity { .. }
                | Self::Session(_)
                | Self::Service(_)
                | Self::Federated(_)
                | Self::CanonicalUser(_),
                _,
            ) => None,
        }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("*"),
            Self::Account(account) => f.write_str(&account.root_arn()),
            Self::Unresolved(text)
            | Self::Entity { text, .. }
            | Self::Session(text)
            | Self::Service(text)
            | Self::Federated(text)
            | Self::CanonicalUser(text) => f.write_str(text),
        }
    }
}

/// A statement's `Principal` or `NotPrincipal`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Principals {
    pub(crate) negated: bool,
    pub(crate) named: Vec<Named>,
}

impl Principals {
    /// Whether the element covers this principal, and how directly.
    ///
    /// `NotPrincipal`, which only a `Deny` may have, spares a principal whose whole chain is listed: its account, its role or user, and
    /// its session. One with a permissions boundary is never spared (IAM User Guide, "`NotPrincipal`").
    pub(crate) fn cover(&self, principal: &Principal<'_>, has_boundary: bool) -> Option<Grant> {
        if !self.negated {
            return self
                .named
                .iter()
                .filter_map(|named| named.names(principal))
                .max();
        }
        let spared = !has_boundary && self.spares(principal);
        (!spared).then_some(Grant::Direct)
    }

    fn spares(&self, principal: &Principal<'_>) -> bool {
        let lists = |grant: Grant| self.named.iter().any(|n| n.names(principal) == Some(grant));
        match principal {
            Principal::Anonymous | Principal::Service(_) | Principal::Federated { .. } => {
                lists(Grant::Direct)
            }
            Principal::Root { .. } => lists(Grant::Account),
            Principal::User { .. } => lists(Grant::Account) && lists(Grant::Direct),
            Principal::Role { .. } | Principal::FederatedUser { .. } => {
                lists(Grant::Account) && lists(Grant::Role) && lists(Grant::Direct)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> AccountId {
        "111122223333".parse().unwrap()
    }

    const ROLE: &str = "arn:aws:iam::111122223333:role/team/bot";
    const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/bot/one";

    fn session() -> Principal<'static> {
        Principal::Role {
            account: account(),
            arn: ROLE,
            id: "AROAEXAMPLE000000001",
            session_arn: SESSION,
        }
    }

    fn entity(id: &str) -> Named {
        Named::Entity {
            text: ROLE.into(),
            id: id.into(),
        }
    }

    #[test]
    fn a_session_is_named_by_itself_its_role_and_its_account() {
        let names = |named: Named| named.names(&session());
        assert_eq!(names(Named::Session(SESSION.into())), Some(Grant::Direct));
        assert_eq!(names(entity("AROAEXAMPLE000000001")), Some(Grant::Role));
        assert_eq!(names(Named::Account(account())), Some(Grant::Account));
        assert_eq!(names(Named::Everyone), Some(Grant::Direct));
    }

    #[test]
    fn a_name_made_again_is_somebody_else() {
        assert_eq!(entity("AROAEXAMPLE000000002").names(&session()), None);
        assert_eq!(Named::Unresolved(ROLE.into()).names(&session()), None);
    }

    #[test]
    fn a_holder_of_a_token_is_its_provider_and_nobody_else() {
        let provider = "arn:aws:iam::111122223333:oidc-provider/idp.example.com";
        let holder = Principal::Federated {
            account: account(),
            provider,
        };
        assert_eq!(
            Named::Federated(provider.into()).names(&holder),
            Some(Grant::Direct)
        );
        let longer = format!("{provider}.evil.net");
        assert_eq!(Named::Federated(longer.into()).names(&holder), None);
        assert_eq!(Named::Everyone.names(&holder), None);
        assert_eq!(Named::Account(account()).names(&holder), None);
    }

    #[test]
    fn not_principal_spares_whoever_is_listed_with_its_whole_chain() {
        let listed = |named: &[Named], has_boundary| {
            let principals = Principals {
                negated: true,
                named: named.to_vec(),
            };
            principals.cover(&session(), has_boundary).is_none()
        };
        let chain = [
            Named::Account(account()),
            entity("AROAEXAMPLE000000001"),
            Named::Session(SESSION.into()),
        ];
        assert!(listed(&chain, false));
        assert!(!listed(&chain, true), "a boundary is never spared");
        assert!(!listed(&chain[1..], false));
        assert!(!listed(&chain[..2], false));
    }
}
