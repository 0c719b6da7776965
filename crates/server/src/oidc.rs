//! OIDC federation: from the text of a token to a [`VerifiedToken`].
//!
//! [`TokenVerifier::verify`] is the only way to one. It checks the provider's key, the signature,
//! the times and the audience, in this order; no setting skips a step. Keys come from the
//! provider's record or its issuer, never from the token. With cached keys, no request waits for
//! the network.
//!
//! An issuer's certificate must be signed by a public authority, or by one of the provider's
//! bundle. Thumbprints are stored and shown; they establish no trust.

mod address;
mod discovery;
mod document;
mod error;
mod fetch;
mod fetch_limits;
mod fetch_state;
mod jwk;
mod jws;
mod key_cache;
mod key_report;
mod places;
mod provider;
mod provider_keys;
mod shared_fetches;
mod stats;
mod token;
mod verified_signatures;

use std::{cmp::Reverse, net::SocketAddr, sync::Arc};

use bowline_client::connector::{Resolver, SystemResolver};
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use ipnet::IpNet;
use jiff::Timestamp;

use crate::identity::index::ProviderEntry;
use address::AddressPolicy;
pub use error::TokenError;
use fetch::Fetcher;
pub use fetch_limits::FetchRates;
use jwk::KeySet;
pub use jws::{DecodedToken, JwsAlgorithm, MAX_TOKEN, MalformedJws, UnusableKey};
use key_cache::{KeyCache, KeysUnavailable};
pub use key_report::{Failure, Fetched, KeyReport, Step, Steps};
pub use provider::{
    InvalidCaBundle, InvalidKeySet, InvalidUrl, KeyLeftOut, validate_ca_bundle, validate_jwks,
    validate_url,
};
pub use stats::Stats;
pub use token::{UnverifiedToken, VerifiedToken};
use verified_signatures::{SignatureDigest, VerifiedSignatureCache};

/// Providers of one issuer whose keys are fetched concurrently for one token.
const MAX_CONCURRENT_FETCHES: usize = 8;

/// Which addresses keys may be fetched from.
#[derive(Clone, Debug, Default)]
pub struct OidcConfig {
    /// Issuers on this machine, also over plain http. For tests.
    pub allow_loopback: bool,
    /// Private networks with issuers.
    pub allow_networks: Vec<IpNet>,
    /// How often documents are fetched.
    pub fetch_rates: FetchRates,
    /// The server's own listeners, which are never fetched from.
    pub own_listeners: Vec<SocketAddr>,
}

/// Verifies tokens, with bounded caches of keys and of verified signatures.
#[derive(Debug)]
pub struct TokenVerifier {
    cache: Arc<KeyCache>,
    verified_signatures: VerifiedSignatureCache,
    stats: Arc<Stats>,
}

impl TokenVerifier {
    /// A verifier with empty caches.
    pub fn new(config: OidcConfig) -> Self {
        Self::with_resolver(config, Arc::new(SystemResolver))
    }

    fn with_resolver(config: OidcConfig, resolver: Arc<dyn Resolver>) -> Self {
        let stats = Arc::new(Stats::default());
        let policy = AddressPolicy {
            allow_loopback: config.allow_loopback,
            allow_networks: config.allow_networks,
            own_listeners: config.own_listeners,
        };
        let fetcher = Fetcher::new(policy, resolver, config.fetch_rates, Arc::clone(&stats));
        Self {
            cache: Arc::new(KeyCache::new(fetcher, Arc::clone(&stats))),
            verified_signatures: VerifiedSignatureCache::new(),
            stats,
        }
    }

