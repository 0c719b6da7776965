//! The AWS wire without I/O: bytes to requests, responses to bytes.

#[macro_use]
mod operation_table;

pub mod access;
pub mod audited_parameters;
pub mod checksum;
pub mod chunked;
pub mod constraint;
pub mod credentials;
pub mod dynamodb;
pub mod error;
mod hex;
pub mod iam;
pub mod ids;
pub mod output;
pub mod query;
pub mod requirement;
pub mod s3;
pub mod sigv4;
pub mod sts;
pub mod xml;
