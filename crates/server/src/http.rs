//! HTTP: connections, request heads, bodies and responses.
//!
//! Nothing here knows what a request means. [`Handler`](listener::Handler) is where the meaning
//! begins; the server's is in [`route`](crate::route).

pub(crate) mod body;
pub(crate) mod body_budget;
mod client_stream;
pub(crate) mod connections;
mod detach;
pub(crate) mod head;
mod interim_response;
pub(crate) mod listener;
mod own_head;
pub(crate) mod peer;
pub(crate) mod response;
pub(crate) mod source_address;
mod tracked_body;
