//! Fetches discovery documents and key sets, within bounds: from where, how long, how much.
//!
//! The shared [connector](bowline_client::connector) resolves each name, checks each address
//! against the [`AddressPolicy`], and connects to the address that it checked. Redirects are not
//! followed, no proxy is used, and each request has its own connection. A request contains no
//! secret. A document has at most 1 MiB.

use std::{error::Error, sync::Arc};

use bowline_client::connector::{self, Connector, Resolver};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::{client::legacy, rt::TokioExecutor};
use rustls::ClientConfig;

use super::{address::AddressPolicy, document::DOCUMENT_LIMITS, provider::HttpUrl};

/// Most headers of a response.
const MAX_HEADERS: usize = 64;
/// Most bytes that are buffered while a response's headers are read.
const MAX_BUFFER_BYTES: usize = 32 * 1024;

/// Kubernetes answers 406 for its key set unless the second is among them (RFC 7517, 8.5.1).
const MEDIA_TYPES: &str = "application/json, application/jwk-set+json";

/// Fetches documents.
#[derive(Debug)]
pub(super) struct Fetcher {
    pub(super) policy: AddressPolicy,
    connector: Connector,
}

/// A fetched document.
#[derive(Debug)]
pub(super) struct FetchedDocument {
    pub(super) body: Bytes,
    /// `max-age` of `Cache-Control`, in seconds.
    pub(super) max_age: Option<u32>,
}

/// Why keys could not be fetched. For the operator: the client sees none of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FetchError {
    /// No response, or one that asks to try again later.
    #[error("{0}")]
    Unreachable(String),
    /// A response that cannot be used.
    #[error("{0}")]
    Useless(String),
}

/// A client for the documents of one provider.
pub(super) type DocumentClient = legacy::Client<HttpsConnector<Connector>, Empty<Bytes>>;

impl Fetcher {
    pub(super) fn new(policy: AddressPolicy, resolver: Arc<dyn Resolver>) -> Self {
        let connector = Connector::with_resolver(Arc::new(policy.clone()), resolver);
        Self { policy, connector }
    }

    /// A client with the TLS settings of a provider.
    pub(super) fn client(&self, tls: &Arc<ClientConfig>) -> DocumentClient {
        legacy::Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .retry_canceled_requests(false)
            .http1_max_headers(MAX_HEADERS)
            .http1_max_buf_size(MAX_BUFFER_BYTES)
            .build(connector::https(self.connector.clone(), Arc::clone(tls)))
    }
}

/// Fetches one document.
pub(super) async fn fetch(
    client: &DocumentClient,
    url: &HttpUrl,
) -> Result<FetchedDocument, FetchError> {
    let authority = &url.authority;
    let request = http::Request::get(url.uri.clone())
        .header(http::header::HOST, authority)
        .header(http::header::ACCEPT, MEDIA_TYPES)
        .header(http::header::USER_AGENT, "bowline")
        .body(Empty::<Bytes>::new())
        .map_err(|e| FetchError::Useless(format!("`{authority}` cannot be requested: {e}")))?;
    let response = client.request(request).await;
    let response = response.map_err(|error| FetchError::Unreachable(no_response(url, &error)))?;
    let status = response.status();
    if status.is_server_error() || status == http::StatusCode::TOO_MANY_REQUESTS {
        return Err(FetchError::Unreachable(format!(
            "`{authority}` responds {status}"
        )));
    }
    if status != http::StatusCode::OK {
        return Err(FetchError::Useless(format!(
            "`{authority}` responds {status}, and redirects are not followed"
        )));
    }
    let max_age = max_age(response.headers());
    let body = Limited::new(response.into_body(), DOCUMENT_LIMITS.max_bytes);
    let body = body.collect().await.map_err(|e| {
        if e.downcast_ref::<LengthLimitError>().is_some() {
            FetchError::Useless(format!("`{authority}` responds with more than 1 MiB"))
        } else {
            FetchError::Unreachable(format!("`{authority}` ends the response early: {e}"))
        }
    })?;
    Ok(FetchedDocument {
        body: body.to_bytes(),
        max_age,
    })
}

/// Why no response came, for the operator: the chain of causes without those of the pool.
fn no_response(url: &HttpUrl, error: &legacy::Error) -> String {
    let mut causes: Vec<&(dyn Error + 'static)> = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause);
        next = cause.source();
    }
    let texts = |causes: &[&(dyn Error + 'static)]| {
        let mut texts: Vec<_> = causes.iter().map(ToString::to_string).collect();
        texts.dedup();
        texts.join(": ")
    };
    let connecting = causes
        .iter()
        .position(|cause| cause.is::<connector::ConnectError>());
    match connecting.and_then(|first| causes.get(first..)) {
        Some(causes) => texts(causes),
        None if error.is_connect() => {
            format!("TLS with `{}` failed: {}", url.authority, texts(&causes))
        }
        None => format!(
            "`{}` does not respond with HTTP: {}",
            url.authority,
            texts(&causes)
        ),
    }
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
