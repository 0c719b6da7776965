//! The AWS wire without I/O: bytes to requests, responses to bytes.

pub mod credentials;
mod hex;
pub mod query;
pub mod sigv4;
pub mod xml;
