//! One request over one connection, by http or https.

use std::{pin::pin, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
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
    let mut exchange = pin!(exchange);
    // A connection that ends has handed over what it had by then, be it an answer or a failure.
    tokio::select! {
        biased;
        answer = exchange.as_mut() => answer,
        _ = connection => exchange.await,
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
            for (number, certificate) in (1..).zip(certificates) {
                certificate
                    .map_err(anyhow::Error::from)
                    .and_then(|certificate| Ok(roots.add(certificate)?))
                    .with_context(|| {
                        format!("reading certificate {number} of AWS_CA_BUNDLE `{file}`")
                    })?;
            }
            ensure!(
                !roots.is_empty(),
                "AWS_CA_BUNDLE `{file}` holds no certificate in PEM"
            );
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    /// What is made of an answer after which the connection ends.
    async fn answered(answer: &'static [u8]) -> String {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(answer).await.unwrap();
        });
        let request = Request {
            method: Method::GET,
            target: "/".to_owned(),
            headers: vec![("host".to_owned(), address.to_string())],
            body: Vec::new(),
        };
        let endpoint = format!("http://{address}").parse().unwrap();
        let answer = exchange(&endpoint, request).await;
        server.await.unwrap();
        match answer {
            Ok(answer) => format!("{} {}", answer.status, answer.text()),
            Err(error) => format!("{error:#}").replace(&address.to_string(), "[address]"),
        }
    }

    #[tokio::test]
    async fn an_answer_that_ends_the_connection_is_an_answer() {
        let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello";
        insta::assert_snapshot!(answered(answer).await, @"200 hello");
        let answer = b"HTTP/1.1 200 OK\r\n\r\nto the end";
        insta::assert_snapshot!(answered(answer).await, @"200 to the end");
        insta::assert_snapshot!(answered(b"").await, @"no answer from http://[address]: connection closed before message completed");
        insta::assert_snapshot!(answered(b"SSH-2.0-x\r\n\r\n").await, @"no answer from http://[address]: invalid HTTP version parsed");
    }
}
