//! What the tests are built from: the server and its clients, and signatures by a second
//! implementation. The issuer, its tokens and raw HTTP come from `bowline-testkit`.

pub(crate) use bowline_testkit::{authority, http, issuer, keys, token, wait};

pub(crate) mod bowline;
pub(crate) mod inherited;
pub(crate) mod installed;
pub(crate) mod kubernetes;
pub(crate) mod newcomer;
pub(crate) mod proxy;
pub(crate) mod python;
pub(crate) mod sdk;
pub(crate) mod sign;
pub(crate) mod world;
