//! What a server is started with: settled values, without defaults of its own.
//!
//! The binary reads flags, environment and file into this; a test builds it directly. Nothing here is read again after the start.

use std::{net::SocketAddr, path::PathBuf};

use ipnet::IpNet;

use crate::{bootstrap::RootCredentials, crypto::master_key::MasterKey};

/// How a server is to run.
#[derive(Debug)]
pub struct Config {
    /// Where AWS clients are served. Port 0 picks one.
    pub listen: SocketAddr,
    /// Where health and metrics are served. Port 0 picks one.
    pub ops_listen: SocketAddr,
    /// Where TLS ends.
    pub tls: Tls,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The data folder: made if it is not there, locked while the server runs, readable by its owner alone.
    pub data: PathBuf,
    /// Where identity data is kept.
    pub store: StoreKind,
    /// What long-term secrets are sealed under: `None` for the key in the data folder, which is made with the first data.
    pub master_key: Option<MasterKey>,
    /// Domains under which a host name carries a bucket, in lower case and without a leading dot.
    pub base_domains: Vec<String>,
    /// Private networks that issuers may be in.
    pub allow_networks: Vec<IpNet>,
    /// Whether issuers may be on this machine, also over plain http. For tests.
    pub allow_loopback_issuers: bool,
    /// Accounts that a first start makes.
    pub accounts: Vec<RootCredentials>,
    /// Where audit records go.
    pub audit: AuditTo,
}

/// Where TLS ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Nowhere: the listeners are on loopback.
    None,
    /// In front of the server, by declaration.
    Terminated,
}

/// Where identity data is kept. Objects are in the data folder either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// In the data folder.
    Sqlite,
    /// Nowhere: gone when the server ends.
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
