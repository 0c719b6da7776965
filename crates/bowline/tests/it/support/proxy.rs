//! A proxy that ends TLS in front of a server, as an operator would put one there: it keeps `Host`, says for whom it calls by
//! `X-Forwarded-For` and `X-Forwarded-Proto`, and notes how the bodies that pass are signed.

use std::collections::BTreeSet;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::{fs, io};

use http::header::{HeaderMap, HeaderValue};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use super::authority::{provider, server_tls};
use super::http::{Request, Response, connect, exchange_over};

/// A running proxy. Dropping it ends it, with every connection.
pub(crate) struct Proxy {
    /// Such as `https://localhost:40123`.
    pub(crate) url: String,
    pub(crate) port: u16,
    authority: CertificateDer<'static>,
    folder: TempDir,
    bodies: Bodies,
    _runtime: Runtime,
}

/// How bodies were signed, by the method that they came with.
type Bodies = Arc<Mutex<BTreeSet<String>>>;

/// What every connection of a proxy knows.
#[derive(Clone)]
struct Route {
    upstream: SocketAddr,
    from: Ipv4Addr,
    bodies: Bodies,
}

impl Proxy {
    /// A proxy in front of the server at port `upstream`, to which it comes from the loopback address `from`.
    pub(crate) fn start(upstream: u16, from: Ipv4Addr) -> Self {
        let (tls, authority) = server_tls(&["localhost", "127.0.0.1"]);
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("ca.pem"), &authority).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let bodies = Bodies::default();
        let route = Route {
            upstream: (Ipv4Addr::LOCALHOST, upstream).into(),
            from,
            bodies: Arc::clone(&bodies),
        };
        runtime.spawn(accept(listener, TlsAcceptor::from(Arc::new(tls)), route));
        Self {
            url: format!("https://localhost:{port}"),
            port,
            authority: CertificateDer::from_pem_slice(authority.as_bytes()).unwrap(),
            folder,
            bodies,
            _runtime: runtime,
        }
    }

    /// The file with the authority that clients have to know.
    pub(crate) fn authority_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Every `x-amz-content-sha256` that has passed, after its method; a hash is shown as `hash`.
    pub(crate) fn bodies(&self) -> String {
        let bodies: Vec<_> = self.bodies.lock().unwrap().iter().cloned().collect();
        bodies.join("\n")
    }

    /// Sends a request over TLS, on a connection of its own.
    pub(crate) fn send(&self, request: &Request) -> Response {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let tls = ClientConnection::new(Arc::new(config), name).unwrap();
        let stream = StreamOwned::new(tls, connect(self.port));
        exchange_over(stream, &request.bytes(self.port))
    }
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, route: Route) -> io::Result<()> {
    loop {
        let (stream, client) = listener.accept().await?;
        let (tls, route) = (tls.clone(), route.clone());
        tokio::spawn(async move {
            let service = service_fn(|request| forward(request, client, &route));
            // A client that hangs up or does not trust the certificate ends its own connection.
            if let Ok(stream) = tls.accept(stream).await {
                let connection = hyper::server::conn::http1::Builder::new();
                let _ = connection
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            }
        });
    }
}

/// Hands a request on, and the answer back, without waiting for either body.
async fn forward(
    mut request: http::Request<Incoming>,
    client: SocketAddr,
    route: &Route,
) -> Result<http::Response<Incoming>, Box<dyn Error + Send + Sync>> {
    if let Some(signed) = text(request.headers(), "x-amz-content-sha256") {
        let is_hash = signed.len() == 64 && signed.bytes().all(|b| b.is_ascii_hexdigit());
        let form = if is_hash { "hash" } else { signed };
        let body = format!("{} {form}", request.method());
        route.bodies.lock().unwrap().insert(body);
    }
    let headers = request.headers_mut();
    let client = client.ip();
    let chain = match text(headers, "x-forwarded-for") {
        Some(before) => format!("{before}, {client}"),
        None => client.to_string(),
    };
    headers.insert("x-forwarded-for", HeaderValue::try_from(chain)?);
    headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));

    let socket = TcpSocket::new_v4()?;
    socket.bind((route.from, 0).into())?;
    let stream = TokioIo::new(socket.connect(route.upstream).await?);
    let (mut upstream, connection) = hyper::client::conn::http1::handshake(stream).await?;
    tokio::spawn(connection);
    Ok(upstream.send_request(request).await?)
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}
