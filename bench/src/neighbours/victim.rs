//! The victim: a role in an account of its own, with a bucket and a table, at an address of its
//! own.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result};
use bowline_aws::credentials::SecretAccessKey;
use bowline_client::{Client, Credentials, Request};
use bowline_testkit::issuer::Issuer;
use bowline_testkit::wait::now;
use http::Method;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::{VICTIM, connect, read_response, signed};
use crate::server::{Bowline, success, trusting_role};
use crate::workload::{self, OBJECT_BYTES, item_key, table_definition, whole_item};

/// The victim's account.
const ACCOUNT: &str = "999988887777";
/// Its requests.
pub const KINDS: [&str; 4] = ["GetItem", "GetObject", "exchange", "health"];
/// How long it waits between two requests of a kind.
const PAUSE: Duration = Duration::from_millis(2);
/// How long it waits for a response. A longer time is as bad.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A victim with prepared requests.
pub struct Victim {
    requests: [Vec<u8>; KINDS.len()],
    addresses: [SocketAddr; KINDS.len()],
}

/// Latencies of each kind, sorted, and the numbers of requests that failed.
pub struct Latencies([(Vec<Duration>, usize); KINDS.len()]);

impl Victim {
    /// Makes the account and all that is in it.
    pub async fn create(server: &Bowline, issuer: &Issuer) -> Result<Self> {
        let input = json!({ "AccountId": ACCOUNT });
        let created = success(server.root.operator("CreateAccount", &input).await)?;
        let created = created.json().context("JSON")?;
        let text = |name: &str| created.get(name).and_then(Value::as_str).context("a key");
        let root = server.root.with_credentials(Credentials {
            access_key_id: text("AccessKeyId")?.parse()?,
            secret_access_key: SecretAccessKey::new(text("SecretAccessKey")?.to_owned())?,
            session_token: None,
        });
        trusting_role(&root, issuer, ACCOUNT).await?;
        success(root.s3(Method::PUT, "/victims", "").await)?;
        let content = "x".repeat(OBJECT_BYTES);
        success(root.s3(Method::PUT, "/victims/object", content).await)?;
        success(root.dynamodb("CreateTable", &table_definition()).await)?;
        success(root.dynamodb("PutItem", &whole_item()).await)?;
        let target = "DynamoDB_20120810.GetItem".to_owned();
        let get_item = Request::json("1.0", target, &item_key());
        let token = workload::token(issuer, now(), 0);
        let exchange = crate::server::exchange_in(ACCOUNT, &token);
        let health = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n".to_vec();
        let anonymous: Client = root.without_credentials();
        let aws = server.process.address;
        Ok(Self {
            requests: [
                signed(&root, "dynamodb", get_item)?,
                signed(&root, "s3", Request::get("/victims/object"))?,
                signed(&anonymous, "sts", exchange)?,
                health,
            ],
            addresses: [aws, aws, aws, server.ops],
        })
    }

    /// Sends requests of every kind for so long.
    pub async fn measure(self: &Rc<Self>, time: Duration) -> Result<Latencies> {
        let end = Instant::now() + time;
        let [a, b, c, d] = [0, 1, 2, 3].map(|kind| {
            let victim = Rc::clone(self);
            tokio::task::spawn_local(async move { victim.send_until(kind, end).await })
        });
        Ok(Latencies([a.await?, b.await?, c.await?, d.await?]))
    }

    async fn send_until(&self, kind: usize, end: Instant) -> (Vec<Duration>, usize) {
        let (mut latencies, mut failed, mut stream) = (Vec::new(), 0, None);
        while Instant::now() < end {
            let begun = Instant::now();
            let response = timeout(TIMEOUT, self.send(kind, &mut stream)).await;
            if !matches!(response, Ok(Ok(200))) {
                failed += 1;
                stream = None;
            }
            latencies.push(begun.elapsed());
            sleep(PAUSE).await;
        }
        latencies.sort_unstable();
        (latencies, failed)
    }

    async fn send(&self, kind: usize, open: &mut Option<TcpStream>) -> Result<u16> {
        use tokio::io::AsyncWriteExt;
        let stream = match open {
            Some(stream) => stream,
            None => open.insert(connect(VICTIM, self.addresses[kind]).await?),
        };
        stream.write_all(&self.requests[kind]).await?;
        read_response(stream).await
    }
}

impl Latencies {
    /// A percentile of one kind, in milliseconds.
    pub fn percentile(&self, kind: usize, share: usize) -> f64 {
        let (latencies, _) = &self.0[kind];
        let at = latencies.len().saturating_sub(1) * share / 100;
        let latency = latencies.get(at).copied().unwrap_or(TIMEOUT);
        latency.as_secs_f64() * 1e3
    }

    /// How many requests of one kind failed.
    pub fn failed(&self, kind: usize) -> usize {
        self.0[kind].1
    }
}
