//! End-to-end tests of the built binary, over loopback, without stubs.
//!
//! Every test has servers and issuers of its own on free ports, so all of them run side by side. A
//! refusal stands beside a twin that differs in that one thing and is accepted, which shows that
//! the refusal is for the reason its name gives.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test stops at the first thing that is not as it says"
)]

mod account_isolation;
mod accounts;
mod audit;
mod backup;
mod clients;
mod connections;
mod credential_renewal;
mod demo;
mod doctor;
mod documentation;
mod durability;
mod dynamodb;
mod explain;
mod explain_more;
mod faults;
mod first_start;
mod kubernetes;
mod long_decisions;
mod operations;
mod other_services;
mod provider_checks;
mod providers;
mod proxies;
mod query_clients;
mod quotas;
mod request_attacks;
mod s3_clients;
mod s3_requests;
mod sdks;
mod secrets_not_logged;
mod service_roles;
mod settings;
mod single_threaded;
mod slow_clients;
mod startup;
mod support;
mod token_attacks;
mod token_exchange;
mod trusted_proxy;
mod tutorials;
