//! The pool of connections, over TCP or TLS.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use bowline_aws::sigv4::SignatureError;
use bytes::Bytes;
use http::{Method, header::CONTENT_LENGTH};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::Client as Pool,
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs::default_provider};
use tokio::time::timeout;

use crate::{
    Endpoint, Request, Response,
    connector::{self, AnyAddress, Connector},
};

/// Until when a response must be complete.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Most bytes of a response's body.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// Until when the head of a streamed response must come: the server prepares it first.
const STREAM_TIMEOUT: Duration = Duration::from_mins(30);

/// A response whose body is still coming.
pub(crate) struct StreamedResponse {
    /// The response, without its body.
    pub(crate) head: Response,
    body: Incoming,
    endpoint: Endpoint,
}

/// A pool of connections. Clones share it.
#[derive(Clone)]
pub struct Transport {
    pool: Pool<HttpsConnector<Connector>, Full<Bytes>>,
}

/// No response came.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The request cannot be signed.
    #[error("signing the request")]
    Sign(#[from] SignatureError),
    /// The request is not valid HTTP.
    #[error("building the request")]
    Build(#[from] http::Error),
    /// The endpoint cannot be reached, or ended the connection.
    #[error("no response from {endpoint}")]
    NoResponse {
        /// The endpoint.
        endpoint: Endpoint,
        /// Why.
        source: RootCause,
    },
    /// The response was not complete in time.
    #[error("no response from {endpoint} in {} seconds", REQUEST_TIMEOUT.as_secs())]
    Timeout {
        /// The endpoint.
        endpoint: Endpoint,
    },
}

impl SendError {
    /// What an operator can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Sign(_) | Self::Build(_) => None,
            Self::NoResponse { .. } | Self::Timeout { .. } => Some(
                "start one with `bowline serve`, or name it with --endpoint or AWS_ENDPOINT_URL"
                    .to_owned(),
            ),
        }
    }
}

/// The error at the end of a chain of sources: hyper and its pool wrap it in errors that add
/// nothing.
#[derive(Debug)]
pub struct RootCause(Box<dyn Error + Send + Sync>);

impl fmt::Display for RootCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cause: &dyn Error = &*self.0;
        while let Some(source) = cause.source() {
            cause = source;
        }
        fmt::Display::fmt(cause, f)
    }
}

impl Error for RootCause {}

impl Transport {
    /// A pool for plain HTTP: it trusts no certificate authority.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn plain_http() -> Result<Self, rustls::Error> {
        Self::new(RootCertStore::empty())
    }

    /// A pool whose TLS connections trust these authorities. It uses no proxy and follows no
    /// redirect.
    ///
    /// # Errors
    /// If the cryptography has no version of TLS, which does not happen.
    pub fn new(authorities: RootCertStore) -> Result<Self, rustls::Error> {
        let tls = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(authorities)
            .with_no_client_auth();
        let connector = connector::https(Connector::new(Arc::new(AnyAddress)), Arc::new(tls));
        let pool = Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(Self { pool })
    }

    /// Sends a request that has its `host`, and reads the head of the response.
    ///
    /// # Errors
    /// If the endpoint cannot be reached, or no response comes.
    pub(crate) async fn open(
        &self,
        endpoint: &Endpoint,
        request: Request,
    ) -> Result<StreamedResponse, SendError> {
        let request = build(endpoint, request)?;
        let response = timeout(STREAM_TIMEOUT, self.pool.request(request)).await;
        let response = response.map_err(|_| SendError::Timeout {
            endpoint: endpoint.clone(),
        })?;
        let (parts, body) = response
            .map_err(|error| no_response(endpoint, error.into()))?
            .into_parts();
        Ok(StreamedResponse {
            head: Response {
                status: parts.status.as_u16(),
                headers: parts.headers,
                body: Bytes::new(),
            },
            body,
            endpoint: endpoint.clone(),
        })
    }

    /// Sends a request that has its `host`, and reads the whole response.
    ///
    /// # Errors
    /// If the endpoint cannot be reached, or no response comes.
    pub async fn send(&self, endpoint: &Endpoint, request: Request) -> Result<Response, SendError> {
        let request = build(endpoint, request)?;
        let exchange = async {
            let (parts, body) = self.pool.request(request).await?.into_parts();
            let body = Limited::new(body, MAX_BODY_BYTES).collect().await?;
            Ok::<_, Box<dyn Error + Send + Sync>>(Response {
                status: parts.status.as_u16(),
                headers: parts.headers,
                body: body.to_bytes(),
            })
        };
        match timeout(REQUEST_TIMEOUT, exchange).await {
            Ok(response) => response.map_err(|error| no_response(endpoint, error)),
            Err(_) => Err(SendError::Timeout {
                endpoint: endpoint.clone(),
            }),
        }
    }
}

