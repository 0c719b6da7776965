//! STS: typed requests and answers of every operation, and what each needs to be allowed.
//!
//! `table` declares every operation by hand; `generated` is written from the published service model and the table by
//! `cargo run -p bowline-generate`. [`Request::parse`] reads a request, [`response`] and [`empty_response`] write the answers.

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

/// The answer to an operation that has a result.
pub fn response<O: Output>(output: &O, request_id: &str) -> String {
    output::response(output, STS_NAMESPACE, request_id)
}

/// The answer to an operation that has none.
pub fn empty_response(operation: Operation, request_id: &str) -> String {
    query_response_empty(operation.name(), STS_NAMESPACE, request_id)
}
