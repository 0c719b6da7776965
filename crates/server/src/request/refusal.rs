//! Calls that ended with an error: what the client is told, and what the operator may know.
//!
//! [`Refused`] is what every step of serving a call fails with. An [`Explanation`] is made of it once, where the call ends; the
//! latest are kept in memory for the operator API ([`recent`](crate::explain::recent)), and each stands in its audit record.

use std::fmt::Display;

use bowline_aws::error::AwsError;
use bowline_iam::trace::Trace;

/// Why a call is not served.
#[derive(Debug)]
pub(crate) struct Refused {
    /// What the client is told.
    pub(crate) error: AwsError,
    /// What the operator may know beside that.
    pub(crate) reason: Option<String>,
    /// The decisions that denied it.
    pub(crate) traces: Vec<Trace>,
}

impl Refused {
    /// A failure with a reason for the operator.
    pub(crate) fn because(error: AwsError, reason: &(impl Display + ?Sized)) -> Self {
        Self {
            error,
            reason: Some(reason.to_string()),
            traces: Vec::new(),
        }
    }

    /// Whether there is more to say than the client is told.
    pub(crate) fn has_more_to_say(&self) -> bool {
        self.reason.is_some() || !self.traces.is_empty()
    }
}

impl From<AwsError> for Refused {
    fn from(error: AwsError) -> Self {
        Self {
            error,
            reason: None,
            traces: Vec::new(),
        }
    }
}
