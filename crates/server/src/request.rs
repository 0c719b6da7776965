//! What every request goes through, whatever its service: authentication, authorization, and the
//! record of it.
//!
//! [`route`](crate::route) leads a request from the listener to its service; the services call what
//! is here.

pub(crate) mod authenticate;
pub(crate) mod authorize;
pub(crate) mod call;
pub(crate) mod caller;
pub(crate) mod condition_keys;
pub(crate) mod cut_text;
pub(crate) mod error;
pub(crate) mod record;
pub(crate) mod request_id;
pub(crate) mod requester;
pub(crate) mod service;
pub(crate) mod unsupported_parameters;
