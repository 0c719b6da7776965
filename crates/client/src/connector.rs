//! Connects to a host by TCP, and only to addresses that a policy allows.
//!
//! The connector resolves the host, asks the [`AddressPolicy`] about each address, and connects to
//! the address that it asked about, so a second answer of the name's server changes nothing. It
//! reads no proxy variables. [`https`] adds TLS; hyper's pooled client on top of that follows no
//! redirects. Commands, the fetches of issuers' keys and upstreams share this connector, each with
//! a policy of its own.

use std::{
    error::Error,
    fmt,
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::Uri;
use hyper_rustls::HttpsConnector;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower_service::Service;

/// Addresses of one host that are tried.
const MAX_ADDRESSES: usize = 8;
/// Until when one address must accept, so that a dead one leaves time for the others.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Decides which addresses may be connected to.
pub trait AddressPolicy: fmt::Debug + Send + Sync {
    /// Checks an address after resolution. `is_tls` is whether TLS follows.
    ///
    /// # Errors
    /// Why no connection may be made.
    fn check(&self, address: SocketAddr, is_tls: bool) -> Result<(), Box<dyn Error + Send + Sync>>;
}

/// Allows every address: for endpoints that the user of a command names.
#[derive(Clone, Copy, Debug)]
pub struct AnyAddress;

impl AddressPolicy for AnyAddress {
    fn check(&self, _: SocketAddr, _: bool) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }
}

/// The addresses of a host, or why there are none.
pub type Resolution<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;

/// Resolves names. Tests have one of their own; all else uses [`SystemResolver`].
pub trait Resolver: fmt::Debug + Send + Sync {
    /// Resolves a name that is no address.
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolution<'a>;
}

/// The operating system's resolver.
#[derive(Clone, Copy, Debug)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolution<'a> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL names no host.
    #[error("the url has no host")]
    NoHost,
    /// The name cannot be resolved.
    #[error("`{host}` cannot be resolved")]
    Resolve {
        /// The name.
        host: String,
        /// The resolver's error.
        source: io::Error,
    },
    /// The name has no address.
    #[error("`{host}` has no address")]
    NoAddress {
        /// The name.
        host: String,
    },
    /// The policy allows none of the addresses; this is about the last one.
    #[error("`{authority}` is not connected to")]
    Refused {
        /// Host and port.
        authority: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// No address accepted a connection; this is about the last one.
    #[error("`{address}` does not accept a connection")]
    Connect {
        /// The address.
        address: SocketAddr,
        /// The error of the operating system.
        source: io::Error,
    },
}

/// Connects by TCP to allowed addresses. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Connector {
    policy: Arc<dyn AddressPolicy>,
    resolver: Arc<dyn Resolver>,
}

/// Adds TLS to a connector, for `https` URLs. It takes `http` ones too: refusing them is the
/// policy's.
pub fn https(connector: Connector, tls: Arc<ClientConfig>) -> HttpsConnector<Connector> {
    HttpsConnector::from((connector, tls))
}

impl Connector {
    /// A connector with the operating system's resolver.
    pub fn new(policy: Arc<dyn AddressPolicy>) -> Self {
        Self::with_resolver(policy, Arc::new(SystemResolver))
    }

    /// A connector with another resolver.
    pub fn with_resolver(policy: Arc<dyn AddressPolicy>, resolver: Arc<dyn Resolver>) -> Self {
        Self { policy, resolver }
    }

    async fn connect(&self, uri: &Uri) -> Result<TcpStream, ConnectError> {
        let host = uri.host().ok_or(ConnectError::NoHost)?;
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        let is_tls = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let addresses = match host.parse() {
            Ok(ip) => vec![SocketAddr::new(ip, port)],
            Err(_) => self.resolve(host, port).await?,
        };
        let mut failure = ConnectError::NoAddress {
            host: host.to_owned(),
        };
        for address in addresses.into_iter().take(MAX_ADDRESSES) {
            if let Err(source) = self.policy.check(address, is_tls) {
                let authority = uri.authority().map_or(host, |authority| authority.as_str());
                failure = ConnectError::Refused {
                    authority: authority.to_owned(),
                    source,
                };
                continue;
            }
            match connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(source) => failure = ConnectError::Connect { address, source },
            }
        }
        Err(failure)
    }

    async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, ConnectError> {
        let resolved = self.resolver.resolve(host, port).await;
        resolved.map_err(|source| ConnectError::Resolve {
            host: host.to_owned(),
            source,
        })
    }
}

async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await;
    let stream = connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { connector.connect(&uri).await.map(TokioIo::new) })
    }
}
