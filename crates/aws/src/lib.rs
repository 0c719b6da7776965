//! The AWS wire without I/O: bytes to requests, responses to bytes.
//!
//! - [`sigv4`] and [`chunked`] verify signatures; [`credentials`] and [`ids`] have the types of
//!   keys.
//! - [`query`] parses the query protocol; [`xml`], [`output`] and [`error`] write responses.
//! - [`iam`], [`sts`], [`s3`] and [`dynamodb`] parse the requests of one service each, and name the
//!   permissions that they need.
//!
//! Time and randomness are arguments. Nothing here awaits, logs, or reads files or the environment.

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
pub mod other_service;
pub mod output;
pub mod query;
pub mod requirement;
pub mod s3;
pub mod sigv4;
pub mod sts;
mod uri;
pub mod xml;
