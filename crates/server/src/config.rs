//! The configuration of a server: resolved values without defaults.
//!
//! The binary resolves flags, environment and file into it; tests build it directly. It is not read
//! again after the start.

use std::{net::SocketAddr, num::NonZeroUsize, path::PathBuf};

use ipnet::IpNet;

pub use crate::{
    audit::{AuditLimits, audit_files},
    oidc::FetchRates,
    token_bucket::Rate,
};
use crate::{
    bootstrap::RootCredentials, crypto::master_key::MasterKey, trusted_files::PermissionChecks,
};

/// The configuration of a server.
#[derive(Debug)]
pub struct Config {
    /// The address for AWS clients. Port 0 picks a free one.
    pub listen: SocketAddr,
    /// The address for health and metrics. Port 0 picks a free one.
    pub ops_listen: SocketAddr,
    /// Where TLS ends.
    pub tls: Tls,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` headers are trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// The data folder. It is locked while the server runs, and readable by its owner alone.
    pub data: PathBuf,
    /// Whether the start may make a new server in the data folder. A store in memory is always a
    /// new one, and declared accounts are a permission too.
    pub first_start: FirstStart,
    /// Whether the permissions of the data folder and of key files are checked.
    pub permissions: PermissionChecks,
    /// Where identity data is kept.
    pub store: StoreKind,
    /// The key that seals long-term secrets. `None` means the key in the data folder, which is
    /// created with the first data.
    pub master_key: Option<MasterKey>,
    /// Domains whose subdomains are bucket names, in lower case and without a leading dot.
    pub base_domains: Vec<String>,
    /// Private networks in which issuers may be.
    pub allow_networks: Vec<IpNet>,
    /// Whether issuers may be on loopback addresses, also over plain HTTP. For tests.
    pub allow_loopback_issuers: bool,
    /// How often documents of issuers are fetched.
    pub fetch_rates: FetchRates,
    /// Accounts that a first start creates.
    pub accounts: Vec<RootCredentials>,
    /// Where audit records go.
    pub audit: AuditTo,
    /// How much is recorded.
    pub audit_limits: AuditLimits,
    /// Whether the log has a line for each request that was rejected.
    pub log_refusals: bool,
    /// The parts of what clients share.
    pub limits: Limits,
}

/// The parts of what clients share, where they are not the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Most connections. By default they follow from the limit of open files.
    pub connections: Option<NonZeroUsize>,
    /// Most connections of one address. A quarter of all by default.
    pub connections_per_address: Option<NonZeroUsize>,
    /// Most connections with requests of one account. Half of all by default.
    pub connections_per_account: Option<NonZeroUsize>,
    /// Most memory of request bodies of one address, in MiB.
    pub body_mib_per_address: Option<NonZeroUsize>,
    /// Most memory of request bodies of one account, in MiB.
    pub body_mib_per_account: Option<NonZeroUsize>,
}

/// Whether a start may make a new server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstStart {
    /// In a folder without one.
    Allowed,
    /// Only an existing server is started.
    Refused,
}

/// Where TLS ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// There is no TLS: the listeners are on loopback addresses.
    None,
    /// A proxy in front of the server terminates it, as the operator declares.
    Terminated,
}

/// The store of identity data. Objects are in the data folder in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// In the data folder.
    Sqlite,
    /// Memory: it is lost when the server ends.
    Memory,
}

/// Where audit records go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditTo {
    /// To `audit/audit.jsonl` in the data folder.
    DataFolder,
    /// To this file.
    File(PathBuf),
    /// To standard output.
    Stdout,
}
