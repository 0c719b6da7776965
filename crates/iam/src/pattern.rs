//! Wildcards and policy variables: `*`, `?`, `${key}`.
//!
//! A pattern stays the text that the policy spells. It is checked once, when it is
//! parsed, and read again for each match, so that a compiled policy takes
//! little more memory than its document. The value of a variable enters the match as literal
//! characters, never as part of the pattern: a tag whose value is `*` matches an asterisk and
//! nothing else. `*` matches every character, line breaks included.
//!
//! No pattern can make a decision slow, and matching allocates nothing. Literals between stars are
//! found by substring search, which is linear. Between two stars, `?` and variables take the length
//! of the text times that of the part between the stars, divided by 64.

mod arn;
mod automaton;
mod error;
mod glob;
mod parse;
mod pieces;
mod resource;
mod variable;

pub use self::{
    arn::ArnPattern,
    error::PatternError,
    glob::{Match, Pattern},
    resource::ResourcePattern,
    variable::{Lookup, MadeText, ValueText, VariableValue, Variables},
};

pub(crate) use self::{
    arn::has_six_segments,
    glob::glob_action,
    parse::{PatternSpan, Wildcards},
    pieces::PatternRef,
};

/// The most bytes of a text that is matched. AWS has no longer key of a resource, and the longest
/// other texts that a client chooses, such as `User-Agent`, are rarely longer than a few hundred
/// bytes.
pub const MAX_TEXT_BYTES: usize = 8_192;

/// The colons of an ARN before its resource.
const ARN_COLONS: usize = 5;

#[cfg(test)]
mod tests;
