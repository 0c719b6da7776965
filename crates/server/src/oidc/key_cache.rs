//! The keys of each provider: fetched when first needed, kept, renewed, and let go.
//!
//! State is per provider record, never per issuer or key id: two accounts may register one issuer with different keys, and a
//! record that changes starts anew. Reading known keys takes no lock and does not wait. At most one fetch per provider is
//! under way, and those who need it share its end.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::{ArcSwap, ArcSwapOption};
use jiff::{SignedDuration, Timestamp};
use rustls::ClientConfig;
use tokio::time::Instant;

use super::{
    discovery::discover,
    fetch::{FetchError, Fetcher},
    jwk::KeySet,
    jws::CompactJws,
    provider,
    stats::Stats,
};
use crate::identity::index::ProviderEntry;

/// Keys are good for as long as `Cache-Control` says, within these bounds, in seconds.
const MIN_AGE: u32 = 60;
const MAX_AGE: u32 = 24 * 3_600;
/// Without `Cache-Control`.
const USUAL_AGE: u32 = 3_600;
/// For so long after their time the last good keys serve, if no newer ones can be had.
const GRACE: SignedDuration = SignedDuration::from_hours(24);
/// Between two fetches for the sake of unknown keys.
const REFETCH_GAP: SignedDuration = SignedDuration::from_secs(10);
/// An unknown key id is not looked for again.
const NEGATIVE: SignedDuration = SignedDuration::from_secs(30);
const MAX_NEGATIVES: usize = 1_024;
/// After a failure nobody asks again, when there are no keys and when there are old ones.
const FAILURE_GAP: SignedDuration = SignedDuration::from_secs(1);
/// Longer than any fetch takes: those who waited for one share its failure.
const SHARED: SignedDuration = SignedDuration::from_secs(10);
const STALE_GAP: SignedDuration = SignedDuration::from_secs(30);

/// The keys of all providers that tokens were seen of.
#[derive(Debug)]
pub(super) struct KeyCache {
    fetcher: Fetcher,
    stats: Arc<Stats>,
    providers: ArcSwap<HashMap<Box<str>, Arc<ProviderKeys>>>,
}

/// Why there is no key set.
#[derive(Debug)]
pub(super) enum NoKeys {
    Unreachable(String),
    Useless(String),
}

/// One provider's keys, as long as its record is the same.
#[derive(Debug)]
struct ProviderKeys {
    provider: Arc<ProviderEntry>,
    /// Absent if the record's keys were uploaded, or its settings are damaged.
    source: Result<Source, String>,
    keys: ArcSwapOption<Kept>,
    flight: tokio::sync::Mutex<Flight>,
    negatives: Mutex<HashMap<String, Timestamp>>,
}

#[derive(Debug)]
enum Source {
    Uploaded,
    Discovery(Arc<ClientConfig>),
}

#[derive(Debug)]
struct Kept {
    keys: Arc<KeySet>,
    renew_at: Timestamp,
    fresh_until: Timestamp,
    gone_at: Timestamp,
}

/// What came of fetching again.
#[derive(Debug)]
enum Again {
    /// What the provider publishes now.
    Fetched(Arc<KeySet>),
    /// What somebody else has fetched meanwhile.
    Changed(Arc<KeySet>),
    /// Nothing: it was done a moment ago, failed, or there is nobody to ask.
    Refused,
}

#[derive(Debug, Default)]
struct Flight {
    /// How many fetches have ended.
    ended: u64,
    failure: Option<(Timestamp, FetchError)>,
    refetched: Option<Timestamp>,
}

impl KeyCache {
    pub(super) fn new(fetcher: Fetcher, stats: Arc<Stats>) -> Self {
        Self {
            fetcher,
            stats,
            providers: ArcSwap::default(),
        }
    }

