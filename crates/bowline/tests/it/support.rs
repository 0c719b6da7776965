//! What the tests are built from: a server, an issuer, tokens, signatures, and requests written by hand.

pub(crate) mod authority;
pub(crate) mod bowline;
pub(crate) mod http;
pub(crate) mod inherited;
pub(crate) mod installed;
pub(crate) mod issuer;
pub(crate) mod keys;
pub(crate) mod kubernetes;
pub(crate) mod proxy;
pub(crate) mod python;
pub(crate) mod sdk;
pub(crate) mod sign;
pub(crate) mod token;
pub(crate) mod wait;
pub(crate) mod world;
