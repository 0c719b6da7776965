//! A server for tests of what stands behind its listeners.

use std::{ops::Deref, sync::Arc};

use super::Server;
use crate::{
    app::App,
    clock::Clock,
    config::{AuditTo, Config, StoreKind, Tls},
};

/// A server with one account and nothing else, whose parts are at hand. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct TestServer {
    server: Server,
    _home: tempfile::TempDir,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let config = Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            ops_listen: "127.0.0.1:0".parse().unwrap(),
            tls: Tls::None,
            trusted_proxies: Vec::new(),
            data: home.path().join("data"),
            store: StoreKind::Memory,
            master_key: None,
            base_domains: Vec::new(),
            allow_networks: Vec::new(),
            allow_loopback_issuers: false,
            accounts: Vec::new(),
            audit: AuditTo::DataFolder,
        };
        let server = Server::start(config, Clock::system()).await.unwrap();
        Self {
            server,
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
