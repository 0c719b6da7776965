//! Explanations of failed requests: their content, and the latest of each account.

pub(crate) mod denials;
mod explanation;

pub(crate) use explanation::Explanation;
