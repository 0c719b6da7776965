//! Written by `cargo run -p bowline-generate` from `tools/facts` and `table.rs`; not edited by hand.
#![expect(missing_docs, reason = "the AWS API reference describes these")]
#![cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "many rules"))]

mod get;
mod operations;
mod other;
mod outputs;
mod rules;
mod structures;

pub use get::*;
pub use operations::*;
pub use other::*;
pub use outputs::*;
pub use structures::*;
