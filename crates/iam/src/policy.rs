//! Policy documents: parsed and checked once, then evaluated many times.
//!
//! [`Policy::parse`] checks a document as IAM does when a policy is saved, and reports problems in
//! IAM's words ([`PolicyError`]). [`Policy::compile`] resolves the users and roles that the policy
//! names to unique ids, and returns the policy that decisions evaluate.

mod error;
mod index;
mod kind;
mod parse;

use std::ops::ControlFlow;

use crate::{
    account::AccountId,
    pattern::MAX_TEXT_BYTES,
    policy_principal::{PolicyPrincipal, Principals},
    request::AuthorizationRequest,
    statement::{StatementRef, Statements},
};

pub use self::{
    error::{PolicyError, PolicyProblem},
    kind::{DOCUMENT_LIMITS, PolicyKind},
};
use self::{index::StatementIndex, parse::Rules};

/// A parsed policy whose principals are not resolved yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    statements: Statements,
}

/// A policy that is ready for evaluation. The default has no statements and applies to nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CompiledPolicy {
    statements: Statements,
    /// Absent in a policy with few statements, which are all evaluated.
    index: Option<Box<StatementIndex>>,
}

/// The most statements of a policy that are all evaluated: to find those that can match costs as
/// much.
const MAX_STATEMENTS_WITHOUT_INDEX: usize = 12;

/// A policy names a user or role that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the policy names `{arn}`, which does not exist")]
pub struct UnresolvedPrincipal {
    /// The ARN as the policy spells it.
    pub arn: String,
}

impl Policy {
    /// Parses and checks a document.
    ///
    /// ```
    /// use bowline_iam::policy::{Policy, PolicyKind};
    ///
    /// let text = r#"{"Version": "2012-10-17", "Statement": {
    ///     "Effect": "Allow", "Action": "s3:*", "Resource": "*"
    /// }}"#;
    /// let policy = Policy::parse(text, PolicyKind::Inline)?.compile(|_| None)?;
    ///
    /// let text = text.replace("Effect", "Verdict");
    /// let error = Policy::parse(&text, PolicyKind::Inline).unwrap_err();
    /// assert_eq!(error.aws_message(), "Syntax errors in policy.");
    /// assert_eq!(error.to_string(), "line 2, column 5: a statement has no element `Verdict`");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The first problem in the order in which IAM checks, with its position.
    pub fn parse(text: &str, kind: PolicyKind) -> Result<Self, PolicyError> {
        Self::read(text, kind, Rules::Save)
    }

    /// Parses a document that was saved. AWS does not recheck the policies that exist when its rules
    /// become stricter, and neither does this: a document that an earlier version accepted is decided
    /// as it was.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), for what no version accepted.
    pub fn load(text: &str, kind: PolicyKind) -> Result<Self, PolicyError> {
        Self::read(text, kind, Rules::Load)
    }

    fn read(text: &str, kind: PolicyKind, rules: Rules) -> Result<Self, PolicyError> {
        parse::parse(text, kind, rules).map(|statements| Self { statements })
    }

    /// The ARNs of the users and roles that the policy names, without duplicates.
    pub fn principals(&self) -> Vec<&str> {
        let named = &self.statements.principals;
        let arns = named
            .iter()
            .flat_map(|p| &p.named)
            .filter_map(|named| match named {
                PolicyPrincipal::Unresolved(arn) => Some(&**arn),
                PolicyPrincipal::Everyone
                | PolicyPrincipal::Account(_)
                | PolicyPrincipal::Entity { .. }
                | PolicyPrincipal::Session(_)
                | PolicyPrincipal::Service(_)
                | PolicyPrincipal::Federated(_)
                | PolicyPrincipal::CanonicalUser(_) => None,
            });
        let mut unique: Vec<&str> = Vec::new();
        for arn in arns {
            if !unique.contains(&arn) {
                unique.push(arn);
            }
        }
        unique
    }

    /// The accounts that the policy names, or whose users, roles and sessions it names, without
    /// duplicates.
    pub fn accounts(&self) -> Vec<AccountId> {
        let named = &self.statements.principals;
        let mut unique = Vec::new();
        for named in named.iter().flat_map(|p| &p.named) {
            let account = match named {
                PolicyPrincipal::Account(account) => Some(*account),
                PolicyPrincipal::Unresolved(arn) | PolicyPrincipal::Session(arn) => {
                    arn.split(':').nth(4).and_then(|part| part.parse().ok())
                }
                PolicyPrincipal::Everyone
                | PolicyPrincipal::Entity { .. }
                | PolicyPrincipal::Service(_)
                | PolicyPrincipal::Federated(_)
                | PolicyPrincipal::CanonicalUser(_) => None,
            };
            if let Some(account) = account
                && !unique.contains(&account)
            {
                unique.push(account);
            }
        }
        unique
    }

    /// Resolves the principals. `resolve` returns the unique id of the user or role with an ARN.
    ///
    /// # Errors
    /// [`UnresolvedPrincipal`] for the first ARN without an id.
    pub fn compile(
        self,
        resolve: impl Fn(&str) -> Option<String>,
    ) -> Result<CompiledPolicy, UnresolvedPrincipal> {
        let mut statements = self.statements;
        let principals = statements.principals.iter_mut();
        for named in principals.flat_map(|Principals { named, .. }| named) {
            if let PolicyPrincipal::Unresolved(arn) = named {
                let id = resolve(arn).ok_or_else(|| UnresolvedPrincipal {
                    arn: arn.to_string(),
                })?;
                *named = PolicyPrincipal::Entity {
                    text: std::mem::take(arn),
                    id: id.into(),
                };
            }
        }
        let is_large = statements.list.len() > MAX_STATEMENTS_WITHOUT_INDEX;
        let index = is_large.then(|| Box::new(StatementIndex::new(&statements)));
        Ok(CompiledPolicy { statements, index })
    }
}

impl CompiledPolicy {
    pub(crate) fn statements(&self) -> &Statements {
        &self.statements
    }

    /// Visits the statements that can apply to a request, in any order, some perhaps more than once.
    pub(crate) fn visit<'p>(
        &'p self,
        request: &AuthorizationRequest<'_>,
        visit: impl FnMut(StatementRef<'p>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        // A resource that is too long to be matched is in doubt under every pattern.
        let index = self.index.as_ref();
        match index.filter(|_| request.resource.arn.len() <= MAX_TEXT_BYTES) {
            Some(index) => index.visit(&self.statements, request, visit),
            None => self.statements.iter().try_for_each(visit),
        }
    }
}

#[cfg(test)]
mod tests;
