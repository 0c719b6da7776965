//! Calls that ended with an error: what the client is told, and what the operator may know.
//!
//! [`RequestError`] is what every step of serving a call fails with. An [`Explanation`] is made of it once, where the call ends; the
//! latest are kept in memory for the operator API ([`recent`](crate::explain::denials)), and each stands in its audit record.

use std::fmt::Display;

use bowline_aws::error::{AwsError, Code};
use bowline_iam::trace::Trace;

use crate::http::head::Ambiguity;

/// Why a call is not served.
#[derive(Debug)]
pub(crate) struct RequestError {
    /// What the client is told.
    pub(crate) client: AwsError,
    /// What the operator may know beside that.
    pub(crate) internal: Option<String>,
    /// The decisions that denied it.
    pub(crate) traces: Vec<Trace>,
}

impl RequestError {
    /// A failure with a reason for the operator.
    pub(crate) fn new(error: AwsError, reason: &(impl Display + ?Sized)) -> Self {
        Self {
            client: error,
            internal: Some(reason.to_string()),
            traces: Vec::new(),
        }
    }

    /// Whether there is more to say than the client is told.
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
        }
    }
}

impl From<Ambiguity> for RequestError {
    fn from(why: Ambiguity) -> Self {
        let told = match &why {
            Ambiguity::Target(_) => "The request target must be a path",
            Ambiguity::Hosts(_) | Ambiguity::Host => {
                "The request must have exactly one Host header"
            }
            Ambiguity::ForwardedFor(_) => {
                "The X-Forwarded-For header that a proxy has set cannot be read"
            }
        };
        Self::new(AwsError::new(Code::Ambiguous, told), &why)
    }
}
