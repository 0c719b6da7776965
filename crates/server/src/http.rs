//! HTTP: connections, heads, bodies and answers. What a request means is [`route`](crate::request::route)'s to say.

pub(crate) mod body;
pub(crate) mod body_budget;
mod detach;
pub(crate) mod head;
pub(crate) mod listener;
pub(crate) mod response;
mod write_timeout;
