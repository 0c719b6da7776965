//! Bowline on core 0, with one provider and one role.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bowline_aws::credentials::{SecretAccessKey, SessionToken};
use bowline_aws::sigv4::{Credentials, RequestParts, SigningPayload, sign};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::issuer::{Issuer, SUBJECT};
use crate::load::{Process, once};

pub const REGION: &str = "us-east-1";
pub const ACCOUNT: &str = "432797229265";
const KEY: &str = "AKIABENCHMARKROOTAAA";
const SECRET: &str = "benchmarkRootSecretAccessKey/0123456789";

pub struct Bowline {
    pub address: SocketAddr,
    pub process: Process,
    child: Child,
    _home: TempDir,
}

/// A request to sign.
pub struct Call<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub service: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a str,
}

/// Milliseconds from exec until a server with a store in memory says that it answers.
pub fn start_millis(binary: &str) -> Result<f64> {
    let home = TempDir::new()?;
    let ready = home.path().join("ready.json");
    let begun = Instant::now();
    let mut child = Command::new("taskset")
        .args(["-c", "0", binary, "serve", "--store", "memory"])
        .args(["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"])
        // It is killed, and so would leave a temporary folder behind.
        .arg("--data")
        .arg(home.path().join("data"))
        .arg("--ready-file")
        .arg(&ready)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("starting bowline by taskset")?;
    while !ready.exists() {
        if let Some(status) = child.try_wait()? {
            bail!("bowline ended with {status}");
        }
        std::thread::sleep(Duration::from_micros(500));
    }
    let took = begun.elapsed();
    child.kill()?;
    child.wait()?;
    Ok(took.as_secs_f64() * 1e3)
}

impl Bowline {
    pub async fn start(binary: &str, issuer: &Issuer) -> Result<Self> {
        let home = TempDir::new()?;
        let ready = home.path().join("ready.json");
        let mut child = Command::new("taskset")
            .args([
                "-c",
                "0",
                binary,
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--ops-listen",
                "127.0.0.1:0",
            ])
            .args(["--store", "sqlite", "--allow-loopback-issuers", "--data"])
            .arg(home.path().join("data"))
            .arg("--ready-file")
            .arg(&ready)
            .env("BOWLINE_BOOTSTRAP_ACCOUNT_ID", ACCOUNT)
            .env("BOWLINE_BOOTSTRAP_ACCESS_KEY_ID", KEY)
            .env("BOWLINE_BOOTSTRAP_SECRET_ACCESS_KEY", SECRET)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting bowline by taskset")?;
        let urls: Value = loop {
            match std::fs::read_to_string(&ready) {
                Ok(text) if !text.is_empty() => break serde_json::from_str(&text)?,
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
            if let Some(status) = child.try_wait()? {
                bail!("bowline ended with {status}");
            }
        };
        let url = urls["aws"].as_str().context("its address")?;
        let address = url.trim_start_matches("http://").parse()?;
        let process = Process {
            address,
            pid: child.id(),
        };
        let server = Self {
            address,
            process,
            child,
            _home: home,
        };
        server.set_up(issuer).await?;
        Ok(server)
    }

    /// The bytes of a request that exchanges a token for credentials of the role `bot`.
    pub fn exchange(&self, token: &str) -> Vec<u8> {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("Action", "AssumeRoleWithWebIdentity")
            .append_pair("Version", "2011-06-15")
            .append_pair("RoleArn", &format!("arn:aws:iam::{ACCOUNT}:role/bot"))
            .append_pair("RoleSessionName", "botocore-session-1795484000")
            .append_pair("WebIdentityToken", token)
            .finish();
        format!(
            "POST / HTTP/1.1\r\nhost: {}\r\ncontent-type: application/x-www-form-urlencoded; charset=utf-8\r\nuser-agent: Boto3/1.44.5\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .into_bytes()
    }

    async fn set_up(&self, issuer: &Issuer) -> Result<()> {
        let host = &issuer.host;
        let trust = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": { "Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{host}") },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": { "StringEquals": { format!("{host}:aud"): "sts.amazonaws.com", format!("{host}:sub"): SUBJECT } },
        }] });
        self.iam(
            "CreateOpenIDConnectProvider",
            &[
                ("Url", &format!("http://{host}")),
                ("ClientIDList.member.1", "sts.amazonaws.com"),
                ("ThumbprintList.member.1", &"a".repeat(40)),
            ],
        )
        .await?;
        self.iam(
            "CreateRole",
            &[
                ("RoleName", "bot"),
                ("AssumeRolePolicyDocument", &trust.to_string()),
            ],
        )
        .await
    }

    /// Calls IAM as root.
    pub async fn iam(&self, action: &str, parameters: &[(&str, &str)]) -> Result<()> {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("Action", action)
            .append_pair("Version", "2010-05-08")
            .extend_pairs(parameters)
            .finish();
        let call = Call {
            method: "POST",
            path: "/",
            service: "iam",
            headers: &[(
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8",
            )],
            body: &body,
        };
        self.call(action, &call, &root()?).await.map(drop)
    }

    /// Sends a call that must succeed: the answer's body.
    pub async fn call(
        &self,
        what: &str,
        call: &Call<'_>,
        credentials: &Credentials,
    ) -> Result<String> {
        let answer = once(self.address, &self.signed(call, credentials)?).await?;
        if answer.status != 200 {
            bail!("{what} answered {}: {}", answer.status, answer.body);
        }
        Ok(answer.body)
    }

    /// The bytes of a signed request.
    pub fn signed(&self, call: &Call<'_>, credentials: &Credentials) -> Result<Vec<u8>> {
        let host = self.address.to_string();
        let mut headers = vec![("host", host.as_str())];
        headers.extend_from_slice(call.headers);
        let bytes: Vec<(&str, &[u8])> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_bytes()))
            .collect();
        let parts = RequestParts {
            method: call.method,
            path: call.path,
            query: "",
            headers: &bytes,
        };
        let payload = SigningPayload::Whole(call.body.as_bytes());
        let now = jiff::Timestamp::now();
        let added = sign(&parts, payload, credentials, REGION, call.service, now)?;
        let added = added.iter().map(|(name, value)| (*name, value.as_str()));
        let head: String = headers
            .into_iter()
            .chain(added)
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let Call {
            method, path, body, ..
        } = call;
        let length = body.len();
        Ok(format!(
            "{method} {path} HTTP/1.1\r\n{head}user-agent: Boto3/1.44.5\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .into_bytes())
    }

    /// Credentials of the role `bot`, for a token.
    pub async fn credentials(&self, token: &str) -> Result<Credentials> {
        let answer = once(self.address, &self.exchange(token)).await?;
        let element = |name: &str| -> Result<String> {
            let rest = answer.body.split_once(&format!("<{name}>"));
            let inner = rest.and_then(|(_, rest)| rest.split_once("</"));
            let (inner, _) =
                inner.with_context(|| format!("no {name} in answer {}", answer.status))?;
            Ok(inner.to_owned())
        };
        Ok(Credentials {
            access_key_id: element("AccessKeyId")?.parse()?,
            secret_access_key: SecretAccessKey::new(element("SecretAccessKey")?)?,
            session_token: Some(SessionToken::new(element("SessionToken")?)?),
        })
    }
}

/// The root credentials that the server was started with.
pub fn root() -> Result<Credentials> {
    Ok(Credentials {
        access_key_id: KEY.parse()?,
        secret_access_key: SecretAccessKey::new(SECRET)?,
        session_token: None,
    })
}

impl Drop for Bowline {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
