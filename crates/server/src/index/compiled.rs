//! Policies as the index keeps them: compiled once, when their record arrives.
//!
//! A document was checked when it was saved, so one that does not compile was damaged or comes from a version with other
//! rules. It is [broken](Compiled::get): whoever it applies to is allowed nothing, since it may have held a deny.

use std::sync::Arc;

use super::{Index, Role, User};
use crate::{
    entity::{TrustDocument, UniqueId},
    store::Key,
};

/// A policy that is ready to be decided with. None compiles yet, so everything is denied.
#[derive(Debug)]
pub struct CompiledPolicy(std::convert::Infallible);

/// A compiled policy, or the knowledge that there should be one. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Compiled(Option<Arc<CompiledPolicy>>);

/// A policy that applies does not compile, so nothing may be decided with it but a denial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a policy that applies does not compile")]
pub struct BrokenPolicy;

/// A policy that applies to a user or role.
#[derive(Clone, Copy, Debug)]
pub struct AppliedPolicy<'a> {
    /// Where it comes from.
    pub source: PolicySource<'a>,
    /// The policy.
    pub policy: &'a CompiledPolicy,
}

/// Where a policy comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicySource<'a> {
    /// An inline policy with this name.
    Inline(&'a str),
    /// The managed policy with this ARN.
    Managed(&'a str),
}

impl Compiled {
    /// The policy.
    ///
    /// # Errors
    /// [`BrokenPolicy`] if it does not compile.
    pub fn get(&self) -> Result<&CompiledPolicy, BrokenPolicy> {
        self.0.as_deref().ok_or(BrokenPolicy)
    }

    pub(super) fn trust(key: &Key, document: &TrustDocument) -> Self {
        let _ = (key, document);
        Self(None)
    }

    pub(super) fn inline(key: &Key, name: &str, document: &str) -> Self {
        let _ = (key, name, document);
        Self(None)
    }

    pub(super) fn managed(key: &Key, document: &str) -> Self {
        let _ = (key, document);
        Self(None)
    }
}

impl Index {
    /// All permission policies of a role: inline, then attached.
    ///
    /// # Errors
    /// [`BrokenPolicy`] if one does not compile, or an attached one is gone.
    pub fn role_policies<'a>(
        &'a self,
        role: &'a Role,
    ) -> Result<Vec<AppliedPolicy<'a>>, BrokenPolicy> {
        let inline = role.inline.iter();
        let attached = role.record.permissions.attached.iter();
        self.applied(inline, attached)
    }

    /// All permission policies of a user: inline, then attached.
    ///
    /// # Errors
    /// [`BrokenPolicy`] if one does not compile, or an attached one is gone.
    pub fn user_policies<'a>(
        &'a self,
        user: &'a User,
    ) -> Result<Vec<AppliedPolicy<'a>>, BrokenPolicy> {
        let inline = user.inline.iter();
        let attached = user.record.permissions.attached.iter();
        self.applied(inline, attached)
    }

    fn applied<'a>(
        &'a self,
        inline: impl Iterator<Item = (&'a String, &'a Compiled)>,
        attached: impl Iterator<Item = &'a String>,
    ) -> Result<Vec<AppliedPolicy<'a>>, BrokenPolicy> {
        let inline = inline.map(|(name, compiled)| {
            Ok(AppliedPolicy {
                source: PolicySource::Inline(name),
                policy: compiled.get()?,
            })
        });
        let attached = attached.map(|arn| {
            Ok(AppliedPolicy {
                source: PolicySource::Managed(arn),
                policy: self.policy(arn).ok_or(BrokenPolicy)?.compiled.get()?,
            })
        });
        inline.chain(attached).collect()
    }
}

/// A document as it is shown, where principals that no longer live are named by their ids.
pub(super) fn render(document: &TrustDocument, lives: impl Fn(&UniqueId) -> bool) -> String {
    let gone = document.principals.iter().filter(|named| !lives(&named.id));
    gone.fold(document.text.clone(), |text, named| {
        // As a whole JSON string, so that no ARN that merely begins alike is touched.
        text.replace(&format!("\"{}\"", named.arn), &format!("\"{}\"", named.id))
    })
}
