//! What the steps need: a server, an issuer, and clients of both.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use super::issuer::Issuer;
use anyhow::{Context as _, Result, bail};
use bowline_aws::credentials::SecretAccessKey;
use bowline_client::{
    Client, Credentials, Endpoint, Response, Transport, credentials_file, file::read_text,
};
use bowline_iam::account::AccountId;
use bowline_server::{
    bootstrap::RootCredentials,
    clock::Clock,
    config::{AuditLimits, AuditTo, Config, FetchRates, FirstStart, Limits, StoreKind, Tls},
    private_files::{private_folder, write_private},
    server::Server,
    trusted_files::PermissionChecks,
};

/// The demonstration's account.
pub(super) const ACCOUNT: &str = "432797229265";
/// The region that requests are signed for.
pub(super) const REGION: &str = "us-east-1";

/// The file by which a demonstration knows a folder of its own.
const MARKER: &str = "demo";

/// Whether a folder is a demonstration's, or can become one: it is empty or does not exist.
///
/// # Errors
/// Those of the file system.
pub(super) fn is_for_demo(folder: &Path) -> io::Result<bool> {
    if folder.join(MARKER).exists() {
        return Ok(true);
    }
    match folder.read_dir() {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// A running server and issuer, and their clients.
pub(super) struct Scene {
    pub(super) issuer: Issuer,
    /// A client with the root credentials.
    pub(super) root: Client,
    /// For requests to the issuer.
    pub(super) transport: Transport,
    /// The file that a kubelet would write the token to.
    pub(super) token_file: PathBuf,
    /// The file with the root credentials.
    pub(super) credentials_file: PathBuf,
    server: Server,
}

impl Scene {
    /// Starts the server and the issuer.
    ///
    /// # Errors
    /// If one of them does not start.
    pub(super) async fn start(folder: &Path) -> Result<Self> {
        let issuer = Issuer::start().await.context("starting the issuer")?;
        let credentials_file = folder.join("demo-credentials");
        private_folder(folder).with_context(|| format!("creating `{}`", folder.display()))?;
        let marker = folder.join(MARKER);
        if !marker.exists() {
            write_private(&marker, b"The folder of a `bowline demo`.\n")
                .with_context(|| format!("writing `{}`", marker.display()))?;
        }
        let root = root_credentials(&credentials_file)?;
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let config = Config {
            listen: anywhere,
            ops_listen: anywhere,
            tls: Tls::None,
            trusted_proxies: Vec::new(),
            data: folder.to_owned(),
            first_start: FirstStart::Allowed,
            permissions: PermissionChecks::On,
            store: StoreKind::Sqlite,
            master_key: None,
            base_domains: vec!["localhost".to_owned()],
            allow_networks: Vec::new(),
            allow_loopback_issuers: true,
            fetch_rates: FetchRates::default(),
            accounts: vec![root.clone()],
            audit: AuditTo::DataFolder,
            log_refusals: false,
            limits: Limits::default(),
            audit_limits: AuditLimits::default(),
        };
        let server = Server::start(config, Clock::system()).await?;
        let transport = Transport::plain_http()?;
        let endpoint = format!("http://{}", server.aws()).parse()?;
        let root =
            Client::anonymous(transport.clone(), endpoint, REGION).with_credentials(Credentials {
                access_key_id: root.access_key_id,
                secret_access_key: root.secret_access_key,
                session_token: None,
            });
        Ok(Self {
            issuer,
            root,
            transport,
            token_file: folder.join("token"),
            credentials_file,
            server,
        })
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        self.root.endpoint()
    }

    pub(super) fn provider_arn(&self) -> String {
        format!(
            "arn:aws:iam::{ACCOUNT}:oidc-provider/{}",
            self.issuer.address
        )
    }

    /// The operator's explanation of a denied request.
    pub(super) async fn explain(&self, denied: &Response) -> Result<serde_json::Value> {
        let id = denied
            .request_id()
            .context("an response with a request id")?;
        let explanation = self.root.explain(Some(id)).await;
        explanation.with_context(|| format!("explaining {id}"))
    }

    pub(super) async fn close(self) {
        self.server.stop().await;
    }
}

/// The root credentials of an earlier demonstration in this folder, or new ones, which are written
/// before the account is created.
fn root_credentials(file: &Path) -> Result<RootCredentials> {
    let account: AccountId = ACCOUNT.parse()?;
    let text = match read_text(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let root = RootCredentials::generate(account)?;
            write_private(file, root.to_credentials_file().as_bytes())
                .with_context(|| format!("writing `{}`", file.display()))?;
            return Ok(root);
        }
        text => text.with_context(|| format!("reading `{}`", file.display()))?,
    };
    let profile = credentials_file::profile(&text, "default");
    let Some((Some(id), Some(secret))) = profile.map(|p| (p.access_key_id, p.secret_access_key))
    else {
        bail!("`{}` has no credentials", file.display());
    };
    Ok(RootCredentials {
        account,
        access_key_id: id.parse()?,
        secret_access_key: SecretAccessKey::new(secret)?,
    })
}
