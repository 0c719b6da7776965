//! Written by `cargo run -p bowline-generate` from `tools/facts` and `table.rs`; not edited by hand.
#![expect(missing_docs, reason = "the AWS API reference describes these")]
#![cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "many rules"))]

mod create;
mod delete;
mod get;
mod list;
mod operations;
mod other;
mod outputs;
mod rules;
mod structures;
mod update;

pub use create::*;
pub use delete::*;
pub use get::*;
pub use list::*;
pub use operations::*;
pub use other::*;
pub use outputs::*;
pub use structures::*;
pub use update::*;
