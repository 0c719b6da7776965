//! IAM on the wire: one file per noun, one function per verb.
//!
//! A handler gets a [`Call`](call::Call) that was authenticated, validated and authorized, and an input whose constraints hold. It reads
//! the index or decides an update on it, and returns the typed output. It knows neither HTTP nor signatures nor the store.

pub(crate) mod call;
pub(crate) mod iam;
pub(crate) mod passed_role;
pub(crate) mod refused_members;
