//! A cache of compiled session policies: an inline policy is compiled once for its session, not for
//! each request.
//!
//! A session's id is random and sealed with its policy, so the id alone identifies the policy. The
//! cache has a fixed number of slots; a policy has at most 2,048 characters. A look-up takes the
//! mutex of one of many shards for a few comparisons.

use std::sync::{Arc, Mutex, PoisonError};

use bowline_iam::policy::{CompiledPolicy, Policy, PolicyKind};

use super::Session;

const SHARDS: usize = 64;
/// Slots of one shard; with 64 shards, 2,048 policies in about 16 MB at most.
const SLOTS_PER_SHARD: usize = 32;

/// A compiled policy; `None` if it cannot be read, which denies.
pub type SessionPolicy = Option<Arc<CompiledPolicy>>;

/// The compiled inline policies of sessions.
#[derive(Debug)]
pub struct SessionPolicyCache {
    shards: Vec<Mutex<Shard>>,
}

#[derive(Debug, Default)]
struct Shard {
    slots: Vec<Slot>,
    /// Counts the uses of the shard.
    clock: u64,
}

#[derive(Debug)]
struct Slot {
    session_id: Box<str>,
    policy: SessionPolicy,
    last_used: u64,
}

impl Default for SessionPolicyCache {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }
}

impl SessionPolicyCache {
    /// The compiled policy of a session, whose text is `text`.
    pub fn get_or_compile(&self, session: &Session, text: &str) -> SessionPolicy {
        let id = &*session.session_id;
        if let Some(cached) = self.with_shard(id, |shard| shard.get(id)).flatten() {
            return cached;
        }
        let policy = Policy::load(text, PolicyKind::Session).ok();
        let policy = policy.and_then(|policy| policy.compile(|_| None).ok());
        let policy = policy.map(Arc::new);
        let compiled = policy.clone();
        self.with_shard(id, |shard| shard.insert(id, policy));
        compiled
    }

    fn with_shard<T>(&self, id: &str, act: impl FnOnce(&mut Shard) -> T) -> Option<T> {
        // Ids are random hexadecimal digits.
        let number = id
            .get(..4)
            .and_then(|digits| usize::from_str_radix(digits, 16).ok());
        let shard = self.shards.get(number.unwrap_or_default() % SHARDS)?;
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        Some(act(&mut shard))
    }
}

impl Shard {
    fn get(&mut self, id: &str) -> Option<SessionPolicy> {
        self.clock += 1;
        let slot = self.slots.iter_mut().find(|slot| &*slot.session_id == id)?;
        slot.last_used = self.clock;
        Some(slot.policy.clone())
    }

    /// Adds a policy. If the shard is full, it replaces the one that was not used for longest.
    fn insert(&mut self, id: &str, policy: SessionPolicy) {
        let slot = Slot {
            session_id: id.into(),
            policy,
            last_used: self.clock,
        };
        if self.slots.len() < SLOTS_PER_SHARD {
            self.slots.push(slot);
        } else if let Some(oldest) = self.slots.iter_mut().min_by_key(|slot| slot.last_used) {
            *oldest = slot;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;

    fn id(number: u64) -> String {
        format!(
            "{:032x}",
            u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 64
        )
    }

    fn get(cache: &SessionPolicyCache, session: &mut Session, number: u64) -> SessionPolicy {
        session.session_id = id(number);
        cache.get_or_compile(session, POLICY)
    }

    #[test]
    fn a_policy_is_compiled_once_for_its_session() {
        let cache = SessionPolicyCache::default();
        let mut session = super::super::tests::session();
        let first = get(&cache, &mut session, 1).unwrap();
        let again = get(&cache, &mut session, 1).unwrap();
        let other = get(&cache, &mut session, 2).unwrap();
        assert!(Arc::ptr_eq(&first, &again) && !Arc::ptr_eq(&first, &other));
        session.session_id = id(3);
        assert!(cache.get_or_compile(&session, "{").is_none());
        assert!(cache.get_or_compile(&session, "{").is_none());
    }

    #[test]
    fn the_policy_of_a_session_that_was_issued_under_other_rules_is_used() {
        let text = POLICY.replace(r#""Resource":"*""#, r#""Resource":"arn:aws:s3:*""#);
        assert!(Policy::parse(&text, PolicyKind::Session).is_err());
        let session = super::super::tests::session();
        assert!(
            SessionPolicyCache::default()
                .get_or_compile(&session, &text)
                .is_some()
        );
    }

    #[test]
    fn the_cache_does_not_grow_and_keeps_what_is_used() {
        let cache = SessionPolicyCache::default();
        let mut session = super::super::tests::session();
        let used = get(&cache, &mut session, 0).unwrap();
        for number in 1..4_000 {
            get(&cache, &mut session, number);
            let still = get(&cache, &mut session, 0).unwrap();
            assert!(Arc::ptr_eq(&used, &still), "evicted after {number}");
        }
        let kept: usize = cache
            .shards
            .iter()
            .map(|shard| shard.lock().unwrap().slots.len())
            .sum();
        assert_eq!(kept, SHARDS * SLOTS_PER_SHARD);
    }
}
