//! The Bowline server: everything that listens, stores or waits.

pub mod bootstrap;
pub mod clock;
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
