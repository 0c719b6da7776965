//! What tests and benchmarks share: an OIDC issuer, its tokens and keys, certificates, raw HTTP.
//!
//! For development only: nothing that is shipped depends on it, so the demonstration has an issuer
//! of its own. It depends on no crate of the workspace, so that the unit tests of each may use it.
//! Failures panic.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test ends at the first failure"
)]

pub mod authority;
pub mod http;
pub mod issuer;
pub mod keys;
pub mod token;
pub mod wait;