    /// Verifies a token against an account's providers of its issuer. Returns the provider whose
    /// key verifies it.
    ///
    /// Providers of another issuer are skipped. `now` is the request's time.
    ///
    /// # Errors
    /// Why the token is rejected; if several providers refuse it, the strongest reason.
    pub async fn verify<'t>(
        &self,
        token: &'t UnverifiedToken<'_>,
        candidates: &[Arc<ProviderEntry>],
        now: Timestamp,
    ) -> Result<(VerifiedToken<'t>, Arc<ProviderEntry>), TokenError> {
        let issuer = token.unverified_issuer();
        let mut waiting = Vec::new();
        // Providers whose key verified the signature but whose audiences do not include the
        // token's. Another provider with that key may accept it.
        let mut wrong_audience = None;
        // Providers with cached keys first: a token of one must not wait for another that is
        // unreachable.
        for provider in candidates.iter().filter(|p| p.record.issuer() == issuer) {
            let tried = match self.cache.cached(provider, &token.jws, now) {
                None => None,
                Some(keys) => match self.verify_with(&keys, token, provider, now) {
                    Ok(()) => match token.validate_claims(&provider.record.client_ids, now) {
                        Ok(verified) => return Ok((verified, Arc::clone(provider))),
                        Err(refusal @ TokenError::Audience { .. }) => {
                            wrong_audience.get_or_insert(refusal);
                            continue;
                        }
                        Err(refusal) => return Err(refusal),
                    },
                    Err(refusal) => Some((keys, refusal)),
                },
            };
            waiting.push((waiting.len(), provider, tried));
        }
        // The keys of the others are fetched concurrently; the first that verifies ends the loop.
        let mut waiting = waiting.into_iter();
        let mut fetching = FuturesUnordered::new();
        let mut refusals = Vec::new();
        loop {
            let room = MAX_CONCURRENT_FETCHES.saturating_sub(fetching.len());
            for (place, provider, tried) in waiting.by_ref().take(room) {
                fetching.push(async move {
                    let outcome = self.verify_fetched(token, provider, tried, now).await;
                    (place, provider, outcome)
                });
            }
            let Some((place, provider, outcome)) = fetching.next().await else {
                break;
            };
            match outcome {
                Ok(()) => match token.validate_claims(&provider.record.client_ids, now) {
                    Ok(verified) => return Ok((verified, Arc::clone(provider))),
                    Err(refusal @ TokenError::Audience { .. }) => {
                        wrong_audience.get_or_insert(refusal);
                    }
                    Err(refusal) => return Err(refusal),
                },
                Err(refusal) => refusals.push((refusal.weight(), Reverse(place), refusal)),
            }
        }
        if let Some(refusal) = wrong_audience {
            return Err(refusal);
        }
        let strongest = refusals
            .into_iter()
            .max_by_key(|(weight, place, _)| (*weight, *place));
        Err(strongest.map_or_else(
            || TokenError::UnknownIssuer(issuer.to_owned()),
            |(_, _, refusal)| refusal,
        ))
    }

    /// What is known of a provider's keys. Fetches nothing.
    pub fn key_report(&self, provider: &Arc<ProviderEntry>) -> KeyReport {
        self.cache.report(provider)
    }

    /// Fetches a provider's keys as a token would make the server do, within the same limits: the
    /// steps that were done, and what is then known of the keys. `None` if they were fetched for
    /// this in the last ten seconds, or are being fetched.
    pub async fn check_keys(
        &self,
        provider: &Arc<ProviderEntry>,
        now: Timestamp,
    ) -> Option<(Steps, KeyReport)> {
        let (steps, failure) = self.cache.check(provider, now).await?;
        let mut report = self.cache.report(provider);
        report.failure = failure;
        Some((steps, report))
    }

    /// From now on issuers may be in these private networks.
    pub fn allow_networks(&self, networks: &[IpNet]) {
        self.cache.allow_networks(networks);
    }

    /// Evicts the keys of providers that no longer exist.
    pub fn retain_providers(&self, exists: impl Fn(&str) -> bool) {
        self.cache.retain(exists);
    }

    /// Counts of what verification has cost so far.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Verifies the signature with keys that are fetched: the provider's, or newer ones than
    /// `tried`.
    async fn verify_fetched(
        &self,
        token: &UnverifiedToken<'_>,
        provider: &Arc<ProviderEntry>,
        tried: Option<(Arc<KeySet>, TokenError)>,
        now: Timestamp,
    ) -> Result<(), TokenError> {
        let keys = match tried {
            None => {
                let keys = self.cache.get_or_fetch(provider, &token.jws, now).await;
                keys.map_err(|unavailable| match unavailable {
                    KeysUnavailable::Unreachable(reason) => TokenError::Unreachable {
                        provider: provider.arn.clone(),
                        reason,
                    },
                    KeysUnavailable::Useless(reason) => unusable(provider, token, reason),
                })?
            }
            Some((tried, refusal)) => {
                let newer = self
                    .cache
                    .refetch_after_bad_signature(provider, &tried, now)
                    .await;
                newer.ok_or(refusal)?
            }
        };
        self.verify_with(&keys, token, provider, now)
    }

    /// Verifies the signature with these keys.
    fn verify_with(
        &self,
        keys: &KeySet,
        token: &UnverifiedToken<'_>,
        provider: &ProviderEntry,
        now: Timestamp,
    ) -> Result<(), TokenError> {
        let jws = &token.jws;
        let mut tried = false;
        for key in keys.candidates(jws) {
            tried = true;
            let digest = SignatureDigest::new(provider.record.id.as_str(), key, jws);
            if self.verified_signatures.contains(digest, now.as_second()) {
                self.stats.memory_hits.add();
                return Ok(());
            }
            self.stats.verifications.add();
            if key.verifies(jws) {
                if let Some(end) = token.unverified_end() {
                    self.verified_signatures.insert(digest, end);
                }
                return Ok(());
            }
        }
        if !tried {
            return Err(unusable(provider, token, "its key set has none".to_owned()));
        }
        Err(TokenError::BadSignature {
            provider: provider.arn.clone(),
            kid: shown_kid(token),
        })
    }
}

fn unusable(provider: &ProviderEntry, token: &UnverifiedToken<'_>, reason: String) -> TokenError {
    TokenError::NoUsableKey {
        provider: provider.arn.clone(),
        kid: shown_kid(token),
        algorithm: token.jws.algorithm.name(),
        reason,
    }
}

/// The token's key id, for the operator.
fn shown_kid(token: &UnverifiedToken<'_>) -> String {
    let kid = token.jws.kid.as_deref().unwrap_or_default();
    kid.chars().take(128).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
