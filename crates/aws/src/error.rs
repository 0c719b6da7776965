//! Errors as clients see them: AWS's code, status and message, in the format of each protocol.
//!
//! [`Code`] is the one table of codes and statuses per protocol. An [`AwsError`] is a code with its
//! message; [`AwsError::render`] writes the response. Its constructors hold the messages that
//! several handlers share; the messages of one operation belong to its handler. None of them
//! contains the cause, which is for the operator's log and the trace.

mod aws_error;
mod code;
mod common;
mod convert;
mod other_service;
mod protocol;
mod signature;

pub use self::{
    aws_error::{AwsError, ErrorContext, ErrorResponse},
    code::{Code, ErrorKind, Fault},
    protocol::{IAM_NAMESPACE, Protocol, STS_NAMESPACE},
};

#[cfg(test)]
mod tests;