    /// Keys of the provider that are there, within their time, and worth trying for this token.
    pub(super) fn at_hand(
        self: &Arc<Self>,
        provider: &Arc<ProviderEntry>,
        token: &CompactJws<'_>,
        now: Timestamp,
    ) -> Option<Arc<KeySet>> {
        let entry = self.entry(provider);
        let keys = match &entry.source {
            Ok(Source::Uploaded) => Arc::clone(&entry.keys.load().as_ref()?.keys),
            Ok(Source::Discovery(_)) => self.fresh(&entry, now)?,
            Err(_) => return None,
        };
        keys.knows(token).then_some(keys)
    }

    /// Keys other than those that were tried and have not made the signature: a provider may have renewed its keys under their old names,
    /// or they have none. Fetched if need be, no more often than for unknown keys.
    pub(super) async fn newer(
        self: &Arc<Self>,
        provider: &Arc<ProviderEntry>,
        tried: &Arc<KeySet>,
        now: Timestamp,
    ) -> Option<Arc<KeySet>> {
        let entry = self.entry(provider);
        match self.fetch_again(&entry, tried, now).await {
            Again::Fetched(keys) | Again::Changed(keys) => Some(keys),
            Again::Refused => None,
        }
    }

    /// The provider's keys for this token: known ones at once, or fetched ones.
    pub(super) async fn keys(
        self: &Arc<Self>,
        provider: &Arc<ProviderEntry>,
        token: &CompactJws<'_>,
        now: Timestamp,
    ) -> Result<Arc<KeySet>, NoKeys> {
        let entry = self.entry(provider);
        match &entry.source {
            Err(reason) => return Err(NoKeys::Useless(reason.clone())),
            Ok(Source::Uploaded) => {
                let kept = entry.keys.load();
                let keys = kept.as_ref().map(|kept| Arc::clone(&kept.keys));
                return keys.ok_or_else(|| NoKeys::Useless("it has no keys".to_owned()));
            }
            Ok(Source::Discovery(_)) => {}
        }
        let keys = self.current(&entry, now).await?;
        if keys.knows(token) {
            return Ok(keys);
        }
        let newer = self.look_again(&entry, &keys, token, now).await;
        Ok(newer.unwrap_or(keys))
    }

    /// Forgets providers that are no longer there.
    pub(super) fn retain(&self, exists: impl Fn(&str) -> bool) {
        if self.providers.load().keys().all(|id| exists(id)) {
            return;
        }
        self.providers.rcu(|providers| {
            let kept = providers.iter().filter(|(id, _)| exists(id));
            kept.map(|(id, entry)| (id.clone(), Arc::clone(entry)))
                .collect::<HashMap<_, _>>()
        });
    }

