//! Identity data: the records, the store that keeps them, the index that every decision reads, and
//! sessions.
//!
//! Dependencies point one way: `store` knows no entity, `entity` implements the store's
//! [`Entity`](store::Entity), `index` is built from both, `session` seals entities. All of them may
//! use [`crypto`](crate::crypto), which knows none of them.

pub mod entity;
pub mod index;
pub mod session;
pub mod store;
