//! Fetching of discovery documents and key sets, within bounds: where to, how long, how much.
//!
//! Each name is resolved here, each address is checked, and the checked address is the one connected to, so an answer that
//! changes between two look-ups changes nothing. Redirects are not followed, no proxy is asked, one connection makes one
//! request. There is nothing secret in a request. What comes back is at most 1 MiB.

use std::{fmt, future::Future, io, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use bowline_json::JsonLimits;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinHandle,
};
use tokio_rustls::TlsConnector;

use super::{address::AddressPolicy, provider::HttpUrl};

/// Bytes of a document.
const MAX_BODY: usize = 1 << 20;
/// How much a key set or discovery document may hold.
pub(super) const DOCUMENT_LIMITS: JsonLimits = JsonLimits {
    max_bytes: MAX_BODY,
    max_depth: 16,
    max_values: 16_384,
};
/// Addresses that are tried for one name.
const MAX_ADDRESSES: usize = 8;

/// Kubernetes answers 406 for its key set unless the second is among them (RFC 7517, 8.5.1).
const MEDIA_TYPES: &str = "application/json, application/jwk-set+json";

const CONNECT_TIME: Duration = Duration::from_secs(2);

/// Looks names up. A seam for tests; outside them there is [`SystemResolver`] alone.
pub(super) trait Resolver: fmt::Debug + Send + Sync {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a>;
}

pub(super) type Resolving<'a> =
    Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;

/// The operating system's resolver.
#[derive(Debug)]
pub(super) struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }
}

/// Fetches documents.
#[derive(Debug)]
pub(super) struct Fetcher {
    pub(super) policy: AddressPolicy,
    pub(super) resolver: Arc<dyn Resolver>,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) body: Bytes,
    /// `max-age` of `Cache-Control`, in seconds.
    pub(super) max_age: Option<u32>,
}

/// Why keys could not be fetched. For the operator: none of it is told to the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FetchError {
    /// No answer, or one that says to try again later.
    #[error("{0}")]
    Unreachable(String),
    /// An answer that is of no use.
    #[error("{0}")]
    Useless(String),
}

impl Fetcher {
    /// Fetches one document.
    pub(super) async fn get(
        &self,
        url: &HttpUrl,
        tls: &Arc<ClientConfig>,
    ) -> Result<Document, FetchError> {
        let stream = self.connect(url).await?;
        if !url.secure {
            return exchange(stream, url).await;
        }
        let name = ServerName::try_from(url.host.clone())
            .map_err(|_| FetchError::Useless(format!("`{}` is no name for TLS", url.host)))?;
        let connector = TlsConnector::from(Arc::clone(tls));
        let stream = connector.connect(name, stream).await.map_err(|e| {
            FetchError::Unreachable(format!("TLS with `{}` failed: {e}", url.authority))
        })?;
        exchange(stream, url).await
    }

    async fn connect(&self, url: &HttpUrl) -> Result<TcpStream, FetchError> {
        let addresses = match url.host.parse() {
            Ok(ip) => vec![SocketAddr::new(ip, url.port)],
            Err(_) => self.resolve(url).await?,
        };
        let mut failure = format!("`{}` has no address", url.host);
        for address in addresses.into_iter().take(MAX_ADDRESSES) {
            if let Err(refused) = self.policy.check(address) {
                failure = format!("`{}` is not connected to: {refused}", url.authority);
                continue;
            }
            if !url.secure && !address.ip().to_canonical().is_loopback() {
                failure = format!("`{}` is plain http and not this machine", url.authority);
                continue;
            }
            match connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(e) => failure = format!("`{address}` does not accept a connection: {e}"),
            }
        }
        Err(FetchError::Unreachable(failure))
    }

    async fn resolve(&self, url: &HttpUrl) -> Result<Vec<SocketAddr>, FetchError> {
        let resolved = self.resolver.resolve(&url.host, url.port).await;
        resolved
            .map_err(|e| FetchError::Unreachable(format!("`{}` cannot be resolved: {e}", url.host)))
    }
}

/// One address of several may be dead: the others get their share of the time.
async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let connected = tokio::time::timeout(CONNECT_TIME, TcpStream::connect(address)).await;
    connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Ends the connection's task with the request that it serves.
struct Connection(JoinHandle<()>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    url: &HttpUrl,
) -> Result<Document, FetchError> {
    let broken = |e: hyper::Error| {
        FetchError::Unreachable(format!("`{}` does not speak HTTP well: {e}", url.authority))
    };
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_headers(64)
        .max_buf_size(32 * 1024)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    let _connection = Connection(tokio::spawn(async move {
        // Its failures come back with the request.
        let _ = connection.await;
    }));
    let request = http::Request::get(&url.target)
        .header(http::header::HOST, &url.authority)
        .header(http::header::ACCEPT, MEDIA_TYPES)
        .header(http::header::USER_AGENT, "bowline")
        .body(Empty::<Bytes>::new())
        .map_err(|e| FetchError::Useless(format!("`{}` cannot be asked: {e}", url.authority)))?;
    let response = sender.send_request(request).await.map_err(broken)?;
    let status = response.status();
    if status.is_server_error() || status == http::StatusCode::TOO_MANY_REQUESTS {
        return Err(FetchError::Unreachable(format!(
            "`{}` answers {status}",
            url.authority
        )));
    }
    if status != http::StatusCode::OK {
        return Err(FetchError::Useless(format!(
            "`{}` answers {status}, and redirects are not followed",
            url.authority
        )));
    }
    let max_age = max_age(response.headers());
    let body = Limited::new(response.into_body(), MAX_BODY);
    let body = body.collect().await.map_err(|e| {
        if e.downcast_ref::<LengthLimitError>().is_some() {
            FetchError::Useless(format!("`{}` answers more than 1 MiB", url.authority))
        } else {
            FetchError::Unreachable(format!("`{}` breaks off: {e}", url.authority))
        }
    })?;
    Ok(Document {
        body: body.to_bytes(),
        max_age,
    })
}

/// `no-store` and `no-cache` are a `max-age` of nothing, which the cache raises to its floor.
fn max_age(headers: &http::HeaderMap) -> Option<u32> {
    let values = headers.get_all(http::header::CACHE_CONTROL).iter();
    let directives = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim);
    directives
        .filter_map(|directive| {
            if directive.eq_ignore_ascii_case("no-store")
                || directive.eq_ignore_ascii_case("no-cache")
            {
                return Some(0);
            }
            let (name, seconds) = directive.split_once('=')?;
            let seconds = seconds.trim_matches('"').parse().ok()?;
            name.eq_ignore_ascii_case("max-age").then_some(seconds)
        })
        .min()
}
