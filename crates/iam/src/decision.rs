//! The result of a decision: a permit, which the next step requires as proof, or the reason of a
//! denial.

use std::fmt;

use crate::{layer::Layer, request::AuthorizationRequest};

/// Whether the policies allow a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Decision(Result<(), DenialReason>);

/// Proof that the policies allow `A`. Only [`Decision::permit`] makes one.
#[derive(Debug)]
#[must_use]
pub struct Permit<A>(A);

/// The policies do not allow the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    reason: DenialReason,
}

/// Why a request is denied: one layer that is enough to deny it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DenialReason {
    /// A statement denies the request.
    Explicit {
        /// The layer of the statement.
        layer: Layer,
        /// The ARN of its policy, if it has one.
        policy: Option<Box<str>>,
    },
    /// No statement of a layer that must allow does.
    Implicit {
        /// The layer.
        layer: Layer,
    },
    /// A policy that applies cannot be read, or cannot be evaluated in time, and may contain a
    /// deny.
    Unreadable {
        /// The layer of the policy.
        layer: Layer,
    },
}

impl Decision {
    pub(crate) fn allowed() -> Self {
        Self(Ok(()))
    }

    pub(crate) fn denied(reason: DenialReason) -> Self {
        Self(Err(reason))
    }

    /// Whether the request is allowed.
    pub fn is_allowed(&self) -> bool {
        self.0.is_ok()
    }

    /// Allows what both decisions allow: for a request that needs several permissions. The reason
    /// is that of the first denial.
    pub fn and(self, other: Self) -> Self {
        Self(self.0.and(other.0))
    }

    /// Exchanges an allowing decision for the proof that `action` is permitted.
    ///
    /// # Errors
    /// [`Denied`], with the reason.
    pub fn permit<A>(self, action: A) -> Result<Permit<A>, Denied> {
        match self.0 {
            Ok(()) => Ok(Permit(action)),
            Err(reason) => Err(Denied { reason }),
        }
    }
}

impl<A> Permit<A> {
    /// The permitted action. Consumes the proof.
    pub fn into_action(self) -> A {
        self.0
    }

    /// The permitted action.
    pub fn action(&self) -> &A {
        &self.0
    }

    /// The permit for one variant of what is permitted, such as one operation of a service; `None`
    /// if it is another variant.
    ///
    /// `variant` is a function pointer: it sees nothing but the permitted value, so it can only
    /// take a part out.
    pub fn narrow<V>(self, variant: fn(A) -> Option<V>) -> Option<Permit<V>> {
        variant(self.0).map(Permit)
    }
}

impl Denied {
    /// The reason of the denial.
    pub fn reason(&self) -> &DenialReason {
        &self.reason
    }

    /// AWS's message with the kind of policy, for callers of the resource's own account (IAM User
    /// Guide, "Troubleshoot access denied error messages").
    pub fn enhanced_text(&self, request: &AuthorizationRequest<'_>) -> String {
        format!("{} {}", plain_text(request), self.because(request))
    }

    /// The part of AWS's message that names the reason, such as `because no identity-based policy
    /// allows the s3:GetObject action`.
    pub fn because(&self, request: &AuthorizationRequest<'_>) -> String {
        self.reason.text(request)
    }
}

/// AWS's message without a reason, for callers of other accounts.
pub fn plain_text(request: &AuthorizationRequest<'_>) -> String {
    format!(
        "User: {} is not authorized to perform: {} on resource: {}",
        request.principal, request.action, request.resource.arn
    )
}

impl DenialReason {
    /// The layer that denies.
    pub fn layer(&self) -> Layer {
        match self {
            Self::Explicit { layer, .. }
            | Self::Implicit { layer }
            | Self::Unreadable { layer } => *layer,
        }
    }

    fn text(&self, request: &AuthorizationRequest<'_>) -> String {
        match self {
            Self::Explicit { layer, policy } => {
                let article = if *layer == Layer::Trust {
                    "the"
                } else {
                    layer.article()
                };
                let policy = policy.as_ref().map(|arn| format!(": {arn}"));
                format!(
                    "with an explicit deny in {article} {}{}",
                    layer.name(),
                    policy.unwrap_or_default()
                )
            }
            Self::Implicit { layer } | Self::Unreadable { layer } => format!(
                "because no {} allows the {} action",
                layer.name(),
                request.action
            ),
        }
    }
}

impl fmt::Display for DenialReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Explicit { layer, .. } => {
                write!(
                    f,
                    "a statement of {} {} denies it",
                    layer.article(),
                    layer.name()
                )
            }
            Self::Implicit { layer } => write!(f, "no {} allows it", layer.name()),
            Self::Unreadable { layer } => {
                write!(f, "{} {} cannot be read", layer.article(), layer.name())
            }
        }
    }
}
