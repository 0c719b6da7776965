//! Errors of requests: the client's part and the operator's.
//!
//! [`RequestError`] is the error of every step that serves a request. At the end of the request it
//! becomes an explanation. The audit record contains it, and the latest explanations stay in memory
//! ([`denials`](crate::explain::denials)).

use std::fmt::Display;

use bowline_aws::error::{AwsError, Code};
use bowline_iam::{account::AccountId, trace::Trace};

use crate::http::head::Ambiguity;

/// The failure of a request.
#[derive(Debug)]
pub(crate) struct RequestError {
    /// The client's error.
    pub(crate) client: AwsError,
    /// The cause, for the operator alone.
    pub(crate) internal: Option<String>,
    /// Traces of the decisions that denied the request.
    pub(crate) traces: Vec<Trace>,
    /// What few failures have.
    pub(crate) more: Option<Box<MoreContext>>,
}

/// What only some failures have for the operator.
#[derive(Debug, Default)]
pub(crate) struct MoreContext {
    /// Traces for the owners of resources that belong to another account than the caller. They
    /// have the layers of the owner, and of the caller's layers only the results.
    pub(crate) owner_traces: Vec<(AccountId, Trace)>,
    /// The canonical request of a signature that does not match, without secrets.
    pub(crate) canonical_request: Option<String>,
}

impl RequestError {
    /// A failure with a cause for the operator.
    pub(crate) fn new(error: AwsError, reason: &(impl Display + ?Sized)) -> Self {
        Self {
            client: error,
            internal: Some(reason.to_string()),
            traces: Vec::new(),
            more: None,
        }
    }

    /// What few failures have, to be added to.
    pub(crate) fn more(&mut self) -> &mut MoreContext {
        self.more.get_or_insert_default()
    }

    /// Whether the operator's part says more than the client's.
    pub(crate) fn has_internal_context(&self) -> bool {
        self.internal.is_some() || !self.traces.is_empty()
    }
}

impl From<AwsError> for RequestError {
    fn from(error: AwsError) -> Self {
        Self {
            client: error,
            internal: None,
            traces: Vec::new(),
            more: None,
        }
    }
}

impl From<Ambiguity> for RequestError {
    fn from(why: Ambiguity) -> Self {
        let message = match &why {
            Ambiguity::Target(_) => "The request target must be a path",
            Ambiguity::Hosts(_) | Ambiguity::Host => {
                "The request must have exactly one Host header"
            }
            Ambiguity::ForwardedFor(_) => {
                "The X-Forwarded-For header that a proxy has set cannot be read"
            }
        };
        Self::new(AwsError::new(Code::Ambiguous, message), &why)
    }
}
