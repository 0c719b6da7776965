//! Identity data: the entities, the store that keeps their records, and the index that every decision reads.

pub mod entity;
pub mod index;
pub mod store;