    fn entry(&self, provider: &Arc<ProviderEntry>) -> Arc<ProviderKeys> {
        let id = provider.record.id.as_str();
        // A request that began before a change may still hold the older record: the newer one's keys count.
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

    /// Keys within their time.
    fn fresh(self: &Arc<Self>, entry: &Arc<ProviderKeys>, now: Timestamp) -> Option<Arc<KeySet>> {
        let kept = entry.keys.load();
        let kept = kept.as_ref().filter(|kept| now < kept.fresh_until)?;
        if now >= kept.renew_at {
            self.renew_behind(entry, now);
        }
        Some(Arc::clone(&kept.keys))
    }

    /// Keys within their time, or beyond it if no newer ones can be had.
    async fn current(
        self: &Arc<Self>,
        entry: &Arc<ProviderKeys>,
        now: Timestamp,
    ) -> Result<Arc<KeySet>, NoKeys> {
        if let Some(keys) = self.fresh(entry, now) {
            return Ok(keys);
        }
        let kept = entry.keys.load_full();
        let gap = if kept.is_some() {
            STALE_GAP
        } else {
            FAILURE_GAP
        };
        // A task of its own, which ends with keys even if the caller hangs up before.
        let (cache, waited_for) = (Arc::clone(self), Arc::clone(entry));
        let fetching = tokio::spawn(async move { cache.fetch(&waited_for, now, gap).await });
        let ended = fetching.await.unwrap_or_else(|e| {
            let reason = format!("fetching ended early: {e}");
            Err(FetchError::Unreachable(reason))
        });
        let failure = match ended {
            Ok(keys) => return Ok(keys),
            Err(failure) => failure,
        };
        match kept.filter(|kept| now < kept.gone_at) {
            Some(kept) => {
                self.stats.stale_uses.add();
                Ok(Arc::clone(&kept.keys))
            }
            None => Err(match failure {
                FetchError::Unreachable(reason) => NoKeys::Unreachable(reason),
                FetchError::Useless(reason) => NoKeys::Useless(reason),
            }),
        }
    }

    /// Fetches because of a key that is not known, unless that was tried a moment ago.
    async fn look_again(
        self: &Arc<Self>,
        entry: &Arc<ProviderKeys>,
        known: &Arc<KeySet>,
        token: &CompactJws<'_>,
        now: Timestamp,
    ) -> Option<Arc<KeySet>> {
        let wanted = format!(
            "{} {}",
            token.algorithm.name(),
            token.kid.as_deref().unwrap_or("")
        );
        if entry.is_negative(&wanted, now) {
            self.stats.negative_hits.add();
            return None;
        }
        match self.fetch_again(entry, known, now).await {
            Again::Fetched(keys) => {
                if !keys.knows(token) {
                    entry.add_negative(wanted, now);
                }
                Some(keys)
            }
            Again::Changed(keys) => Some(keys),
            Again::Refused => {
                self.stats.negative_hits.add();
                None
            }
        }
    }

    /// Fetches although these keys are within their time, unless others are there by now, or that was done a moment ago.
    async fn fetch_again(
        self: &Arc<Self>,
        entry: &Arc<ProviderKeys>,
        known: &Arc<KeySet>,
        now: Timestamp,
    ) -> Again {
        if !matches!(entry.source, Ok(Source::Discovery(_))) {
            return Again::Refused;
        }
        let (cache, entry, known) = (Arc::clone(self), Arc::clone(entry), Arc::clone(known));
        // A task of its own, which ends with keys even if the caller finds another provider's before.
        let fetching = tokio::spawn(async move {
            let mut flight = entry.flight.lock().await;
            // Whoever was waiting finds what the one before has fetched.
            if let Some(kept) = entry.keys.load_full()
                && !Arc::ptr_eq(&kept.keys, &known)
            {
                return Again::Changed(Arc::clone(&kept.keys));
            }
            let lately = |at: Timestamp| now.duration_since(at) < REFETCH_GAP;
            if flight.refetched.is_some_and(lately) {
                return Again::Refused;
            }
            flight.refetched = Some(now);
            cache.stats.refetches.add();
            let fetched = cache.fetch_now(&entry, &mut flight, now).await;
            fetched.map_or(Again::Refused, Again::Fetched)
        });
        fetching.await.unwrap_or(Again::Refused)
    }

    /// Renews keys while the old ones serve.
    fn renew_behind(self: &Arc<Self>, entry: &Arc<ProviderKeys>, now: Timestamp) {
        if entry.flight.try_lock().is_err() {
            return;
        }
        let (cache, entry) = (Arc::clone(self), Arc::clone(entry));
        tokio::spawn(async move {
            let mut flight = entry.flight.lock().await;
            let due = |kept: &Arc<Kept>| now >= kept.renew_at;
            if entry.keys.load().as_ref().is_some_and(due) && !flight.failed_lately(now, STALE_GAP)
            {
                // Its failure is logged, and found again by those whom it hits.
                let _ = cache.fetch_now(&entry, &mut flight, now).await;
            }
        });
    }

    /// Fetches, or shares the end of the fetch that is under way, or the failure of one a moment ago.
    async fn fetch(
        &self,
        entry: &ProviderKeys,
        now: Timestamp,
        gap: SignedDuration,
    ) -> Result<Arc<KeySet>, FetchError> {
        let ended_before = entry.flight.try_lock().map(|flight| flight.ended).ok();
        let mut flight = entry.flight.lock().await;
        if let Some(kept) = entry.keys.load_full()
            && now < kept.fresh_until
        {
            return Ok(Arc::clone(&kept.keys));
        }
        let waited = ended_before.is_none_or(|ended| ended != flight.ended);
        let gap = if waited { gap.max(SHARED) } else { gap };
        if let Some((_, failure)) = &flight.failure
            && flight.failed_lately(now, gap)
        {
            return Err(failure.clone());
        }
        self.fetch_now(entry, &mut flight, now).await
    }

    async fn fetch_now(
        &self,
        entry: &ProviderKeys,
        flight: &mut Flight,
        now: Timestamp,
    ) -> Result<Arc<KeySet>, FetchError> {
        let Ok(Source::Discovery(tls)) = &entry.source else {
            return Err(FetchError::Useless("keys were uploaded".to_owned()));
        };
        let record = &entry.provider.record;
        self.stats.fetches.add();
        let begun = Instant::now();
        let fetched = discover(&self.fetcher, tls, &record.url, record.issuer()).await;
        flight.ended = flight.ended.wrapping_add(1);
        match fetched {
            Ok(published) => {
                flight.failure = None;
                let age = published.max_age.unwrap_or(USUAL_AGE);
                let kept = Kept::new(published.keys, age, now);
                let keys = Arc::clone(&kept.keys);
                entry.keys.store(Some(Arc::new(kept)));
                Ok(keys)
            }
            Err(failure) => {
                self.stats.failed_fetches.add();
                let provider = &entry.provider.arn;
                tracing::warn!(provider.arn = %provider, reason = %failure, "Cannot fetch the keys of `{provider}`: {failure}");
                // Seconds may have gone by: whoever comes next must not wait as long for the same.
                let waited = SignedDuration::try_from(begun.elapsed()).unwrap_or(SHARED);
                flight.failure = Some((after(now, waited), failure.clone()));
                Err(failure)
            }
        }
    }
}

impl ProviderKeys {
    fn new(provider: Arc<ProviderEntry>) -> Self {
        let record = &provider.record;
        let mut keys = None;
        let source = match &record.jwks {
            Some(document) => KeySet::uploaded(document.as_bytes())
                .map(|set| {
                    keys = Some(Arc::new(Kept::new(set, MAX_AGE, Timestamp::UNIX_EPOCH)));
                    Source::Uploaded
                })
                .map_err(|e| e.to_string()),
            None => provider::tls(record.ca_bundle.as_deref()).map(Source::Discovery),
        };
        Self {
            source,
            provider,
            keys: ArcSwapOption::new(keys),
            flight: tokio::sync::Mutex::default(),
            negatives: Mutex::default(),
        }
    }

    fn is_negative(&self, wanted: &str, now: Timestamp) -> bool {
        let negatives = self
            .negatives
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        negatives.get(wanted).is_some_and(|until| now < *until)
    }

    fn add_negative(&self, wanted: String, now: Timestamp) {
        let mut negatives = self
            .negatives
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        negatives.retain(|_, until| now < *until);
        if negatives.len() < MAX_NEGATIVES {
            negatives.insert(wanted, after(now, NEGATIVE));
        }
    }
}

impl Kept {
    fn new(keys: KeySet, age: u32, now: Timestamp) -> Self {
        let age = SignedDuration::from_secs(i64::from(age.clamp(MIN_AGE, MAX_AGE)));
        let fresh_until = after(now, age);
        Self {
            keys: Arc::new(keys),
            renew_at: after(now, age / 2),
            fresh_until,
            gone_at: after(fresh_until, GRACE),
        }
    }
}

impl Flight {
    fn failed_lately(&self, now: Timestamp, gap: SignedDuration) -> bool {
        let lately = |(at, _): &(Timestamp, FetchError)| now.duration_since(*at) < gap;
        self.failure.as_ref().is_some_and(lately)
    }
}

fn after(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.saturating_add(duration).unwrap_or(Timestamp::MAX)
}
