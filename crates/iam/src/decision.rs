//! What a decision hands over: the proof that the next step asks for, or why there is none.

use std::fmt;

use crate::{authorize::AuthorizationRequest, layer::Layer};

/// The answer to one request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Decision(Result<(), DenialReason>);

/// That the policies allow `A`. Only a [`Decision`] makes one.
#[derive(Debug)]
#[must_use]
pub struct Permit<A>(A);

/// That they do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    reason: DenialReason,
}

/// Why a request is denied: one layer that alone is enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DenialReason {
    /// A statement denies it.
    Explicit {
        /// Where the statement stands.
        layer: Layer,
        /// The ARN of its policy, if it has one.
        policy: Option<Box<str>>,
    },
    /// Nothing in this layer allows it, and something there would have to.
    Implicit {
        /// The layer.
        layer: Layer,
    },
    /// A policy that applies cannot be read, and may have held a deny.
    Broken {
        /// Where it belongs.
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

    /// Whether it is allowed.
    pub fn is_allowed(&self) -> bool {
        self.0.is_ok()
    }

    /// Both this and the other: for a request that takes several permissions.
    pub fn and(self, other: Self) -> Self {
        Self(self.0.and(other.0))
    }

    /// The proof for what was decided on.
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
    /// What is permitted. The proof is used up.
    pub fn into_action(self) -> A {
        self.0
    }

    /// What is permitted.
    pub fn action(&self) -> &A {
        &self.0
    }
}

impl Denied {
    /// Why.
    pub fn reason(&self) -> &DenialReason {
        &self.reason
    }

    /// AWS's text, which names the kind of policy: for callers of the resource's own account (IAM User Guide, "Troubleshoot access
    /// denied error messages").
    pub fn enhanced_text(&self, request: &AuthorizationRequest<'_>) -> String {
        format!("{} {}", plain_text(request), self.because(request))
    }

    /// The part of AWS's text that says why: `because no identity-based policy allows the s3:GetObject action`.
    pub fn because(&self, request: &AuthorizationRequest<'_>) -> String {
        self.reason.text(request)
    }
}

/// AWS's text without a reason: for callers of other accounts.
pub fn plain_text(request: &AuthorizationRequest<'_>) -> String {
    format!(
        "User: {} is not authorized to perform: {} on resource: {}",
        request.principal, request.action, request.resource.arn
    )
}

impl DenialReason {
    /// The layer that decided.
    pub fn layer(&self) -> Layer {
        match self {
            Self::Explicit { layer, .. } | Self::Implicit { layer } | Self::Broken { layer } => {
                *layer
            }
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
            Self::Implicit { layer } | Self::Broken { layer } => format!(
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
            Self::Broken { layer } => {
                write!(f, "{} {} cannot be read", layer.article(), layer.name())
            }
        }
    }
}
