//! The path of a request, in order: [`route`], [`authenticate`], [`authorize`], the service's own handler, [`finish`].

pub(crate) mod authenticate;
pub(crate) mod authorize;
pub(crate) mod call;
pub(crate) mod caller;
pub(crate) mod condition_keys;
pub(crate) mod error;
pub(crate) mod finish;
pub(crate) mod query;
pub(crate) mod record;
pub(crate) mod request_id;
pub(crate) mod route;
pub(crate) mod service;
pub(crate) mod unsupported_parameters;
