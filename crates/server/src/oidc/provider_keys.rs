//! The keys of one provider, as they are cached: their source, their times, and the key ids that were
//! looked for in vain.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwapOption;
use jiff::{SignedDuration, Timestamp};

use super::{
    fetch_state::FetchState,
    jwk::KeySet,
    provider::{self, ProviderTls},
};
use crate::identity::index::ProviderEntry;

/// Bounds of `max-age` in `Cache-Control`, in seconds.
const MIN_AGE: u32 = 60;
const MAX_AGE: u32 = 24 * 3_600;
/// How long expired keys are used if newer ones cannot be fetched (stale-if-error).
const STALE_IF_ERROR: SignedDuration = SignedDuration::from_hours(24);
/// How long an unknown key id causes no second fetch.
const NEGATIVE_TTL: SignedDuration = SignedDuration::from_secs(30);
const MAX_NEGATIVES: usize = 1_024;

/// The keys of one revision of a provider's record.
#[derive(Debug)]
pub(super) struct ProviderKeys {
    pub(super) provider: Arc<ProviderEntry>,
    /// An error if the record's settings are damaged.
    pub(super) source: Result<KeySource, String>,
    pub(super) keys: ArcSwapOption<CachedKeys>,
    pub(super) state: tokio::sync::Mutex<FetchState>,
    pub(super) negatives: Mutex<HashMap<String, Timestamp>>,
}

#[derive(Debug)]
pub(super) enum KeySource {
    Uploaded,
    Discovery(ProviderTls),
}

#[derive(Debug)]
pub(super) struct CachedKeys {
    pub(super) keys: Arc<KeySet>,
    pub(super) fetched: Timestamp,
    pub(super) refresh_at: Timestamp,
    pub(super) fresh_until: Timestamp,
    pub(super) unusable_from: Timestamp,
}

impl ProviderKeys {
    pub(super) fn new(provider: Arc<ProviderEntry>) -> Self {
        let record = &provider.record;
        let mut keys = None;
        let source = match &record.jwks {
            Some(document) => KeySet::uploaded(document.as_bytes())
                .map(|set| {
                    keys = Some(Arc::new(CachedKeys::new(
                        set,
                        MAX_AGE,
                        Timestamp::UNIX_EPOCH,
                    )));
                    KeySource::Uploaded
                })
                .map_err(|e| e.to_string()),
            None => provider::tls(record.ca_bundle.as_deref()).map(KeySource::Discovery),
        };
        Self {
            source,
            provider,
            keys: ArcSwapOption::new(keys),
            state: tokio::sync::Mutex::default(),
            negatives: Mutex::default(),
        }
    }

    pub(super) fn is_negative(&self, key: &str, now: Timestamp) -> bool {
        let negatives = self
            .negatives
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        negatives.get(key).is_some_and(|until| now < *until)
    }

    pub(super) fn add_negative(&self, key: String, now: Timestamp) {
        let mut negatives = self
            .negatives
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        negatives.retain(|_, until| now < *until);
        if negatives.len() < MAX_NEGATIVES {
            negatives.insert(key, after(now, NEGATIVE_TTL));
        }
    }
}

impl CachedKeys {
    pub(super) fn new(keys: KeySet, age: u32, now: Timestamp) -> Self {
        let age = SignedDuration::from_secs(i64::from(age.clamp(MIN_AGE, MAX_AGE)));
        let fresh_until = after(now, age);
        Self {
            keys: Arc::new(keys),
            fetched: now,
            refresh_at: after(now, age / 2),
            fresh_until,
            unusable_from: after(fresh_until, STALE_IF_ERROR),
        }
    }
}

pub(super) fn after(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.saturating_add(duration).unwrap_or(Timestamp::MAX)
}
