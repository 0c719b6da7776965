//! The Bowline server: everything that listens, stores or waits.

mod app;
mod audit;
pub mod bootstrap;
mod checksum;
pub mod clock;
pub mod config;
pub mod crypto;
pub mod data_folder;
mod explain;
pub mod gateway;
mod http;
mod iam;
pub mod identity;
mod metrics;
pub mod oidc;
mod operator;
mod ops;
pub mod private_files;
pub mod recovery;
mod request;
mod route;
mod serde_text;
pub mod server;
mod sts;
pub mod token_bucket;
pub mod trusted_files;
pub mod upstream;
