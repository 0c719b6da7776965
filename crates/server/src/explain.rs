//! Explanations of requests that were refused: what one says, and the latest of each account.

pub(crate) mod denials;
mod explanation;

pub(crate) use explanation::Explanation;
