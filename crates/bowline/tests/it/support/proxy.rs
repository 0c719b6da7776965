//! A proxy in front of a server, which notes how clients send their S3 requests.
//!
//! It terminates TLS as an operator's proxy does: it keeps `Host`, and names the client in
//! `X-Forwarded-For` and `X-Forwarded-Proto`. A plain proxy forwards the bytes unchanged.

use std::collections::BTreeSet;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::{fs, io};

use http::Method;
use http::header::{HeaderMap, HeaderValue};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use super::authority::{send_over_tls, server_tls};
use super::http::{Request, Response};

/// A running proxy. Dropping it ends it, with every connection.
pub(crate) struct Proxy {
    /// Such as `https://localhost:40123`.
    pub(crate) url: String,
    pub(crate) port: u16,
    authority: Option<String>,
    folder: TempDir,
    seen: Seen,
    _runtime: Runtime,
}

/// How S3 requests came.
type Seen = Arc<Mutex<BTreeSet<String>>>;

/// The state that the connections of a proxy share.
#[derive(Clone)]
struct Route {
    tls: Option<TlsAcceptor>,
    upstream: SocketAddr,
    from: Ipv4Addr,
    seen: Seen,
}

impl Proxy {
    /// A proxy that ends TLS in front of the server at port `upstream`, to which it comes from the
    /// loopback address `from`.
    pub(crate) fn start(upstream: u16, from: Ipv4Addr) -> Self {
        // The bucket by name, since some clients take a wildcard right under a top-level name for
        // too wide.
        let (tls, authority) = server_tls(&["localhost", "127.0.0.1", "insights.localhost"]);
        let tls = TlsAcceptor::from(Arc::new(tls));
        Self::listen(Some((tls, authority)), upstream, from)
    }

    /// A proxy without TLS, which only looks on.
    pub(crate) fn plain(upstream: u16) -> Self {
        Self::listen(None, upstream, Ipv4Addr::LOCALHOST)
    }

    fn listen(tls: Option<(TlsAcceptor, String)>, upstream: u16, from: Ipv4Addr) -> Self {
        let (tls, authority) = tls.unzip();
        let folder = TempDir::new().unwrap();
        if let Some(authority) = &authority {
            fs::write(folder.path().join("ca.pem"), authority).unwrap();
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let seen = Seen::default();
        let route = Route {
            tls,
            upstream: (Ipv4Addr::LOCALHOST, upstream).into(),
            from,
            seen: Arc::clone(&seen),
        };
        runtime.spawn(accept(listener, route));
        Self {
            url: format!("{scheme}://localhost:{port}"),
            port,
            authority,
            folder,
            seen,
            _runtime: runtime,
        }
    }

    /// The file with the authority that clients have to know, if it speaks TLS.
    pub(crate) fn authority_file(&self) -> Option<PathBuf> {
        let authority = self.authority.as_ref();
        authority.map(|_| self.folder.path().join("ca.pem"))
    }

    /// How S3 requests came: the method, whether the bucket stood in the path or the host, and the
    /// `x-amz-content-sha256`, where a hash is shown as `hash`.
    pub(crate) fn seen(&self) -> String {
        let seen: Vec<_> = self.seen.lock().unwrap().iter().cloned().collect();
        seen.join("\n")
    }

    /// Sends a request over TLS, on a connection of its own.
    pub(crate) fn send(&self, request: &Request) -> Response {
        send_over_tls(request, self.port, self.authority.as_ref().unwrap())
    }
}

async fn accept(listener: TcpListener, route: Route) -> io::Result<()> {
    loop {
        let (stream, client) = listener.accept().await?;
        let route = route.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| forward(request, client, &route));
            let connection = hyper::server::conn::http1::Builder::new();
            // A client that hangs up or does not trust the certificate ends its own connection.
            let _ = match &route.tls {
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => {
                        connection
                            .serve_connection(TokioIo::new(stream), service)
                            .await
                    }
                    Err(_) => return,
                },
                None => {
                    connection
                        .serve_connection(TokioIo::new(stream), service)
                        .await
                }
            };
        });
    }
}

/// Forwards a request and its response, without waiting for either body.
async fn forward(
    mut request: http::Request<Incoming>,
    client: SocketAddr,
    route: &Route,
) -> Result<http::Response<Incoming>, Box<dyn Error + Send + Sync>> {
    if let Some(seen) = s3_request(request.method(), request.headers()) {
        route.seen.lock().unwrap().insert(seen);
    }
    let headers = request.headers_mut();
    if route.tls.is_some() {
        let client = client.ip();
        let chain = match text(headers, "x-forwarded-for") {
            Some(before) => format!("{before}, {client}"),
            None => client.to_string(),
        };
        headers.insert("x-forwarded-for", HeaderValue::try_from(chain)?);
        headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
    }

    let socket = TcpSocket::new_v4()?;
    socket.bind((route.from, 0).into())?;
    let stream = TokioIo::new(socket.connect(route.upstream).await?);
    let (mut upstream, connection) = hyper::client::conn::http1::handshake(stream).await?;
    tokio::spawn(connection);
    Ok(upstream.send_request(request).await?)
}

/// How a request came, if it is signed for S3.
fn s3_request(method: &Method, headers: &HeaderMap) -> Option<String> {
    text(headers, "authorization")?
        .contains("/s3/aws4_request")
        .then_some(())?;
    let signed = text(headers, "x-amz-content-sha256")?;
    let is_hash = signed.len() == 64 && signed.bytes().all(|b| b.is_ascii_hexdigit());
    let form = if is_hash { "hash" } else { signed };
    let bucket = if text(headers, "host")?.contains(".localhost") {
        "host"
    } else {
        "path"
    };
    Some(format!("{method} {bucket} {form}"))
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}
