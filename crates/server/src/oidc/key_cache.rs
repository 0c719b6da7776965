//! The keys of each provider: fetched when first needed, cached, refreshed and evicted.
//!
//! State is per provider record, never per issuer or key id: two accounts may register one issuer
//! with different keys, and a record that changes starts with an empty cache. Reading cached keys
//! takes no lock and does not wait. Each provider has at most one fetch in flight; every request
//! that needs it shares its result.

use std::{collections::HashMap, sync::Arc};

use arc_swap::ArcSwap;
use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::{
    discovery::discover,
    fetch::{FetchError, Fetcher, Requester},
    fetch_limits::Purpose,
    fetch_state::{FetchState, RETRY_AFTER_FAILURE},
    jwk::KeySet,
    jws::CompactJws,
    key_report::{self, Failure, Fetched, KeyReport, Steps},
    provider_keys::{CachedKeys, KeySource, ProviderKeys, after},
    stats::Stats,
};
use crate::identity::index::ProviderEntry;

/// `max-age` without `Cache-Control`, in seconds.
const DEFAULT_MAX_AGE: u32 = 3_600;
/// The least time between two fetches for unknown keys.
const REFETCH_INTERVAL: SignedDuration = SignedDuration::from_secs(10);
/// How long requests that waited for a fetch share its failure: longer than any fetch takes.
const FAILURE_SHARED_FOR: SignedDuration = SignedDuration::from_secs(10);
/// The least time between a failure and the next fetch, with expired keys.
const RETRY_AFTER_FAILURE_IF_STALE: SignedDuration = SignedDuration::from_secs(30);

/// The keys of every provider whose tokens were presented.
#[derive(Debug)]
pub(super) struct KeyCache {
    fetcher: Fetcher,
    stats: Arc<Stats>,
    providers: ArcSwap<HashMap<Box<str>, Arc<ProviderKeys>>>,
}

/// Why there is no key set.
#[derive(Debug)]
pub(super) enum KeysUnavailable {
    Unreachable(String),
    Useless(String),
}

/// The result of a refetch.
#[derive(Debug)]
enum Refetch {
    /// The keys that the provider publishes now.
    Fetched(Arc<KeySet>),
    /// Keys that another request fetched meanwhile.
    Changed(Arc<KeySet>),
    /// No keys: the last refetch is too recent, it failed, or the keys were uploaded.
    Refused,
}

impl KeyCache {
    pub(super) fn new(fetcher: Fetcher, stats: Arc<Stats>) -> Self {
        Self {
            fetcher,
            stats,
            providers: ArcSwap::default(),
        }
    }

    /// Cached keys that are fresh and have a candidate for this token.
    pub(super) fn cached(
        self: &Arc<Self>,
        provider: &Arc<ProviderEntry>,
        token: &CompactJws<'_>,
        now: Timestamp,
    ) -> Option<Arc<KeySet>> {
        let entry = self.entry(provider);
        let keys = match &entry.source {
            Ok(KeySource::Uploaded) => Arc::clone(&entry.keys.load().as_ref()?.keys),
            Ok(KeySource::Discovery(_)) => self.cached_if_fresh(&entry, now)?,
            Err(_) => return None,
        };
        keys.knows(token).then_some(keys)
    }

    /// Keys other than those that did not verify the signature: a provider may replace a key under
    /// the same id, or publish keys without ids. Fetched if necessary, no more often than for
    /// unknown keys.
    pub(super) async fn refetch_after_bad_signature(
        self: &Arc<Self>,
        provider: &Arc<ProviderEntry>,
        tried: &Arc<KeySet>,
        now: Timestamp,
    ) -> Option<Arc<KeySet>> {
        let entry = self.entry(provider);
        match self.refetch(&entry, tried, now).await {
            Refetch::Fetched(keys) | Refetch::Changed(keys) => Some(keys),
            Refetch::Refused => None,
        }
    }

    /// The provider's keys for this token, from the cache or fetched.
    pub(super) async fn get_or_fetch(
        self: &Arc<Self>,
        provider: &Arc<ProviderEntry>,
        token: &CompactJws<'_>,
        now: Timestamp,
    ) -> Result<Arc<KeySet>, KeysUnavailable> {
        let entry = self.entry(provider);
        match &entry.source {
            Err(reason) => return Err(KeysUnavailable::Useless(reason.clone())),
            Ok(KeySource::Uploaded) => {
                let cached = entry.keys.load();
                let keys = cached.as_ref().map(|cached| Arc::clone(&cached.keys));
                return keys.ok_or_else(|| KeysUnavailable::Useless("it has no keys".to_owned()));
            }
            Ok(KeySource::Discovery(_)) => {}
        }
        let keys = self.fresh_or_stale(&entry, now).await?;
        if keys.knows(token) {
            return Ok(keys);
        }
        let newer = self
            .refetch_for_unknown_kid(&entry, &keys, token, now)
            .await;
        Ok(newer.unwrap_or(keys))
    }

