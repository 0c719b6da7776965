//! The parts of what clients share: from the settings, and from the limit of open files.
//!
//! A connection is a file, an upload on it opens two more, and tables, databases, the audit and
//! upstreams open others. So there are at most as many connections as leave files for all of them.

use std::num::NonZeroUsize;

use rustix::process::{Resource, getrlimit};

use crate::{
    config::Limits,
    http::{body_budget::BodyLimits, connections::ConnectionLimits, listener::MAX_CLOSING},
};

/// Most connections by default. Each has buffers of up to 16 KiB before its caller is
/// authenticated.
const DEFAULT_CONNECTIONS: usize = 4_096;
/// The part of one address by default: one of so many.
const PARTS: usize = 4;
/// Files that are not for requests: 64 open table files with two more each, the identity store, the
/// audit, upstreams, the listener for health and metrics, and connections that are being closed.
const RESERVED_FILES: usize = 256 + OPS_CONNECTIONS.max + MAX_CLOSING;
/// Files of a connection with an upload.
const FILES_PER_CONNECTION: usize = 3;
/// Most memory of all heads whose callers are not authenticated.
const HEAD_BYTES: usize = 64 * 1024 * 1024;
/// The memory of bodies of one address by default.
const BODY_MIB_PER_ADDRESS: usize = 24;
/// The memory of bodies of one account by default.
const BODY_MIB_PER_ACCOUNT: usize = 48;
const MIB: usize = 1024 * 1024;

/// Bounds of the listener for health and metrics.
pub(super) const OPS_CONNECTIONS: ConnectionLimits = ConnectionLimits {
    max: 64,
    per_address: 32,
    per_account: 64,
    head_bytes: 1024 * 1024,
};

/// Bounds of the connections of AWS clients.
pub(super) fn connections(limits: &Limits) -> ConnectionLimits {
    let files = getrlimit(Resource::Nofile).current;
    let files = files.map_or(usize::MAX, |files| {
        usize::try_from(files).unwrap_or(usize::MAX)
    });
    let within = within(limits, files);
    if within.max < DEFAULT_CONNECTIONS && limits.connections.is_none() {
        tracing::warn!(
            "The limit of open files ({files}) allows {} connections; raise it to {} for {DEFAULT_CONNECTIONS}",
            within.max,
            DEFAULT_CONNECTIONS * FILES_PER_CONNECTION + RESERVED_FILES
        );
    } else if limits
        .connections
        .is_some_and(|wanted| wanted.get() > within.max)
    {
        tracing::warn!(
            "The limit of open files ({files}) allows {} connections, fewer than are configured",
            within.max
        );
    }
    within
}

/// What a limit of open files allows.
pub(crate) struct Possible {
    /// The connections that it allows.
    pub(crate) allowed: usize,
    /// Those that are configured, or the default.
    pub(crate) intended: usize,
    /// The limit of open files that allows these.
    pub(crate) files: usize,
}

/// What this limit of open files allows.
pub(crate) fn possible(limits: &Limits, files: usize) -> Possible {
    let reserved = RESERVED_FILES.min(files / 3);
    let intended = limits
        .connections
        .map_or(DEFAULT_CONNECTIONS, NonZeroUsize::get);
    Possible {
        allowed: ((files - reserved) / FILES_PER_CONNECTION).max(1),
        intended,
        files: intended.saturating_mul(FILES_PER_CONNECTION) + RESERVED_FILES,
    }
}

fn within(limits: &Limits, files: usize) -> ConnectionLimits {
    let Possible {
        allowed, intended, ..
    } = possible(limits, files);
    let max = intended.min(allowed);
    let per_address = limits.connections_per_address;
    let per_address = per_address.map_or((max / PARTS).max(1), NonZeroUsize::get);
    let per_account = limits.connections_per_account;
    let per_account = per_account.map_or((max / 2).max(1), NonZeroUsize::get);
    ConnectionLimits {
        max,
        per_address: per_address.min(max),
        per_account: per_account.min(max),
        head_bytes: HEAD_BYTES,
    }
}

/// The parts of the memory of request bodies.
pub(super) fn bodies(limits: &Limits) -> BodyLimits {
    let bytes = |mib: Option<NonZeroUsize>, default| {
        let mib = mib.map_or(default, NonZeroUsize::get);
        mib.saturating_mul(MIB)
    };
    BodyLimits {
        per_address: bytes(limits.body_mib_per_address, BODY_MIB_PER_ADDRESS),
        per_account: bytes(limits.body_mib_per_account, BODY_MIB_PER_ACCOUNT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(limits: &Limits, files: usize) -> (usize, usize) {
        let limits = within(limits, files);
        (limits.max, limits.per_address)
    }

    #[test]
    fn connections_leave_files_for_uploads_and_stores() {
        let default = Limits::default();
        assert_eq!(bounds(&default, usize::MAX), (4_096, 1_024));
        assert_eq!(bounds(&default, 20_000), (4_096, 1_024));
        assert_eq!(bounds(&default, 1_024), (227, 56));
        assert_eq!(bounds(&default, 256), (57, 14));
        assert_eq!(bounds(&default, 0), (1, 1));
    }

    #[test]
    fn a_setting_cannot_exceed_the_limit_of_open_files() {
        let limits = Limits {
            connections: NonZeroUsize::new(10_000),
            connections_per_address: NonZeroUsize::new(5_000),
            ..Limits::default()
        };
        assert_eq!(bounds(&limits, usize::MAX), (10_000, 5_000));
        assert_eq!(bounds(&limits, 1_024), (227, 227));
    }
}
