//! Buckets that get another owner between a decision about them and the work of its handler.

use std::sync::Mutex;

use bowline_aws::{
    credentials::SecretAccessKey,
    s3::ObjectKey,
    sigv4::{Credentials, RequestParts, SigningPayload, sign},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
};

use super::*;

mod handlers;

use crate::{
    bootstrap::RootCredentials,
    clock::Clock,
    identity::entity::UpstreamBucket,
    server::testing::TestServer,
    upstream::{
        BoxFuture,
        objects::{
            ListPage, ListQuery, NewObject, ObjectError, ObjectInfo, ObjectStore, OpenObject,
            UploadStream, embedded::EmbeddedObjects,
        },
    },
};

/// The embedded store behind a gate, which stops the first call after it was closed.
#[derive(Clone, Debug)]
struct Gated {
    store: EmbeddedObjects,
    gate: Arc<Mutex<Option<Gate>>>,
}

/// Reports a call, and waits until the call may continue.
#[derive(Debug)]
struct Gate {
    arrived: oneshot::Sender<()>,
    open: oneshot::Receiver<()>,
}

impl Gated {
    /// Closes the gate for the next call. Returns what reports the call, and what opens the gate.
    fn close(&self) -> (oneshot::Receiver<()>, oneshot::Sender<()>) {
        let ((arrived, has_arrived), (open_gate, open)) = (oneshot::channel(), oneshot::channel());
        *self.gate.lock().unwrap() = Some(Gate { arrived, open });
        (has_arrived, open_gate)
    }

    async fn pass(&self) {
        let gate = self.gate.lock().unwrap().take();
        if let Some(Gate { arrived, open }) = gate {
            arrived.send(()).unwrap();
            open.await.unwrap();
        }
    }
}

impl ObjectStore for Gated {
    fn create_bucket<'a>(
        &'a self,
        bucket: &'a UpstreamBucket,
    ) -> BoxFuture<'a, Result<(), ObjectError>> {
        self.store.create_bucket(bucket)
    }

    fn delete_bucket<'a>(
        &'a self,
        bucket: &'a UpstreamBucket,
    ) -> BoxFuture<'a, Result<(), ObjectError>> {
        self.store.delete_bucket(bucket)
    }

    fn open<'a>(
        &'a self,
        bucket: &'a UpstreamBucket,
        key: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<OpenObject, ObjectError>> {
        Box::pin(async move {
            self.pass().await;
            self.store.open(bucket, key).await
        })
    }

    fn info<'a>(
        &'a self,
        bucket: &'a UpstreamBucket,
        key: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<ObjectInfo, ObjectError>> {
        Box::pin(async move {
            self.pass().await;
            self.store.info(bucket, key).await
        })
    }

    fn put<'a>(
        &'a self,
        bucket: &'a UpstreamBucket,
        key: &'a ObjectKey,
        object: NewObject,
        body: UploadStream,
    ) -> BoxFuture<'a, Result<ObjectInfo, ObjectError>> {
        Box::pin(async move {
            self.pass().await;
            self.store.put(bucket, key, object, body).await
        })
    }

    fn delete<'a>(
        &'a self,
        bucket: &'a UpstreamBucket,
        key: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<(), ObjectError>> {
        Box::pin(async move {
            self.pass().await;
            self.store.delete(bucket, key).await
        })
    }

    fn list<'a>(
        &'a self,
        bucket: &'a UpstreamBucket,
        query: ListQuery,
    ) -> BoxFuture<'a, Result<ListPage, ObjectError>> {
        Box::pin(async move {
            self.pass().await;
            self.store.list(bucket, query).await
        })
    }
}

fn root(digit: char) -> RootCredentials {
    RootCredentials {
        account: digit.to_string().repeat(12).parse().unwrap(),
        access_key_id: format!("AKIACHANGEHANDSROOT{digit}").parse().unwrap(),
        secret_access_key: SecretAccessKey::new(digit.to_string().repeat(40)).unwrap(),
    }
}

/// Sends an S3 request. Returns status and body of the response.
async fn send(
    address: std::net::SocketAddr,
    root: RootCredentials,
    method: &'static str,
    target: &'static str,
    body: &'static str,
) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let host = address.to_string();
    let parts = RequestParts {
        method,
        path,
        query,
        headers: &[("host", host.as_bytes())],
    };
    let credentials = Credentials {
        access_key_id: root.access_key_id,
        secret_access_key: root.secret_access_key,
        session_token: None,
    };
    let payload = SigningPayload::Whole(body.as_bytes());
    let now = Clock::system().now();
    let signed = sign(&parts, payload, &credentials, "us-east-1", "s3", now).unwrap();
    let signed: String = signed
        .iter()
        .flat_map(|(name, value)| [&**name, ": ", &**value, "\r\n"])
        .collect();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{signed}content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    format!("{} {body}", head.split(' ').nth(1).unwrap())
}

#[tokio::test]
async fn a_request_permitted_for_a_bucket_does_nothing_to_the_bucket_of_another_account_that_has_its_name_now()
 {
    let mut gated = None;
    let server = TestServer::start_over(vec![root('1'), root('2')], |store| {
        let gate = Arc::default();
        Arc::new(gated.insert(Gated { store, gate }).clone())
    });
    let server = server.await;
    let (address, gated) = (server.aws(), gated.unwrap());
    let (ours, theirs) = (root('1'), root('2'));
    let must = async |root: &RootCredentials, method, target, body| {
        let response = send(address, root.clone(), method, target, body).await;
        assert!(response.starts_with('2'), "{method} {target}: {response}");
        response
    };
    for (method, target, body) in [
        ("GET", "/insights/a", ""),
        ("HEAD", "/insights/a", ""),
        ("GET", "/insights?list-type=2", ""),
        ("PUT", "/insights/a", "ours again"),
        ("DELETE", "/insights/a", ""),
    ] {
        must(&ours, "PUT", "/insights", "").await;
        must(&ours, "PUT", "/insights/a", "ours").await;
        let (has_arrived, open_gate) = gated.close();
        let late = tokio::spawn(send(address, ours.clone(), method, target, body));
        has_arrived.await.unwrap();
        must(&ours, "DELETE", "/insights/a", "").await;
        must(&ours, "DELETE", "/insights", "").await;
        must(&theirs, "PUT", "/insights", "").await;
        must(&theirs, "PUT", "/insights/a", "theirs").await;
        open_gate.send(()).unwrap();
        let response = late.await.unwrap();
        let no_bucket = response.contains("<Code>NoSuchBucket</Code>") || method == "HEAD";
        assert!(
            response.starts_with("404 ") && no_bucket,
            "{method} {target}: {response}"
        );
        let stored = must(&theirs, "GET", "/insights/a", "").await;
        assert_eq!(stored, "200 theirs", "{method} {target}");
        must(&theirs, "DELETE", "/insights/a", "").await;
        must(&theirs, "DELETE", "/insights", "").await;
    }
}
