//! Reads an operation's typed input from its parameters and checks the constraints of the service
//! model.
//!
//! All failures of one request are reported together, in AWS's words. The generated modules contain
//! tables only: a struct's members with their wire names and rules, which the macros in `tables`
//! turn into types. Values of sensitive shapes never reach a message or a `Debug` output; long
//! values are truncated. A parameter that the operation does not have is refused, not dropped.

mod message;
pub(crate) mod pattern;
mod reader;
mod rule;
mod secret;
mod tables;

use crate::{error::AwsError, query::ParamsError};

pub(crate) use reader::{Reader, Structure, parse};
pub(crate) use rule::Rule;
pub use secret::Secret;
pub(crate) use tables::{input, output, requests, rules, structure, written};

/// Why a request is not well-formed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRequest {
    /// A parameter cannot be read as its type.
    #[error(transparent)]
    Unreadable(#[from] ParamsError),
    /// Constraints of the model that the request breaks, each in AWS's words
    /// (`Value '..' at '..' failed to satisfy constraint: ..`).
    #[error("{} constraints do not hold: {}", .0.len(), .0.join("; "))]
    Constraints(Vec<String>),
    /// A parameter that the operation does not have.
    #[error("the operation has no parameter `{0}`")]
    UnknownParameter(String),
}

impl From<InvalidRequest> for AwsError {
    fn from(error: InvalidRequest) -> Self {
        match error {
            InvalidRequest::Unreadable(error) => error.into(),
            InvalidRequest::Constraints(problems) => Self::validation(&problems),
            InvalidRequest::UnknownParameter(name) => Self::unsupported_parameter(&name),
        }
    }
}

#[cfg(test)]
mod tests;
