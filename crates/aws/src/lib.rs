//! The AWS wire without I/O: bytes to requests, responses to bytes.

pub mod checksum;
pub mod chunked;
pub mod credentials;
pub mod error;
mod hex;
pub mod ids;
pub mod json;
pub mod query;
pub mod s3;
pub mod sigv4;
pub mod xml;
