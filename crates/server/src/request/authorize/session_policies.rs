//! The policies that limit a session.

use bowline_iam::authorize::AppliedPolicy;

use crate::{
    identity::{index::Index, session::SessionPolicy},
    request::caller::Caller,
};

/// The policies that limit a session, beside its role's.
#[derive(Debug)]
pub(super) enum SessionPolicies<'a> {
    /// The session has none.
    None,
    /// The inline policy, if there is one, and managed policies.
    Some(Option<SessionPolicy>, Vec<AppliedPolicy<'a>>),
}

impl<'a> SessionPolicies<'a> {
    pub(super) fn of(index: &'a Index, caller: &'a Caller) -> Self {
        let Some(session) = caller.session() else {
            return Self::None;
        };
        if session.session_policy.is_none() && session.session_policy_ids.is_empty() {
            return Self::None;
        }
        let inline = session.session_policy.as_deref();
        let cache = index.session_policies();
        let inline = inline.map(|text| cache.get_or_compile(session, text));
        // A policy that was deleted allows nothing.
        let managed = session
            .session_policy_ids
            .iter()
            .filter_map(|id| index.policy_by_id(id.as_str()))
            .map(|policy| AppliedPolicy {
                name: &policy.record.name,
                arn: Some(&policy.arn),
                policy: policy.compiled.get(),
            });
        Self::Some(inline, managed.collect())
    }

    pub(super) fn applied(&self) -> Option<Vec<AppliedPolicy<'_>>> {
        match self {
            Self::None => None,
            Self::Some(inline, managed) => {
                let inline = inline.iter().map(|policy| AppliedPolicy {
                    name: "session policy",
                    arn: None,
                    policy: policy.as_deref(),
                });
                Some(inline.chain(managed.iter().copied()).collect())
            }
        }
    }
}
