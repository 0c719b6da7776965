//! The AWS policy language: policies and a request in, a decision out.

pub mod account;
pub mod action;
pub mod arn;
pub mod decision;
pub mod effect;
pub mod json;
pub mod pattern;
