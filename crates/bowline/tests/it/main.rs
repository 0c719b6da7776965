//! The product as its clients and its attackers meet it: the built binary, over loopback, with nothing stubbed.
//!
//! Every test has servers and issuers of its own on free ports, so all of them run side by side. A refusal stands beside
//! a twin that differs in that one thing and is accepted, which shows that the refusal is for the reason its name gives.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test stops at the first thing that is not as it says"
)]

mod accounts;
mod behind_a_proxy;
mod clients;
mod crowded;
mod demo;
mod documentation;
mod dynamodb;
mod exchange;
mod explain;
mod kubernetes;
mod lasting;
mod one_thread;
mod operations;
mod providers;
mod quiet;
mod renewal;
mod request_attacks;
mod s3_requests;
mod sdks;
mod services;
mod settings;
mod starting;
mod support;
mod token_attacks;
mod two_accounts;
mod ways_in;
