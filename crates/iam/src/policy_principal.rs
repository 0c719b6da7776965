//! The principals that a policy names, and what naming them grants.
//!
//! A user or role that a policy names is resolved to its unique id before the policy is evaluated:
//! a user or role that is created later under the same name is a different principal. Sessions,
//! services and providers match exactly what the policy spells.

use std::fmt;

use crate::{account::AccountId, effect::Effect, principal::Principal};

/// One principal that a policy names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PolicyPrincipal {
    /// `*`.
    Everyone,
    /// An account, by its id or its root's ARN.
    Account(AccountId),
    /// A user or role whose id is not resolved yet.
    Unresolved(Box<str>),
    /// A user or role.
    Entity {
        /// The text of the policy: an ARN, or the id itself.
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
    /// A canonical user id of S3, which no principal has.
    CanonicalUser(Box<str>),
}

/// How directly a policy grants to a principal (IAM User Guide, "Policy evaluation for requests
/// within a single account").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grant {
    /// Through its account: the principal's own policies must allow too.
    Account,
    /// Through its role: the role's boundary and the session policies still limit.
    Role,
    /// By itself: only a deny limits.
    Direct,
}

impl PolicyPrincipal {
    /// How directly it names `principal`; `None` if it does not.
    ///
    /// `*` names every signed and every unsigned request. AWS does not document whether `*`
    /// includes token holders and services: here it does only in a `Deny`
    /// ([`Principals::grant_to`]).
    pub(crate) fn grant_to(&self, principal: &Principal<'_>) -> Option<Grant> {
        use Principal as P;
        let direct = |same: bool| same.then_some(Grant::Direct);
        match (self, principal) {
            // Token holders do not belong to the account of their provider.
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

impl fmt::Display for PolicyPrincipal {
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
    pub(crate) named: Vec<PolicyPrincipal>,
}

impl Principals {
    /// How directly the element names `principal`; `None` if it does not.
    ///
    /// In a `Deny`, `*` includes services and token holders (such a statement exempts services with
    /// "`aws:PrincipalIsAWSService`", IAM User Guide).
    ///
    /// `NotPrincipal`, which only a `Deny` can have, exempts a principal if it lists the whole
    /// chain: the account, the role or user, and the session. It never exempts a principal with a
    /// permissions boundary (IAM User Guide, "`NotPrincipal`").
    pub(crate) fn grant_to(
        &self,
        principal: &Principal<'_>,
        has_boundary: bool,
        effect: Effect,
    ) -> Option<Grant> {
        if !self.negated {
            let names = |named: &PolicyPrincipal| match (named, effect) {
                (PolicyPrincipal::Everyone, Effect::Deny) => Some(Grant::Direct),
                (_, Effect::Allow | Effect::Deny) => named.grant_to(principal),
            };
            return self.named.iter().filter_map(names).max();
        }
        let exempt = !has_boundary && self.exempts(principal);
        (!exempt).then_some(Grant::Direct)
    }

    fn exempts(&self, principal: &Principal<'_>) -> bool {
        let lists = |grant: Grant| {
            self.named
                .iter()
                .any(|n| n.grant_to(principal) == Some(grant))
        };
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

    fn entity(id: &str) -> PolicyPrincipal {
        PolicyPrincipal::Entity {
            text: ROLE.into(),
            id: id.into(),
        }
    }

    #[test]
    fn a_session_is_named_by_itself_its_role_and_its_account() {
        let names = |named: PolicyPrincipal| named.grant_to(&session());
        assert_eq!(
            names(PolicyPrincipal::Session(SESSION.into())),
            Some(Grant::Direct)
        );
        assert_eq!(names(entity("AROAEXAMPLE000000001")), Some(Grant::Role));
        assert_eq!(
            names(PolicyPrincipal::Account(account())),
            Some(Grant::Account)
        );
        assert_eq!(names(PolicyPrincipal::Everyone), Some(Grant::Direct));
    }

    #[test]
    fn a_role_recreated_under_the_same_name_is_another_principal() {
        assert_eq!(entity("AROAEXAMPLE000000002").grant_to(&session()), None);
        assert_eq!(
            PolicyPrincipal::Unresolved(ROLE.into()).grant_to(&session()),
            None
        );
    }

    #[test]
    fn a_token_holder_is_named_only_by_its_provider() {
        let provider = "arn:aws:iam::111122223333:oidc-provider/idp.example.com";
        let holder = Principal::Federated {
            account: account(),
            provider,
        };
        assert_eq!(
            PolicyPrincipal::Federated(provider.into()).grant_to(&holder),
            Some(Grant::Direct)
        );
        let longer = format!("{provider}.evil.net");
        assert_eq!(
            PolicyPrincipal::Federated(longer.into()).grant_to(&holder),
            None
        );
        assert_eq!(PolicyPrincipal::Everyone.grant_to(&holder), None);
        assert_eq!(PolicyPrincipal::Account(account()).grant_to(&holder), None);
    }

    #[test]
    fn not_principal_exempts_a_principal_whose_whole_chain_is_listed() {
        let listed = |named: &[PolicyPrincipal], has_boundary| {
            let principals = Principals {
                negated: true,
                named: named.to_vec(),
            };
            principals
                .grant_to(&session(), has_boundary, Effect::Deny)
                .is_none()
        };
        let chain = [
            PolicyPrincipal::Account(account()),
            entity("AROAEXAMPLE000000001"),
            PolicyPrincipal::Session(SESSION.into()),
        ];
        assert!(listed(&chain, false));
        assert!(
            !listed(&chain, true),
            "a principal with a boundary is never exempt"
        );
        assert!(!listed(&chain[1..], false));
        assert!(!listed(&chain[..2], false));
    }
}
