//! The scene: a server, an issuer, and clients of the server.

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
    config::{AuditTo, Config, StoreKind, Tls},
    private_files::{private_folder, write_private},
    server::Server,
};

/// The demonstration's account.
pub(super) const ACCOUNT: &str = "432797229265";
/// The region that requests are signed for.
pub(super) const REGION: &str = "us-east-1";

/// Everything that the story needs.
pub(super) struct Scene {
    pub(super) issuer: Issuer,
    /// A client with the root credentials.
    pub(super) root: Client,
    /// For requests to the issuer.
    pub(super) transport: Transport,
    /// The file that a kubelet would keep the token in.
    pub(super) token_file: PathBuf,
    /// The root credentials, for a shell of one's own.
    pub(super) credentials_file: PathBuf,
    server: Server,
}

impl Scene {
    /// Starts server and issuer.
    ///
    /// # Errors
    /// What a start fails with.
    pub(super) async fn set(folder: &Path) -> Result<Self> {
        let issuer = Issuer::start().await.context("starting the issuer")?;
        let credentials_file = folder.join("demo-credentials");
        private_folder(folder).with_context(|| format!("making `{}`", folder.display()))?;
        let root = root_credentials(&credentials_file)?;
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let config = Config {
            listen: anywhere,
            ops_listen: anywhere,
            tls: Tls::None,
            trusted_proxies: Vec::new(),
            data: folder.to_owned(),
            store: StoreKind::Sqlite,
            master_key: None,
            base_domains: vec!["localhost".to_owned()],
            allow_networks: Vec::new(),
            allow_loopback_issuers: true,
            accounts: vec![root.clone()],
            audit: AuditTo::DataFolder,
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

    /// Why the server refused a request, as its operator may know it.
    pub(super) async fn explain(&self, refused: &Response) -> Result<serde_json::Value> {
        let id = refused
            .request_id()
            .context("an answer with a request id")?;
        let explanation = self.root.explain(Some(id)).await;
        explanation.with_context(|| format!("explaining {id}"))
    }

    pub(super) async fn close(self) {
        self.server.stop().await;
    }
}

/// The root credentials of an earlier demonstration in this folder, or new ones, which are there before the account is.
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
        bail!("`{}` holds no credentials", file.display());
    };
    Ok(RootCredentials {
        account,
        access_key_id: id.parse()?,
        secret_access_key: SecretAccessKey::new(secret)?,
    })
}
