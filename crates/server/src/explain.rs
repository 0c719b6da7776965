//! Explanations of requests that were refused: what one says, and the latest of each account.

mod explanation;
pub(crate) mod recent;

pub(crate) use explanation::Explanation;
