//! Everything that a running server has, once. There are no globals: two servers in one process share nothing.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;

use crate::{
    audit::Audit, clock::Clock, config::Config, data_folder::DataFolder,
    explain::denials::RecentDenials, gateway::dynamodb::table_locks::RegionLocks,
    http::body_budget::BodyMemoryBudget, identity::index::IdentityState, metrics::Metrics,
    oidc::Oidc, request::request_id::RequestIdGenerator, upstream::Upstreams,
};

/// A server's parts.
#[derive(Debug)]
pub(crate) struct App {
    /// The data folder, which no other process uses for as long as anything here does.
    pub(crate) _folder: DataFolder,
    /// How it was started.
    pub(crate) config: Config,
    /// The time.
    pub(crate) clock: Clock,
    /// Randomness.
    pub(crate) random: SystemRandom,
    /// Makes the ids of requests.
    pub(crate) request_ids: RequestIdGenerator,
    /// Identity data.
    pub(crate) state: IdentityState,
    /// Token verification.
    pub(crate) oidc: Oidc,
    /// The stores of objects and items.
    pub(crate) upstreams: Upstreams,
    /// Locks of the accounts and regions whose tables are in use.
    pub(crate) region_locks: RegionLocks,
    /// What request bodies hold.
    pub(crate) body_budget: Arc<BodyMemoryBudget>,
    /// What is written of every call.
    pub(crate) audit: Audit,
    /// The latest calls that ended with an error.
    pub(crate) denials: RecentDenials,
    /// What is counted.
    pub(crate) metrics: Metrics,
}
