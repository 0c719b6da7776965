//! One request over one connection, by http or https.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::{HeaderMap, Method};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs::default_provider};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::Endpoint;
use crate::settings::variable;

/// How long an exchange may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Most bytes of an answer.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// A request, not yet signed.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Path and query, percent-encoded.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// An answer, whole.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Response {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Sends a request that has its `host` and reads the answer.
///
/// # Errors
/// If the server cannot be reached or does not answer.
pub(crate) async fn exchange(endpoint: &Endpoint, request: Request) -> Result<Response> {
    let answer = async {
        let address = (endpoint.host.as_str(), endpoint.port);
        let stream = TcpStream::connect(address).await?;
        if endpoint.secure {
            let name = ServerName::try_from(endpoint.host.clone())?;
            let connector = TlsConnector::from(Arc::new(tls()?));
            over(connector.connect(name, stream).await?, request).await
        } else {
            over(stream, request).await
        }
    };
    let reached = || format!("no answer from {}", endpoint.url());
    match timeout(PATIENCE, answer).await {
        Ok(answer) => answer.with_context(reached),
        Err(_) => bail!("{} in {} seconds", reached(), PATIENCE.as_secs()),
    }
}

async fn over<S>(stream: S, request: Request) -> Result<Response>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let mut builder = http::Request::builder()
        .method(request.method)
        .uri(request.target);
    for (name, value) in request.headers {
        builder = builder.header(name, value);
    }
    let request = builder.body(Full::new(Bytes::from(request.body)))?;
    let exchange = async {
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await;
        let body = body.map_err(|error| anyhow::anyhow!(error))?.to_bytes();
        anyhow::Ok(Response {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        })
    };
    tokio::select! {
        answer = exchange => answer,
        ended = connection => {
            ended?;
            bail!("the connection ended before the answer")
        }
    }
}

/// Public authorities, or those in the file that `AWS_CA_BUNDLE` names, as for the AWS clients.
fn tls() -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    match variable("AWS_CA_BUNDLE")? {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(file) => {
            let certificates = CertificateDer::pem_file_iter(&file)
                .with_context(|| format!("reading AWS_CA_BUNDLE `{file}`"))?;
            for certificate in certificates {
                roots.add(certificate?)?;
            }
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
