//! A server for unit tests that use its parts.

use std::{ops::Deref, sync::Arc};

use super::Server;
use crate::{
    app::App,
    bootstrap::RootCredentials,
    clock::Clock,
    config::{AuditLimits, AuditTo, Config, FetchRates, FirstStart, Limits, StoreKind, Tls},
    trusted_files::PermissionChecks,
    upstream::objects::{ObjectStore, embedded::EmbeddedObjects},
};

/// A server with access to its parts. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct TestServer {
    server: Server,
    _home: tempfile::TempDir,
}

impl TestServer {
    /// A server with a single account and nothing else.
    pub(crate) async fn start() -> Self {
        Self::start_over(Vec::new(), |objects| Arc::new(objects)).await
    }

    /// A server with these accounts, or a single one, and the object store that `store` makes.
    pub(crate) async fn start_over(
        accounts: Vec<RootCredentials>,
        store: impl FnOnce(EmbeddedObjects) -> Arc<dyn ObjectStore>,
    ) -> Self {
        let home = tempfile::tempdir().unwrap();
        let config = Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            ops_listen: "127.0.0.1:0".parse().unwrap(),
            tls: Tls::None,
            trusted_proxies: Vec::new(),
            data: home.path().join("data"),
            first_start: FirstStart::Allowed,
            permissions: PermissionChecks::On,
            store: StoreKind::Memory,
            master_key: None,
            base_domains: Vec::new(),
            allow_networks: Vec::new(),
            allow_loopback_issuers: false,
            fetch_rates: FetchRates::default(),
            accounts,
            audit: AuditTo::DataFolder,
            log_refusals: false,
            limits: Limits::default(),
            audit_limits: AuditLimits::default(),
        };
        let started = Server::start_over(config, Clock::system(), store).await;
        Self {
            server: started.unwrap(),
            _home: home,
        }
    }

    pub(crate) fn app(&self) -> &Arc<App> {
        &self.server.app
    }
}

impl Deref for TestServer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}
