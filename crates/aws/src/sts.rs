//! STS: typed requests and responses, and the permissions that each operation requires.
//!
//! `table` declares every operation by hand; `generated` is written from the published service
//! model and the table by `cargo run -p bowline-generate`. [`Request::parse`] reads a request,
//! [`response`] and [`empty_response`] write the responses.

pub mod authorization;
mod generated;
mod table;

pub use authorization::OperationResource;
pub use generated::*;

use crate::{
    error::STS_NAMESPACE,
    output::{self, Envelope, Output},
};

/// The version of the API, as `Version` has it.
pub const VERSION: &str = "2011-06-15";

/// The response of an operation that has an output.
pub fn response<O: Output>(output: &O, envelope: Envelope<'_>) -> String {
    output::response(output, STS_NAMESPACE, envelope)
}

/// The response of an operation that has none.
pub fn empty_response(operation: Operation, envelope: Envelope<'_>) -> String {
    output::empty_response(operation.name(), STS_NAMESPACE, envelope)
}