    /// What is known of the provider's keys. Fetches nothing.
    pub(super) fn report(self: &Arc<Self>, provider: &Arc<ProviderEntry>) -> KeyReport {
        let entry = self.entry(provider);
        let mut report = KeyReport::default();
        let failure = if let Err(reason) = &entry.source {
            Some((Timestamp::UNIX_EPOCH, reason.clone()))
        } else {
            // While a fetch is under way nothing is known of it.
            let state = entry.state.try_lock().ok();
            let failure = state.as_ref().and_then(|state| state.failure.as_ref());
            failure.map(|(at, failure)| (*at, failure.to_string()))
        };
        report.failure = failure.map(|(at, reason)| Failure::new(at, reason));
        if let Some(cached) = entry.keys.load_full() {
            report.add_keys(&cached.keys);
            let is_fetched = matches!(entry.source, Ok(KeySource::Discovery(_)));
            report.fetched = is_fetched.then_some(Fetched {
                at: cached.fetched,
                fresh_until: cached.fresh_until,
                usable_until: cached.unusable_from,
            });
        }
        report
    }

    /// Fetches the provider's keys, although they may be fresh, and says what was done and why it
    /// failed. `None` if a
    /// fetch is under way or was made lately, so that checks neither hold up the requests that need
    /// the keys nor use up what the limits keep for them. Uploaded keys are not fetched.
    pub(super) async fn check(
        self: &Arc<Self>,
        provider: &Arc<ProviderEntry>,
        now: Timestamp,
    ) -> Option<(Steps, Option<Failure>)> {
        let entry = self.entry(provider);
        let (mut steps, mut failure) = (Steps::default(), None);
        if let Ok(KeySource::Discovery(_)) = &entry.source {
            let mut state = entry.state.try_lock().ok()?;
            let lately = |at: Timestamp| now.duration_since(at) < REFETCH_INTERVAL;
            if state.checked.is_some_and(lately) {
                return None;
            }
            state.checked = Some(now);
            let before = (state.failures, state.failure.clone());
            // Anyone in the account can cause the fetch, as with an unknown key.
            let purpose = Purpose::UnknownKey;
            let fetched = self
                .fetch_uncoalesced(&entry, &mut state, purpose, &mut steps, now)
                .await;
            if let Err(error) = fetched {
                failure = Some(Failure::new(now, error.to_string()));
                // A check that fails keeps no request from fetching.
                (state.failures, state.failure) = before;
            }
        }
        Some((steps, failure))
    }

    /// From now on issuers may be in these private networks.
    pub(super) fn allow_networks(&self, networks: &[IpNet]) {
        self.fetcher.allow_networks(networks);
    }

    /// Evicts providers that no longer exist.
    pub(super) fn retain(&self, exists: impl Fn(&str) -> bool) {
        if self.providers.load().keys().all(|id| exists(id)) {
            return;
        }
        self.providers.rcu(|providers| {
            let cached = providers.iter().filter(|(id, _)| exists(id));
            cached
                .map(|(id, entry)| (id.clone(), Arc::clone(entry)))
                .collect::<HashMap<_, _>>()
        });
    }

    fn entry(&self, provider: &Arc<ProviderEntry>) -> Arc<ProviderKeys> {
        let id = provider.record.id.as_str();
        // A request that began before a change may use the older record; the newer one's keys
        // count.
        let current = |entry: &&Arc<ProviderKeys>| entry.provider.revision >= provider.revision;
        if let Some(entry) = self.providers.load().get(id).filter(current) {
            return Arc::clone(entry);
        }
        let fresh = Arc::new(ProviderKeys::new(Arc::clone(provider)));
        self.providers.rcu(|providers| {
            if providers.get(id).as_ref().is_some_and(current) {
                return Arc::clone(providers);
            }
            let mut providers = HashMap::clone(providers);
            providers.insert(id.into(), Arc::clone(&fresh));
            Arc::new(providers)
        });
        let stored = self.providers.load().get(id).map(Arc::clone);
        stored.unwrap_or(fresh)
    }

