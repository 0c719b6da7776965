//! Fetches discovery documents and key sets, within bounds: from where, how long, how much.
//!
//! The shared [connector](bowline_client::connector) resolves each name, checks each address
//! against the [`AddressPolicy`], and connects to the address that it checked. Redirects are not
//! followed, no proxy is used, and each request has its own connection. A request contains no
//! secret. A document has at most 1 MiB. How often a host is asked is limited (`fetch_limits.rs`),
//! and a document that is in flight is not fetched a second time (`shared_fetches.rs`).

use std::{error::Error, sync::Arc};

use arc_swap::ArcSwap;
use bowline_client::connector::{self, Connector, Resolver};
use bowline_iam::account::AccountId;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::{client::legacy, rt::TokioExecutor};
use ipnet::IpNet;

use super::{
    address::AddressPolicy,
    document::DOCUMENT_LIMITS,
    fetch_limits::{
        FetchLimits, FetchRates, LimitedAddresses, LimitedResolver, Purpose, TooManyFetches,
    },
    provider::{HttpUrl, ProviderTls},
    shared_fetches::SharedFetches,
    stats::Stats,
};

/// Most headers of a response.
const MAX_HEADERS: usize = 64;
/// Most bytes that are buffered while a response's headers are read.
const MAX_BUFFER_BYTES: usize = 32 * 1024;

/// Kubernetes answers 406 for its key set unless the second is among them (RFC 7517, 8.5.1).
const MEDIA_TYPES: &str = "application/json, application/jwk-set+json";

/// Fetches documents.
#[derive(Debug)]
pub(super) struct Fetcher {
    policy: ArcSwap<AddressPolicy>,
    resolver: Arc<dyn Resolver>,
    limits: Arc<FetchLimits>,
    shared: SharedFetches,
    stats: Arc<Stats>,
}

/// The account that documents are fetched for, the TLS settings of its provider, and why.
#[derive(Clone, Copy, Debug)]
pub(super) struct Requester<'a> {
    pub(super) account: AccountId,
    pub(super) tls: &'a ProviderTls,
    pub(super) purpose: Purpose,
}

/// A fetched document.
#[derive(Clone, Debug)]
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
    /// Nothing was sent, since too much was fetched lately.
    #[error(transparent)]
    Limited(#[from] TooManyFetches),
}

type DocumentClient = legacy::Client<HttpsConnector<Connector>, Empty<Bytes>>;

impl Fetcher {
    pub(super) fn new(
        policy: AddressPolicy,
        resolver: Arc<dyn Resolver>,
        rates: FetchRates,
        stats: Arc<Stats>,
    ) -> Self {
        Self {
            policy: ArcSwap::from_pointee(policy),
            resolver,
            limits: Arc::new(FetchLimits::new(rates)),
            shared: SharedFetches::default(),
            stats,
        }
    }

    /// Whether issuers may be on this machine.
    pub(super) fn allows_loopback(&self) -> bool {
        self.policy.load().allow_loopback
    }

    /// From now on issuers may be in these private networks.
    pub(super) fn allow_networks(&self, networks: &[IpNet]) {
        self.policy.rcu(|policy| AddressPolicy {
            allow_networks: networks.to_vec(),
            ..AddressPolicy::clone(policy)
        });
    }

    /// Waits until so many documents of a host may be fetched.
    ///
    /// # Errors
    /// [`FetchError::Limited`] if that would take too long.
    pub(super) async fn admit(
        &self,
        requester: Requester<'_>,
        host: &str,
        documents: u32,
    ) -> Result<(), FetchError> {
        let Requester {
            account, purpose, ..
        } = requester;
        let admitted = self.limits.admit(account, host, documents, purpose).await;
        admitted.map_err(|limited| self.count_limited(limited))
    }

    /// Fetches one document that was [admitted](Self::admit), or joins a fetch of it.
    pub(super) async fn fetch(
        &self,
        requester: Requester<'_>,
        url: &HttpUrl,
    ) -> Result<FetchedDocument, FetchError> {
        let document = (
            url.uri.to_string().into_boxed_str(),
            requester.tls.authorities,
        );
        if let Some(joined) = self.shared.join(&document) {
            let fetched = joined.await;
            // The limits of another account are not this one's.
            if !matches!(fetched, Err(FetchError::Limited(_))) {
                return fetched;
            }
        }
        let in_flight = self.limits.in_flight(requester.account).await;
        let (client, url) = (self.client(requester), url.clone());
        let fetched = self.shared.start(document, async move {
            let fetched = fetch(&client, &url).await;
            drop(in_flight);
            fetched
        });
        match fetched.await {
            Err(FetchError::Limited(limited)) => Err(self.count_limited(limited)),
            fetched => fetched,
        }
    }

    fn count_limited(&self, limited: TooManyFetches) -> FetchError {
        self.stats.limited_fetches.add();
        FetchError::Limited(limited)
    }

    fn client(&self, requester: Requester<'_>) -> DocumentClient {
        let addresses = LimitedAddresses {
            policy: AddressPolicy::clone(&self.policy.load()),
            limits: Arc::clone(&self.limits),
            account: requester.account,
        };
        let resolver = LimitedResolver {
            resolver: Arc::clone(&self.resolver),
            limits: Arc::clone(&self.limits),
            account: requester.account,
        };
        let connector = Connector::with_resolver(Arc::new(addresses), Arc::new(resolver));
        let tls = Arc::clone(&requester.tls.config);
        legacy::Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .retry_canceled_requests(false)
            .http1_max_headers(MAX_HEADERS)
            .http1_max_buf_size(MAX_BUFFER_BYTES)
            .build(connector::https(connector, tls))
    }
}

/// Fetches one document.
async fn fetch(client: &DocumentClient, url: &HttpUrl) -> Result<FetchedDocument, FetchError> {
    let authority = &url.authority;
    let request = http::Request::get(url.uri.clone())
        .header(http::header::HOST, authority)
        .header(http::header::ACCEPT, MEDIA_TYPES)
        .header(http::header::USER_AGENT, "bowline")
        .body(Empty::<Bytes>::new())
        .map_err(|e| FetchError::Useless(format!("`{authority}` cannot be requested: {e}")))?;
    let response = client.request(request).await;
    let response = response.map_err(|error| match limited(&error) {
        Some(limited) => FetchError::Limited(limited),
        None => FetchError::Unreachable(no_response(url, &error)),
    })?;
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

/// Whether no connection was made because of the limits.
fn limited(error: &legacy::Error) -> Option<TooManyFetches> {
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(limited) = cause.downcast_ref::<TooManyFetches>() {
            return Some(limited.clone());
        }
        next = cause.source();
    }
    None
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
