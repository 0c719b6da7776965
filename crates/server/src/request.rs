//! The path of a request, in order: [`route`], [`authenticate`], [`authorize`], the service's own handler, [`conclude`].

pub(crate) mod authenticate;
pub(crate) mod authorize;
pub(crate) mod call;
pub(crate) mod caller;
pub(crate) mod conclude;
pub(crate) mod event;
pub(crate) mod query;
pub(crate) mod refusal;
pub(crate) mod route;
pub(crate) mod service;
pub(crate) mod unsupported_parameters;
