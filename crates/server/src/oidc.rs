//! OIDC federation: from the text of a token to a [`VerifiedToken`].
//!
//! [`Oidc::verify`] is the one way there: the provider's key, the signature, the times, the audience, in this order. Nothing of
//! a token is believed before, and no setting skips a step. Keys come from the provider's record or its issuer, never from the
//! token. With known keys nothing waits for the network.
//!
//! A certificate of an issuer must be signed by a public authority or by one of the provider's bundle. Thumbprints are kept and
//! shown, and trust nothing.

mod address;
mod discovery;
mod error;
mod fetch;
mod jwk;
mod jws;
mod key_cache;
mod provider;
mod signature_memory;
mod stats;
mod token;

use std::{net::SocketAddr, sync::Arc};

use ipnet::IpNet;
use jiff::Timestamp;

use self::{
    address::AddressPolicy,
    fetch::{Fetcher, Resolver, SystemResolver},
    key_cache::{KeyCache, NoKeys},
    signature_memory::{SignatureMemory, SignatureName},
};
pub use self::{
    error::TokenError,
    jws::{Algorithm, DecodedToken, MAX_TOKEN, MalformedJws, UnusableKey},
    provider::{
        InvalidCaBundle, InvalidKeySet, InvalidUrl, validate_ca_bundle, validate_jwks, validate_url,
    },
    stats::Stats,
    token::{UnverifiedToken, VerifiedToken},
};
use crate::index::Provider;

/// Where keys may be fetched from.
#[derive(Clone, Debug, Default)]
pub struct OidcConfig {
    /// Issuers on this machine, also over plain http. For tests.
    pub allow_loopback: bool,
    /// Private networks with issuers.
    pub allow_networks: Vec<IpNet>,
    /// The server's own listeners, which are never asked.
    pub own_listeners: Vec<SocketAddr>,
}

/// Verifies tokens and keeps what that takes: keys, and the names of good signatures. Bounded.
#[derive(Debug)]
pub struct Oidc {
    cache: Arc<KeyCache>,
    memory: SignatureMemory,
    stats: Arc<Stats>,
}

impl Oidc {
    /// With nothing known yet.
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
        let fetcher = Fetcher { policy, resolver };
        Self {
            cache: Arc::new(KeyCache::new(fetcher, Arc::clone(&stats))),
            memory: SignatureMemory::new(),
            stats,
        }
    }

    /// Verifies a token against an account's providers of its issuer. Returns the one whose key verifies.
    ///
    /// Providers of another issuer are passed over. `now` is the request's time.
    ///
    /// # Errors
    /// Why the token is refused; if several providers refuse it, the most telling reason.
    pub async fn verify<'t>(
        &self,
        token: &'t UnverifiedToken<'_>,
        candidates: &[Arc<Provider>],
        now: Timestamp,
    ) -> Result<(VerifiedToken<'t>, Arc<Provider>), TokenError> {
        let issuer = token.unverified_issuer();
        let mut refusal: Option<TokenError> = None;
        for provider in candidates.iter().filter(|p| p.record.issuer() == issuer) {
            match self.verify_signature(token, provider, now).await {
                Ok(()) => {
                    let verified = token.judge(&provider.record.client_ids, now)?;
                    return Ok((verified, Arc::clone(provider)));
                }
                Err(other) => {
                    let told = refusal.as_ref().map(TokenError::weight);
                    if told.is_none_or(|told| other.weight() > told) {
                        refusal = Some(other);
                    }
                }
            }
        }
        Err(refusal.unwrap_or_else(|| TokenError::UnknownIssuer(issuer.to_owned())))
    }

    /// Forgets the keys of providers that are no longer there. What is forgotten too much is fetched again.
    pub fn retain_providers(&self, exists: impl Fn(&str) -> bool) {
        self.cache.retain(exists);
    }

    /// What verification has cost so far.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    async fn verify_signature(
        &self,
        token: &UnverifiedToken<'_>,
        provider: &Arc<Provider>,
        now: Timestamp,
    ) -> Result<(), TokenError> {
        let jws = &token.jws;
        let kid = || {
            let kid = jws.kid.as_deref().unwrap_or_default().chars().take(128);
            kid.flat_map(char::escape_debug).collect::<String>()
        };
        let unusable = |reason| TokenError::NoUsableKey {
            provider: provider.arn.clone(),
            kid: kid(),
            algorithm: jws.algorithm.name(),
            reason,
        };
        let keys = self.cache.keys(provider, jws, now).await;
        let keys = keys.map_err(|no_keys| match no_keys {
            NoKeys::Unreachable(reason) => TokenError::Unreachable {
                provider: provider.arn.clone(),
                reason,
            },
            NoKeys::Useless(reason) => unusable(reason),
        })?;
        let mut tried = false;
        for key in keys.candidates(jws) {
            tried = true;
            let name = SignatureName::new(provider.record.id.as_str(), key, jws);
            if self.memory.knows(name, now.as_second()) {
                self.stats.memory_hits.add();
                return Ok(());
            }
            self.stats.verifications.add();
            if key.verifies(jws) {
                if let Some(end) = token.unverified_end() {
                    self.memory.remember(name, end);
                }
                return Ok(());
            }
        }
        if !tried {
            return Err(unusable("its key set has none".to_owned()));
        }
        Err(TokenError::BadSignature {
            provider: provider.arn.clone(),
            kid: kid(),
        })
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
