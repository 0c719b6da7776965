//! Where objects and items are stored. Only this folder reads or writes them, or connects to a store outside the process.

pub mod objects;
pub mod tables;

use std::pin::Pin;

/// A future that a trait object can return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
