//! The AWS wire without I/O: bytes to requests, responses to bytes.

pub mod credentials;
pub mod query;
pub mod xml;