    /// Cached keys that are fresh. Refreshes them in the background when half of their time is
    /// over.
    fn cached_if_fresh(
        self: &Arc<Self>,
        entry: &Arc<ProviderKeys>,
        now: Timestamp,
    ) -> Option<Arc<KeySet>> {
        let cached = entry.keys.load();
        let cached = cached.as_ref().filter(|cached| now < cached.fresh_until)?;
        if now >= cached.refresh_at {
            self.refresh_in_background(entry, now);
        }
        Some(Arc::clone(&cached.keys))
    }

    /// Fresh keys, or stale ones if no newer ones can be fetched.
    async fn fresh_or_stale(
        self: &Arc<Self>,
        entry: &Arc<ProviderKeys>,
        now: Timestamp,
    ) -> Result<Arc<KeySet>, KeysUnavailable> {
        if let Some(keys) = self.cached_if_fresh(entry, now) {
            return Ok(keys);
        }
        let cached = entry.keys.load_full();
        let gap = if cached.is_some() {
            RETRY_AFTER_FAILURE_IF_STALE
        } else {
            RETRY_AFTER_FAILURE
        };
        // A task of its own, so that the fetch completes even if this request is cancelled.
        let (cache, waited_for) = (Arc::clone(self), Arc::clone(entry));
        let fetching =
            tokio::spawn(async move { cache.fetch_coalesced(&waited_for, now, gap).await });
        let ended = fetching.await.unwrap_or_else(|e| {
            let reason = format!("fetching ended early: {e}");
            Err(FetchError::Unreachable(reason))
        });
        let failure = match ended {
            Ok(keys) => return Ok(keys),
            Err(failure) => failure,
        };
        match cached.filter(|cached| now < cached.unusable_from) {
            Some(cached) => {
                self.stats.stale_uses.add();
                Ok(Arc::clone(&cached.keys))
            }
            None => Err(match failure {
                FetchError::Unreachable(reason) => KeysUnavailable::Unreachable(reason),
                FetchError::Limited(limited) => KeysUnavailable::Unreachable(limited.to_string()),
                FetchError::Useless(reason) => KeysUnavailable::Useless(reason),
            }),
        }
    }

    /// Refetches for a key that is not cached, unless that was tried recently.
    async fn refetch_for_unknown_kid(
        self: &Arc<Self>,
        entry: &Arc<ProviderKeys>,
        known: &Arc<KeySet>,
        token: &CompactJws<'_>,
        now: Timestamp,
    ) -> Option<Arc<KeySet>> {
        let key = format!(
            "{} {}",
            token.algorithm.name(),
            token.kid.as_deref().unwrap_or("")
        );
        if entry.is_negative(&key, now) {
            self.stats.negative_hits.add();
            return None;
        }
        match self.refetch(entry, known, now).await {
            Refetch::Fetched(keys) => {
                if !keys.knows(token) {
                    entry.add_negative(key, now);
                }
                Some(keys)
            }
            Refetch::Changed(keys) => Some(keys),
            Refetch::Refused => {
                self.stats.negative_hits.add();
                None
            }
        }
    }

    /// Fetches although `known` is fresh, unless other keys were cached since or the last refetch
    /// is too recent.
    async fn refetch(
        self: &Arc<Self>,
        entry: &Arc<ProviderKeys>,
        known: &Arc<KeySet>,
        now: Timestamp,
    ) -> Refetch {
        if !matches!(entry.source, Ok(KeySource::Discovery(_))) {
            return Refetch::Refused;
        }
        let (cache, entry, known) = (Arc::clone(self), Arc::clone(entry), Arc::clone(known));
        // A task of its own, so that the fetch completes even if another provider's key verifies
        // first.
        let fetching = tokio::spawn(async move {
            let mut state = entry.state.lock().await;
            // Another request may have fetched while this one waited for the lock.
            if let Some(cached) = entry.keys.load_full()
                && !Arc::ptr_eq(&cached.keys, &known)
            {
                return Refetch::Changed(Arc::clone(&cached.keys));
            }
            let lately = |at: Timestamp| now.duration_since(at) < REFETCH_INTERVAL;
            if state.refetched.is_some_and(lately) {
                return Refetch::Refused;
            }
            state.refetched = Some(now);
            cache.stats.refetches.add();
            let purpose = Purpose::UnknownKey;
            let steps = &mut Steps::default();
            let fetched = cache.fetch_uncoalesced(&entry, &mut state, purpose, steps, now);
            let fetched = fetched.await;
            fetched.map_or(Refetch::Refused, Refetch::Fetched)
        });
        fetching.await.unwrap_or(Refetch::Refused)
    }

