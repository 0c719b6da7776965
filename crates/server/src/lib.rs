//! The Bowline server: everything that listens, stores or waits.

#[expect(dead_code, reason = "what answers requests is built on it next")]
mod api;
#[expect(dead_code, reason = "what answers requests is built on it next")]
mod app;
pub mod bootstrap;
#[expect(dead_code, reason = "what answers requests is built on it next")]
mod caller;
pub mod clock;
pub mod config;
pub mod entity;
pub mod gateway;
pub mod index;
pub mod keyring;
pub mod master_key;
pub mod oidc;
pub mod page_marker;
pub mod seal;
pub mod session;
pub mod store;
