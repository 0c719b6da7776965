//! Policy documents: read strictly once, then ready to be decided with.
//!
//! [`Policy::parse`] checks a document as IAM does when it is saved, with its messages ([`PolicyError`]). [`Policy::compile`] makes the
//! policy that decisions read; the users and roles that it names have to be resolved to unique ids for that.

mod error;
mod parse;

use bowline_json::JsonLimits;

use crate::{
    principal::{Named, Principals},
    statement::Statement,
};

pub use self::error::{PolicyError, PolicyProblem};

/// How much of a policy document is read (shape `policyDocumentType` of IAM: at most 131,072
/// characters).
pub const DOCUMENT_LIMITS: JsonLimits = JsonLimits {
    max_bytes: 4 * 131_072,
    max_depth: 32,
    max_values: 65_536,
};

/// What a document is for, which decides what it may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    /// An inline policy of a user, group or role.
    Inline,
    /// A managed policy, which has to be of version 2012-10-17.
    Managed,
    /// The policy of one session.
    Session,
    /// A role's trust policy.
    Trust,
    /// The policy of another resource, such as a bucket.
    Resource,
}

/// A document that was read, and whose principals may not be resolved yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    statements: Vec<Statement>,
}

/// A policy that is ready to be decided with. The default one has no statement and speaks of nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CompiledPolicy {
    statements: Box<[Statement]>,
}

/// A policy names a user or role that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the policy names `{arn}`, which does not exist")]
pub struct UnresolvedPrincipal {
    /// As it is written.
    pub arn: String,
}

impl Policy {
    /// Reads and checks a document.
    ///
    /// ```
    /// use bowline_iam::policy::{Policy, PolicyKind};
    ///
    /// let text = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#;
    /// let policy = Policy::parse(text, PolicyKind::Inline)?.compile(|_| None)?;
    /// let error = Policy::parse(&text.replace("Effect", "Verdict"), PolicyKind::Inline).unwrap_err();
    /// assert_eq!(error.aws_message(), "Syntax errors in policy.");
    /// assert_eq!(error.to_string(), "line 1, column 41: a statement has no element `Verdict`");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The first problem in the order in which IAM checks, with its place.
    pub fn parse(text: &str, kind: PolicyKind) -> Result<Self, PolicyError> {
        parse::parse(text, kind).map(|statements| Self { statements })
    }

    /// The ARNs of the users and roles that it names, each once.
    pub fn principals(&self) -> Vec<&str> {
        let named = self.statements.iter().filter_map(|s| s.principals.as_ref());
        let arns = named
            .flat_map(|p| &p.named)
            .filter_map(|named| match named {
                Named::Unresolved(arn) => Some(&**arn),
                Named::Everyone
                | Named::Account(_)
                | Named::Entity { .. }
                | Named::Session(_)
                | Named::Service(_)
                | Named::Federated(_)
                | Named::CanonicalUser(_) => None,
            });
        let mut once: Vec<&str> = Vec::new();
        for arn in arns {
            if !once.contains(&arn) {
                once.push(arn);
            }
        }
        once
    }

    /// The accounts that it names, or whose users, roles and sessions it names, each once.
    pub fn accounts(&self) -> Vec<crate::account::AccountId> {
        let named = self.statements.iter().filter_map(|s| s.principals.as_ref());
        let mut once = Vec::new();
        for named in named.flat_map(|p| &p.named) {
            let account = match named {
                Named::Account(account) => Some(*account),
                Named::Unresolved(arn) | Named::Session(arn) => {
                    arn.split(':').nth(4).and_then(|part| part.parse().ok())
                }
                Named::Everyone
                | Named::Entity { .. }
                | Named::Service(_)
                | Named::Federated(_)
                | Named::CanonicalUser(_) => None,
            };
            if let Some(account) = account
                && !once.contains(&account)
            {
                once.push(account);
            }
        }
        once
    }

    /// Makes it ready. `resolve` gives the unique id of the user or role with this ARN.
    ///
    /// # Errors
    /// [`UnresolvedPrincipal`] if one has none.
    pub fn compile(
        self,
        resolve: impl Fn(&str) -> Option<String>,
    ) -> Result<CompiledPolicy, UnresolvedPrincipal> {
        let mut statements = self.statements;
        let principals = statements.iter_mut().filter_map(|s| s.principals.as_mut());
        for named in principals.flat_map(|Principals { named, .. }| named) {
            if let Named::Unresolved(arn) = named {
                let id = resolve(arn).ok_or_else(|| UnresolvedPrincipal {
                    arn: arn.to_string(),
                })?;
                *named = Named::Entity {
                    text: std::mem::take(arn),
                    id: id.into(),
                };
            }
        }
        Ok(CompiledPolicy {
            statements: statements.into(),
        })
    }
}

impl CompiledPolicy {
    pub(crate) fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

#[cfg(test)]
mod tests;
