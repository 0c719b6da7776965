//! Explanations of failed requests: their content, and the latest of each account.

pub(crate) mod denials;
mod explanation;
pub(crate) mod filter;
mod line;
mod signature;

pub(crate) use explanation::Explanation;
pub(crate) use line::FailureLine;
