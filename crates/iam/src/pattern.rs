//! Wildcards and policy variables: `*`, `?`, `${key}`.
//!
//! A pattern is parsed once into tokens. The value of a variable enters the match as literal
//! characters, never as part of the pattern: a tag whose value is `*` matches an asterisk and
//! nothing else. `*` matches every character, line breaks included. Matching takes at most the
//! product of both lengths, so no pattern can make a decision slow, and allocates nothing unless
//! the pattern has variables or is [segmented](ResourcePattern).

mod arn;
mod matching;
mod resource;
mod text;

pub use self::{
    arn::ArnPattern,
    resource::ResourcePattern,
    text::{Lookup, Match, Pattern, PatternError, VariableValue, Variables},
};

pub(crate) use self::matching::glob;

#[cfg(test)]
mod tests;
