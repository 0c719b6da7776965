//! Requests for the tests of the audit.

use http::Request;
use jiff::Timestamp;

use crate::{
    clock::Clock,
    http::{head::RequestHead, peer::Peer},
    request::request_id::RecordIds,
};

/// The head of a request from this address.
pub(super) fn head(address: &str, user_agent: &[u8], now: Timestamp) -> RequestHead {
    let mut request = Request::get("/").header("host", "h");
    if let Ok(agent) = http::HeaderValue::from_bytes(user_agent) {
        request = request.header("user-agent", agent);
    }
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let peer = Peer::tcp((address.parse::<std::net::IpAddr>().unwrap(), 1).into());
    let stopwatch = Clock::system().stopwatch();
    RequestHead::read(parts, peer, &[], now, stopwatch).unwrap()
}

/// The ids of a request.
pub(super) fn ids() -> RecordIds {
    RecordIds {
        request: "5a2d8c1e-6f7b-4c0d-9e3a-1b2c3d4e5f60".to_owned(),
        event: "0a2d8c1e-6f7b-4c0d-9e3a-1b2c3d4e5f61".to_owned(),
    }
}
