//! Discovers a provider's keys: the discovery document, then the key set that it refers to (OpenID
//! Connect Discovery 1.0).

use std::time::Duration;

use bowline_json::Json;

use super::{
    document::DOCUMENT_LIMITS,
    fetch::{FetchError, Fetcher, Requester},
    jwk::KeySet,
    key_report::{Step, Steps},
    provider::HttpUrl,
};

/// Until when both documents must be complete.
const DISCOVERY_TIMEOUT: Duration = Duration::from_secs(5);

/// The keys of a provider.
#[derive(Debug)]
pub(super) struct Published {
    pub(super) keys: KeySet,
    pub(super) max_age: Option<u32>,
}

/// Fetches the keys of the provider at `url`, whose tokens and documents name `issuer`. `steps`
/// gets what was done.
pub(super) async fn discover(
    fetcher: &Fetcher,
    requester: Requester<'_>,
    url: &str,
    issuer: &str,
    steps: &mut Steps,
) -> Result<Published, FetchError> {
    let outcome = tokio::time::timeout(
        DISCOVERY_TIMEOUT,
        discover_within(fetcher, requester, url, issuer, steps),
    )
    .await;
    outcome.unwrap_or_else(|_| {
        Err(FetchError::Unreachable(
            "discovery took more than 5 seconds".to_owned(),
        ))
    })
}

async fn discover_within(
    fetcher: &Fetcher,
    requester: Requester<'_>,
    url: &str,
    issuer: &str,
    steps: &mut Steps,
) -> Result<Published, FetchError> {
    let at = format!(
        "{}/.well-known/openid-configuration",
        url.strip_suffix('/').unwrap_or(url)
    );
    let at = checked(&at, fetcher)?;
    // The key set too, which most issuers have on the same host: what was discovered is not lost.
    fetcher.admit(requester, &at.host(), 2).await?;
    let document = fetcher.fetch(requester, &at).await?;
    let document = bowline_json::parse(&document.body, &DOCUMENT_LIMITS)
        .map_err(|e| FetchError::Useless(format!("discovery document is not strict JSON: {e}")))?;
    steps.done(Step::Document, at.uri.to_string());
    let text = |name: &str| document.get(name).and_then(Json::as_str).unwrap_or("");
    if text("issuer") != issuer {
        let named: String = text("issuer")
            .chars()
            .take(256)
            .flat_map(char::escape_debug)
            .collect();
        return Err(FetchError::Useless(format!(
            "discovery document names the issuer `{named}`, not `{issuer}`"
        )));
    }
    steps.done(Step::Issuer, issuer);
    let jwks_uri = checked(text("jwks_uri"), fetcher)?;
    if jwks_uri.host() != at.host() {
        fetcher.admit(requester, &jwks_uri.host(), 1).await?;
    }
    let document = fetcher.fetch(requester, &jwks_uri).await?;
    let keys = KeySet::published(&document.body);
    let keys = keys.map_err(|e| FetchError::Useless(e.to_string()))?;
    steps.done(Step::KeySet, jwks_uri.uri.to_string());
    Ok(Published {
        keys,
        max_age: document.max_age,
    })
}

fn checked(url: &str, fetcher: &Fetcher) -> Result<HttpUrl, FetchError> {
    if url.len() > 2_048 {
        return Err(FetchError::Useless("url of keys is too long".to_owned()));
    }
    HttpUrl::parse(url, fetcher.allows_loopback()).map_err(|e| {
        FetchError::Useless(format!("cannot fetch from `{}`: {e}", url.escape_debug()))
    })
}