    /// Refreshes in the background (stale-while-revalidate).
    fn refresh_in_background(self: &Arc<Self>, entry: &Arc<ProviderKeys>, now: Timestamp) {
        if entry.state.try_lock().is_err() {
            return;
        }
        let (cache, entry) = (Arc::clone(self), Arc::clone(entry));
        tokio::spawn(async move {
            let mut state = entry.state.lock().await;
            let due = |cached: &Arc<CachedKeys>| now >= cached.refresh_at;
            if entry.keys.load().as_ref().is_some_and(due)
                && !state.failed_lately(now, RETRY_AFTER_FAILURE_IF_STALE)
            {
                // The failure is logged, and stored for the requests that it concerns.
                let (purpose, steps) = (Purpose::Keys, &mut Steps::default());
                let _ = cache
                    .fetch_uncoalesced(&entry, &mut state, purpose, steps, now)
                    .await;
            }
        });
    }

    /// Fetches, or shares the result of the fetch in flight or of a recent failure.
    async fn fetch_coalesced(
        &self,
        entry: &ProviderKeys,
        now: Timestamp,
        gap: SignedDuration,
    ) -> Result<Arc<KeySet>, FetchError> {
        let ended_before = entry.state.try_lock().map(|state| state.ended).ok();
        let mut state = entry.state.lock().await;
        if let Some(cached) = entry.keys.load_full()
            && now < cached.fresh_until
        {
            return Ok(Arc::clone(&cached.keys));
        }
        let gap = gap.max(state.retry_after());
        let waited = ended_before.is_none_or(|ended| ended != state.ended);
        let gap = if waited {
            gap.max(FAILURE_SHARED_FOR)
        } else {
            gap
        };
        if let Some((_, failure)) = &state.failure
            && state.failed_lately(now, gap)
        {
            return Err(failure.clone());
        }
        let steps = &mut Steps::default();
        self.fetch_uncoalesced(entry, &mut state, Purpose::Keys, steps, now)
            .await
    }

    async fn fetch_uncoalesced(
        &self,
        entry: &ProviderKeys,
        state: &mut FetchState,
        purpose: Purpose,
        steps: &mut Steps,
        now: Timestamp,
    ) -> Result<Arc<KeySet>, FetchError> {
        let Ok(KeySource::Discovery(tls)) = &entry.source else {
            return Err(FetchError::Useless("keys were uploaded".to_owned()));
        };
        let record = &entry.provider.record;
        self.stats.fetches.add();
        let begun = Instant::now();
        let requester = Requester {
            account: record.account,
            tls,
            purpose,
        };
        let (url, issuer) = (&record.url, record.issuer());
        let fetched = discover(&self.fetcher, requester, url, issuer, steps).await;
        state.ended = state.ended.wrapping_add(1);
        match fetched {
            Ok(published) => {
                state.failure = None;
                state.failures = 0;
                let age = published.max_age.unwrap_or(DEFAULT_MAX_AGE);
                let cached = CachedKeys::new(published.keys, age, now);
                let keys = Arc::clone(&cached.keys);
                entry.keys.store(Some(Arc::new(cached)));
                Ok(keys)
            }
            Err(failure) => {
                self.stats.failed_fetches.add();
                let provider = &entry.provider.arn;
                if let FetchError::Limited(limited) = &failure {
                    // Counted, and not logged: anyone can cause it, for every provider each second.
                    tracing::debug!(provider.arn = %provider, reason = %limited, "Did not fetch the keys of `{provider}`: {limited}");
                } else {
                    state.failures = state.failures.saturating_add(1);
                    // A warning is said once, until the reason changes or a fetch succeeds.
                    let before = state.failure.as_ref().map(|(_, failure)| failure);
                    if before != Some(&failure) {
                        let hint = key_report::hint(&failure.to_string());
                        let hint = hint.map_or_else(String::new, |hint| format!("; {hint}"));
                        tracing::warn!(provider.arn = %provider, reason = %failure, "Cannot fetch the keys of `{provider}`: {failure}{hint}");
                    }
                }
                // The fetch may have taken seconds: the next request must not wait as long for the
                // same failure.
                let waited =
                    SignedDuration::try_from(begun.elapsed()).unwrap_or(FAILURE_SHARED_FOR);
                state.failure = Some((after(now, waited), failure.clone()));
                Err(failure)
            }
        }
    }
}
