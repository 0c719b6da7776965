//! Compiled policies: each document is compiled once, when the index receives its record.
//!
//! A document is validated when it is saved, so one that does not compile is damaged or was written
//! by a build with other rules. It stays in the index as a policy that [cannot be
//! read](AppliedPolicy::policy) and allows nothing to whatever it applies to, since it may contain
//! a deny.

use std::sync::Arc;

use bowline_iam::{
    authorize::AppliedPolicy,
    policy::{CompiledPolicy, DOCUMENT_LIMITS, Policy, PolicyKind},
};
use bowline_json::Json;

use super::{Index, RoleEntry, UserEntry};
use crate::identity::{
    entity::{TrustDocument, UniqueId},
    store::RecordKey,
};

/// A compiled policy, or a marker for one that does not compile. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Compiled(Option<Arc<CompiledPolicy>>);

/// The name of a role's trust policy in explanations.
pub(crate) const TRUST_POLICY: &str = "trust policy";

impl RoleEntry {
    /// The trust policy, for the engine.
    pub fn trust_policy(&self) -> AppliedPolicy<'_> {
        AppliedPolicy {
            name: TRUST_POLICY,
            arn: None,
            policy: self.trust.get(),
        }
    }
}

impl Compiled {
    /// The policy; `None` if it cannot be read.
    pub fn get(&self) -> Option<&CompiledPolicy> {
        self.0.as_deref()
    }

    pub(super) fn trust(key: &RecordKey, document: &TrustDocument) -> Self {
        let resolve = |arn: &str| {
            let named = document.principals.iter().find(|named| named.arn == arn);
            named.map(|named| named.id.to_string())
        };
        compile(
            key,
            "trust policy",
            &document.text,
            PolicyKind::Trust,
            resolve,
        )
    }

    pub(super) fn inline(key: &RecordKey, name: &str, document: &str) -> Self {
        compile(key, name, document, PolicyKind::Inline, |_| None)
    }

    pub(super) fn managed(key: &RecordKey, document: &str) -> Self {
        let name = "default version";
        compile(key, name, document, PolicyKind::Managed, |_| None)
    }
}

fn compile(
    key: &RecordKey,
    name: &str,
    document: &str,
    kind: PolicyKind,
    resolve: impl Fn(&str) -> Option<String>,
) -> Compiled {
    let log = |error: &(dyn std::error::Error + 'static)| {
        tracing::error!(%key, policy.name = name, error, "The policy `{name}` of `{key}` cannot be read; it allows nothing");
    };
    let policy = Policy::load(document, kind).inspect_err(|error| log(error));
    let compiled = policy.ok().and_then(|policy| {
        let compiled = policy.compile(resolve);
        compiled.inspect_err(|error| log(error)).ok()
    });
    Compiled(compiled.map(Arc::new))
}

impl Index {
    /// All permission policies of a role: inline, then attached.
    pub fn role_policies<'a>(&'a self, role: &'a RoleEntry) -> Vec<AppliedPolicy<'a>> {
        let attached = role.record.permissions.attached.iter();
        self.applied(role.inline.iter(), attached)
    }

    /// All permission policies of a user: inline, then attached.
    pub fn user_policies<'a>(&'a self, user: &'a UserEntry) -> Vec<AppliedPolicy<'a>> {
        let attached = user.record.permissions.attached.iter();
        self.applied(user.inline.iter(), attached)
    }

    fn applied<'a>(
        &'a self,
        inline: impl Iterator<Item = (&'a String, &'a Compiled)>,
        attached: impl Iterator<Item = &'a String>,
    ) -> Vec<AppliedPolicy<'a>> {
        let inline = inline.map(|(name, compiled)| AppliedPolicy {
            name,
            arn: None,
            policy: compiled.get(),
        });
        // A deleted policy counts as one that cannot be read: it may have contained a deny.
        let attached = attached.map(|arn| AppliedPolicy {
            name: arn.rsplit('/').next().unwrap_or(arn),
            arn: Some(arn),
            policy: self.policy(arn).and_then(|policy| policy.compiled.get()),
        });
        inline.chain(attached).collect()
    }
}

/// A document for display, in which deleted principals are shown by their ids. All else stays byte
/// for byte: the same ARN in a condition is no principal, and a principal may contain escapes.
pub(super) fn render(document: &TrustDocument, lives: impl Fn(&UniqueId) -> bool) -> String {
    let text = document.text.as_str();
    let named = &document.principals;
    let gone: Vec<_> = named.iter().filter(|named| !lives(&named.id)).collect();
    // A document that does not parse was logged when it was compiled.
    let value =
        (!gone.is_empty()).then(|| bowline_json::parse(text.as_bytes(), &DOCUMENT_LIMITS).ok());
    let (mut shown, mut from) = (String::with_capacity(text.len()), 0);
    for principal in value.iter().flatten().flat_map(principals) {
        let gone = gone
            .iter()
            .find(|gone| principal.as_str() == Some(&gone.arn));
        if let Some(gone) = gone
            && let Some(before) = text.get(from..principal.span.start)
        {
            shown.extend([before, "\"", gone.id.as_str(), "\""]);
            from = principal.span.end;
        }
    }
    shown.push_str(text.get(from..).unwrap_or_default());
    shown
}

/// The strings of a document that name users and roles, in order.
fn principals<'v, 'a>(document: &'v Json<'a>) -> Vec<&'v Json<'a>> {
    let statements = document.get("Statement").map_or(&[][..], one_or_more);
    let elements = statements.iter().filter_map(|statement| {
        let allowed = statement.get("Principal");
        allowed
            .or_else(|| statement.get("NotPrincipal"))?
            .get("AWS")
    });
    elements.flat_map(one_or_more).collect()
}

/// The items of a list, or the one value that stands for a list of one.
fn one_or_more<'v, 'a>(value: &'v Json<'a>) -> &'v [Json<'a>] {
    value.as_array().unwrap_or(std::slice::from_ref(value))
}
