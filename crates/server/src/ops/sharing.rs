//! Metrics of what clients share: connections, and the memory of heads and bodies.

use crate::{
    app::App,
    http::connections::Phase,
    metrics::{Reading, Value},
};

/// The present numbers.
pub(super) fn readings(app: &App) -> Vec<Reading> {
    let (connections, bodies) = (app.connections.stats(), app.body_budget.stats());
    let ops = app.ops_connections.stats();
    let in_phase = |phase: Phase| connections.in_phase(phase);
    vec![
        gauge(
            "connections_reading_head",
            "Connections whose request head has not arrived",
            in_phase(Phase::Head),
        ),
        gauge(
            "connections_unauthenticated",
            "Connections with a request whose caller is not authenticated",
            in_phase(Phase::Unproven),
        ),
        gauge(
            "connections_authenticated",
            "Connections with a request of an authenticated caller",
            in_phase(Phase::Proven),
        ),
        gauge(
            "connections_idle",
            "Connections between requests",
            in_phase(Phase::Idle) + in_phase(Phase::IdleProven),
        ),
        gauge(
            "connections_limit",
            "Most connections that may be open",
            app.connections.limits().max as u64,
        ),
        gauge(
            "connections_per_address_limit",
            "Most connections of one address",
            app.connections.limits().per_address as u64,
        ),
        counter(
            "connections_evicted",
            "Connections that ended in favour of others, the slowest first",
            connections.evicted,
        ),
        counter(
            "connections_timed_out",
            "Connections whose request head, or next request, did not come in time",
            connections.timed_out,
        ),
        counter(
            "connections_refused",
            "Connections refused because requests of authenticated callers were under way on all",
            connections.refused,
        ),
        counter(
            "connections_refused_by_address",
            "Connections, and requests through proxies, refused because their address had its part",
            connections.refused_by_address,
        ),
        counter(
            "requests_refused_by_account",
            "Requests refused because requests of their account were under way on its part of the connections",
            connections.refused_by_account,
        ),
        gauge(
            "head_bytes",
            "Bytes of request heads whose callers are not authenticated",
            connections.head_bytes,
        ),
        gauge(
            "body_bytes_unauthenticated",
            "Memory of request bodies of callers without a known access key",
            bodies.strangers,
        ),
        gauge(
            "body_bytes_known_key",
            "Memory of request bodies whose signature is not verified yet",
            bodies.claimed,
        ),
        gauge(
            "body_bytes_authenticated",
            "Memory of request bodies and responses of authenticated callers",
            bodies.proven,
        ),
        counter(
            "bodies_evicted",
            "Request bodies and responses that lost their memory to others, the slowest first",
            bodies.evicted,
        ),
        counter(
            "bodies_refused",
            "Request bodies and responses that got no memory",
            bodies.refused,
        ),
        counter(
            "ops_connections_evicted",
            "Connections of the listener for health and metrics that ended in favour of others",
            ops.evicted,
        ),
    ]
}

fn counter(name: &'static str, help: &'static str, value: u64) -> Reading {
    Reading {
        name,
        help,
        value: Value::Counter(value),
    }
}

fn gauge(name: &'static str, help: &'static str, value: u64) -> Reading {
    Reading {
        name,
        help,
        value: Value::Gauge(i64::try_from(value).unwrap_or(i64::MAX)),
    }
}