fn build(endpoint: &Endpoint, request: Request) -> Result<http::Request<Full<Bytes>>, http::Error> {
    let mut builder = http::Request::builder()
        .method(request.method.clone())
        .uri(format!("{endpoint}{}", request.target));
    for (name, value) in request.headers {
        builder = builder.header(name, value);
    }
    // HTTP's client leaves the length of an empty body out, and S3 requires one of an upload.
    if matches!(request.method, Method::PUT | Method::POST) {
        builder = builder.header(CONTENT_LENGTH, request.body.len());
    }
    builder.body(Full::new(Bytes::from(request.body)))
}

fn no_response(endpoint: &Endpoint, error: Box<dyn Error + Send + Sync>) -> SendError {
    SendError::NoResponse {
        endpoint: endpoint.clone(),
        source: RootCause(error),
    }
}

impl StreamedResponse {
    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// If the connection ends, or nothing comes for a while.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, SendError> {
        loop {
            let frame = timeout(STREAM_TIMEOUT, self.body.frame()).await;
            let frame = frame.map_err(|_| SendError::Timeout {
                endpoint: self.endpoint.clone(),
            })?;
            match frame {
                None => return Ok(None),
                Some(Err(error)) => return Err(no_response(&self.endpoint, error.into())),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// The whole response, which is an error's.
    ///
    /// # Errors
    /// If the connection ends.
    pub(crate) async fn whole(self) -> Result<Response, SendError> {
        let body = Limited::new(self.body, MAX_BODY_BYTES).collect().await;
        let body = body.map_err(|error| no_response(&self.endpoint, error))?;
        Ok(Response {
            body: body.to_bytes(),
            ..self.head
        })
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpListener, TcpStream},
    };

    use super::*;

    fn transport() -> Transport {
        Transport::new(RootCertStore::empty()).unwrap()
    }

    async fn get(transport: &Transport, address: SocketAddr) -> Result<Response, SendError> {
        let endpoint = format!("http://{address}").parse().unwrap();
        transport.send(&endpoint, Request::get("/")).await
    }

    async fn read_head(stream: &mut TcpStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
    }

    /// What the client returns for these bytes, after which the connection ends.
    async fn outcome(response: &'static [u8]) -> String {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_head(&mut stream).await;
            stream.write_all(response).await.unwrap();
        });
        let response = get(&transport(), address).await;
        server.await.unwrap();
        match response {
            Ok(response) => format!("{} {}", response.status, response.text()),
            Err(error) => {
                let source = error.source().unwrap();
                format!("{error}: {source}").replace(&address.to_string(), "[address]")
            }
        }
    }

    #[tokio::test]
    async fn a_response_may_end_the_connection() {
        let response = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello";
        insta::assert_snapshot!(outcome(response).await, @"200 hello");
        let response = b"HTTP/1.1 200 OK\r\n\r\nto the end";
        insta::assert_snapshot!(outcome(response).await, @"200 to the end");
        insta::assert_snapshot!(outcome(b"").await, @"no response from http://[address]: connection closed before message completed");
        insta::assert_snapshot!(outcome(b"SSH-2.0-x\r\n\r\n").await, @"no response from http://[address]: invalid HTTP version parsed");
    }

    #[tokio::test]
    async fn requests_share_a_connection() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            for _ in 0..3 {
                read_head(&mut stream).await;
                let response = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                stream.write_all(response).await.unwrap();
            }
        });
        let transport = transport();
        for _ in 0..3 {
            assert_eq!(get(&transport, address).await.unwrap().status, 200);
        }
        server.await.unwrap();
    }

    #[tokio::test]
    async fn an_error_shows_the_root_cause() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let error = get(&transport(), address).await.unwrap_err();
        insta::assert_snapshot!(error.source().unwrap(), @"Connection refused (os error 111)");
    }
}
