//! Bowline on core 0, with one provider and one role.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bowline_aws::credentials::SecretAccessKey;
use bowline_aws::sts;
use bowline_client::{Client, Credentials, Request, Response, SendError, Transport};
use bowline_testkit::issuer::Issuer;
use bowline_testkit::token::SUBJECT;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::load::Process;

pub const REGION: &str = "us-east-1";
pub const ACCOUNT: &str = "432797229265";
const KEY: &str = "AKIABENCHMARKROOTAAA";
const SECRET: &str = "benchmarkRootSecretAccessKey/0123456789";

/// A server under measurement.
pub struct Bowline {
    pub process: Process,
    /// Where health and metrics are.
    pub ops: SocketAddr,
    /// A client with the credentials of the account's root.
    pub root: Client,
    _started: Started,
}

/// A server's process and its data folder, which end together.
struct Started {
    child: Child,
    home: TempDir,
}

impl Started {
    /// Starts `bowline serve` on core 0, on ports that are free.
    fn spawn(binary: &str, arguments: &[&str]) -> Result<Self> {
        let home = TempDir::new()?;
        let child = Command::new("taskset")
            .args(["-c", "0", binary, "serve"])
            .args(["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"])
            .args(arguments)
            // It is killed, and would leave a temporary folder of its own behind.
            .arg("--data")
            .arg(home.path().join("data"))
            .arg("--ready-file")
            .arg(home.path().join("ready.json"))
            .env("BOWLINE_BOOTSTRAP_ACCOUNT_ID", ACCOUNT)
            .env("BOWLINE_BOOTSTRAP_ACCESS_KEY_ID", KEY)
            .env("BOWLINE_BOOTSTRAP_SECRET_ACCESS_KEY", SECRET)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting bowline by taskset")?;
        Ok(Self { child, home })
    }

    /// Waits until the server writes its ready file, and reads it.
    fn ready(&mut self) -> Result<Value> {
        let file = self.home.path().join("ready.json");
        while !Path::exists(&file) {
            if let Some(status) = self.child.try_wait()? {
                bail!("bowline ended with {status}");
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        Ok(serde_json::from_str(&std::fs::read_to_string(file)?)?)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Milliseconds from exec until a server with a store in memory says that it is ready.
pub fn start_millis(binary: &str) -> Result<f64> {
    let begun = Instant::now();
    let mut started = Started::spawn(binary, &["--store", "memory"])?;
    started.ready()?;
    Ok(begun.elapsed().as_secs_f64() * 1e3)
}

/// Measures the process of a server with a store in memory that has just become ready.
pub fn just_started<T>(binary: &str, measure: impl FnOnce(u32) -> Result<T>) -> Result<T> {
    let mut started = Started::spawn(binary, &["--store", "memory"])?;
    started.ready()?;
    measure(started.child.id())
}

impl Bowline {
    /// Starts a server that trusts this issuer, with the role `bot` for [`SUBJECT`].
    pub async fn start(binary: &str, issuer: &Issuer) -> Result<Self> {
        let arguments = ["--store", "sqlite", "--allow-loopback-issuers"];
        let mut started = Started::spawn(binary, &arguments)?;
        let urls = started.ready()?;
        let url = urls["aws"].as_str().context("its address")?;
        let address: SocketAddr = url.trim_start_matches("http://").parse()?;
        let ops = urls["ops"].as_str().context("its address of metrics")?;
        let root = Credentials {
            access_key_id: KEY.parse()?,
            secret_access_key: SecretAccessKey::new(SECRET)?,
            session_token: None,
        };
        let client = Client::anonymous(Transport::plain_http()?, url.parse()?, REGION);
        let server = Self {
            process: Process {
                address,
                pid: started.child.id(),
            },
            ops: ops.trim_start_matches("http://").parse()?,
            root: client.with_credentials(root),
            _started: started,
        };
        trusting_role(&server.root, issuer, ACCOUNT).await?;
        Ok(server)
    }

    /// A client with credentials of the role `bot`, for a token.
    pub async fn bot(&self, token: &str) -> Result<Client> {
        let anonymous = self.root.without_credentials();
        let response = success(anonymous.send("sts", exchange(token)).await)?;
        let credentials = response.credentials().context("credentials")?;
        Ok(self.root.with_credentials(credentials))
    }
}

/// Creates the role `bot` in an account, which trusts this issuer.
pub async fn trusting_role(root: &Client, issuer: &Issuer, account: &str) -> Result<()> {
    let host = &issuer.host;
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": { "Federated": format!("arn:aws:iam::{account}:oidc-provider/{host}") },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": { "StringEquals": { format!("{host}:aud"): "sts.amazonaws.com", format!("{host}:sub"): SUBJECT } },
    }] })
    .to_string();
    let provider = [
        ("Url", &*issuer.url()),
        ("ClientIDList.member.1", "sts.amazonaws.com"),
        ("ThumbprintList.member.1", &"a".repeat(40)),
    ];
    let provider = root.iam("CreateOpenIDConnectProvider", &provider);
    success(provider.await)?;
    let role = [("RoleName", "bot"), ("AssumeRolePolicyDocument", &*trust)];
    success(root.iam("CreateRole", &role).await)?;
    Ok(())
}

/// A request that exchanges a token for credentials of the role `bot`.
pub fn exchange(token: &str) -> Request {
    exchange_in(ACCOUNT, token)
}

/// The same for the role of another account.
pub fn exchange_in(account: &str, token: &str) -> Request {
    let parameters = [
        ("RoleArn", &*format!("arn:aws:iam::{account}:role/bot")),
        ("RoleSessionName", "botocore-session-1795484000"),
        ("WebIdentityToken", token),
    ];
    Request::query("AssumeRoleWithWebIdentity", sts::VERSION, &parameters)
}

/// The response, which must be a success.
pub fn success(response: Result<Response, SendError>) -> Result<Response> {
    let response = response?;
    if response.status != 200 {
        bail!("status {}: {}", response.status, response.text());
    }
    Ok(response)
}

/// A request as it goes onto the wire, signed by a client.
pub fn bytes(client: &Client, service: &str, request: Request) -> Result<Vec<u8>> {
    let request = client.sign(service, request)?;
    let headers: String = request
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let head = format!(
        "{} {} HTTP/1.1\r\n{headers}user-agent: Boto3/1.44.5\r\ncontent-length: {}\r\n\r\n",
        request.method,
        request.target,
        request.body.len()
    );
    Ok([head.into_bytes(), request.body].concat())
}
