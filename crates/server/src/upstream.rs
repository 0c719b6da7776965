//! Where objects and items are stored. Only this folder reads or writes them, or connects to a store outside the process.

pub mod objects;
pub mod tables;
