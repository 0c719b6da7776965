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
    output::{self, Output},
    xml::query_response_empty,
};

/// The version of the API, as `Version` has it.
pub const VERSION: &str = "2011-06-15";

/// The response of an operation that has an output.
pub fn response<O: Output>(output: &O, request_id: &str) -> String {
    output::response(output, STS_NAMESPACE, request_id)
}

/// The response of an operation that has none.
pub fn empty_response(operation: Operation, request_id: &str) -> String {
    query_response_empty(operation.name(), STS_NAMESPACE, request_id)
}
