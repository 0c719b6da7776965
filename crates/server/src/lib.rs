//! The Bowline server: everything that listens, stores or waits.

mod api;
mod app;
pub mod bootstrap;
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
