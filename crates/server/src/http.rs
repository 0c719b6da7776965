//! HTTP: connections, heads, bodies and answers. What a request means is [`route`](crate::request::route)'s to say.

pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod head;
pub(crate) mod held;
pub(crate) mod listener;
mod stalled;
mod to_the_end;
