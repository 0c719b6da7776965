//! The parts of a running server. There are no globals: two servers in one process share nothing.

use std::sync::Arc;

use arc_swap::ArcSwap;
use aws_lc_rs::rand::SystemRandom;

use crate::{
    audit::Audit,
    backup::BackupSource,
    clock::Clock,
    config::Config,
    data_folder::DataFolder,
    explain::denials::RecentDenials,
    gateway::dynamodb::table_locks::RegionLocks,
    http::body_budget::BodyMemoryBudget,
    http::connections::Connections,
    identity::index::IdentityState,
    metrics::Metrics,
    oidc::TokenVerifier,
    reload::LiveSettings,
    request::request_id::RequestIdGenerator,
    upstream::{Upstreams, tables::ItemMemory},
};

/// A server's parts.
#[derive(Debug)]
pub(crate) struct App {
    /// The data folder, which stays locked as long as this exists.
    pub(crate) _folder: DataFolder,
    /// The configuration of the start.
    pub(crate) config: Config,
    /// The settings that change while the server runs.
    pub(crate) live: Arc<ArcSwap<LiveSettings>>,
    /// The clock.
    pub(crate) clock: Clock,
    /// The source of randomness.
    pub(crate) random: SystemRandom,
    /// Makes the ids of requests.
    pub(crate) request_ids: RequestIdGenerator,
    /// Identity data.
    pub(crate) state: IdentityState,
    /// Token verification.
    pub(crate) oidc: TokenVerifier,
    /// The stores of objects and items.
    pub(crate) upstreams: Upstreams,
    /// What backups are made of.
    pub(crate) backup: BackupSource,
    /// Locks of the accounts and regions whose tables are in use.
    pub(crate) region_locks: RegionLocks,
    /// The connections of the listener for AWS clients.
    pub(crate) connections: Arc<Connections>,
    /// The connections of the listener for health and metrics.
    pub(crate) ops_connections: Arc<Connections>,
    /// The memory of requests with items.
    pub(crate) request_memory: Arc<ItemMemory>,
    /// The memory of responses with items.
    pub(crate) response_memory: Arc<ItemMemory>,
    /// The memory budget of request bodies.
    pub(crate) body_budget: Arc<BodyMemoryBudget>,
    /// The audit log.
    pub(crate) audit: Arc<Audit>,
    /// The latest failed requests.
    pub(crate) denials: RecentDenials,
    /// The metrics.
    pub(crate) metrics: Metrics,
}
