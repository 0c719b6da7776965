//! Quotas of accounts: what counts, that no race exceeds them, and that room returns.

use std::collections::BTreeMap;

use super::*;
use crate::identity::entity::{AccountQuotas, FeatureLevel, Quota, TableState, UpstreamNames};

async fn leveled() -> IdentityState {
    let state = state().await;
    let raised = state.raise_feature_level(FeatureLevel::NEWEST);
    raised.await.unwrap();
    state
}

async fn allow(state: &IdentityState, quota: Quota, value: u32) {
    let changed = state.update_quotas(account(), |index| {
        let stored = index.account_quotas(account());
        let mut quotas = AccountQuotas::new(account());
        quotas.set(quota, Some(value));
        let transaction = match stored {
            Some(stored) => Transaction::new().update(&quotas, stored.revision),
            None => Transaction::new().create(&quotas),
        };
        Ok::<_, ()>((transaction, ()))
    });
    changed.await.unwrap();
}

/// Creates an entity as a request does. False if a quota refuses it.
async fn creates<E: Entity + Sync>(state: &IdentityState, entity: &E) -> bool {
    let created = state.update(|_| Ok::<_, ()>((Transaction::new().create(entity), ())));
    match created.await {
        Ok(()) => true,
        Err(UpdateError::Quota(_)) => false,
        Err(other) => panic!("{other:?}"),
    }
}

fn table(name: &str, region: &str) -> entity::Table {
    entity::Table {
        name: name.to_owned(),
        account: account(),
        region: region.to_owned(),
        upstream: "embedded".to_owned(),
        upstream_names: UpstreamNames::default(),
        state: TableState::Active,
        created: NOW,
        partition_key: None,
        index_partition_keys: BTreeMap::new(),
        tags: BTreeMap::new(),
        lease: None,
    }
}

fn instance_profile(number: usize, name: &str) -> entity::InstanceProfile {
    entity::InstanceProfile {
        id: id("AIPA", number),
        account: account(),
        name: name.to_owned(),
        path: "/".to_owned(),
        role: None,
        created: NOW,
    }
}

fn attachment(instance: &str) -> entity::ServiceAttachment {
    let arn = format!("arn:aws:ec2:us-east-1:{}:instance/{instance}", account());
    entity::ServiceAttachment {
        account: account(),
        resource: arn.parse().unwrap(),
        role: id("AROA", 1),
        created: NOW,
    }
}

/// Two entities of one kind: the first is allowed, the second is refused, until the first is gone.
async fn assert_counts<E: Entity + Send + Sync>(quota: Quota, first: E, second: E) {
    let state = leveled().await;
    allow(&state, quota, 1).await;
    assert!(creates(&state, &first).await, "{quota:?}");
    assert!(!creates(&state, &second).await, "{quota:?}");
    assert_eq!(state.current().quota_used(account(), quota), Some(1));
    assert_eq!(state.current().accounts_near_quota(), 0, "no such account");
    let delete = state.update(|index| {
        // A put is no second entity.
        let revision = revision_of(index, quota);
        Ok::<_, ()>((Transaction::new().update(&first, revision), ()))
    });
    delete.await.unwrap();
    assert_eq!(state.current().quota_used(account(), quota), Some(1));
    let delete = state.update(|index| {
        let revision = revision_of(index, quota);
        Ok::<_, ()>((Transaction::new().delete(&first, revision), ()))
    });
    delete.await.unwrap();
    assert_eq!(state.current().quota_used(account(), quota), Some(0));
    assert!(creates(&state, &second).await, "{quota:?}");
}

/// The revision of the only entity that counts.
fn revision_of(index: &Index, quota: Quota) -> Revision {
    let account = account();
    match quota {
        Quota::Roles => index.roles(account, None, None).next().unwrap().revision,
        Quota::Users => index.users(account, None, None).next().unwrap().revision,
        Quota::Policies => index.policies(account, None, None).next().unwrap().revision,
        Quota::InstanceProfiles => {
            let mut profiles = index.instance_profiles(account, None, None);
            profiles.next().unwrap().revision
        }
        Quota::OidcProviders => index.providers(account).next().unwrap().revision,
        Quota::Buckets => index.buckets(account, None).next().unwrap().revision,
        Quota::Tables => index.all_tables().next().unwrap().revision,
        Quota::ServiceAttachments => {
            let mut attachments = index.service_attachments(account, None);
            attachments.next().unwrap().revision
        }
        Quota::AttachedToRole | Quota::AttachedToUser | Quota::Documents => {
            panic!("it counts no entities")
        }
    }
}

#[tokio::test]
async fn each_kind_counts_against_its_quota_until_it_is_deleted() {
    assert_counts(Quota::Roles, role(1, "a"), role(2, "b")).await;
    assert_counts(Quota::Users, user(1, "a"), user(2, "b")).await;
    assert_counts(Quota::Policies, policy(1, "a"), policy(2, "b")).await;
    let profiles = (instance_profile(1, "a"), instance_profile(2, "b"));
    assert_counts(Quota::InstanceProfiles, profiles.0, profiles.1).await;
    let providers = (provider(1, "https://a.b"), provider(2, "https://a.c"));
    assert_counts(Quota::OidcProviders, providers.0, providers.1).await;
    let buckets = (bucket("one", account()), bucket("two", account()));
    assert_counts(Quota::Buckets, buckets.0, buckets.1).await;
    let tables = (table("one", "us-east-1"), table("two", "us-east-1"));
    assert_counts(Quota::Tables, tables.0, tables.1).await;
    let attachments = (attachment("i-0a1b2c3d"), attachment("i-0a1b2c3e"));
    assert_counts(Quota::ServiceAttachments, attachments.0, attachments.1).await;
}

#[tokio::test]
async fn other_accounts_regions_and_kinds_do_not_count() {
    let state = leveled().await;
    for quota in [Quota::Buckets, Quota::Tables, Quota::Roles] {
        allow(&state, quota, 1).await;
    }
    assert!(creates(&state, &bucket("one", account())).await);
    assert!(creates(&state, &bucket("two", other())).await);
    assert!(creates(&state, &bucket("three", other())).await);
    assert!(creates(&state, &table("one", "us-east-1")).await);
    assert!(creates(&state, &table("one", "eu-west-1")).await);
    assert!(creates(&state, &role(1, "a")).await);
    assert!(creates(&state, &user(1, "a")).await);
    let index = state.current();
    assert_eq!(index.table_region_count(account()), 2);
    assert_eq!(index.table_count(account(), "eu-west-1"), 1);
}

#[tokio::test]
async fn no_race_exceeds_a_quota_and_none_is_refused_below_it() {
    let state = leveled().await;
    allow(&state, Quota::Roles, 40).await;
    let all = (0..100).map(|number| {
        let state = &state;
        async move {
            let role = role(number, &format!("role-{number}"));
            creates(state, &role).await
        }
    });
    let created = futures_util::future::join_all(all).await;
    assert_eq!(created.iter().filter(|created| **created).count(), 40);
    assert_eq!(state.current().role_count(), 40);
}

#[tokio::test]
async fn of_two_servers_that_count_to_the_last_one_the_second_decides_again() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let states = [start(&store).await, start(&store).await];
    let raised = states[0].raise_feature_level(FeatureLevel::NEWEST);
    raised.await.unwrap();
    allow(&states[0], Quota::Roles, 20).await;
    states[1].catch_up().await.unwrap();
    let all = (0..60).map(|number| {
        let state = &states[number % 2];
        async move {
            let role = role(number, &format!("role-{number}"));
            creates(state, &role).await
        }
    });
    let created = futures_util::future::join_all(all).await;
    assert_eq!(created.iter().filter(|created| **created).count(), 20);
    states[0].catch_up().await.unwrap();
    assert_eq!(states[0].current().role_count(), 20);
}

#[tokio::test]
async fn counts_are_the_same_after_a_restart() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let state = start(&store).await;
    let raised = state.raise_feature_level(FeatureLevel::NEWEST);
    raised.await.unwrap();
    allow(&state, Quota::Roles, 2).await;
    assert!(creates(&state, &role(1, "a")).await);
    assert!(creates(&state, &role(2, "b")).await);
    let again = start(&store).await;
    assert_eq!(again.current().quota_used(account(), Quota::Roles), Some(2));
    assert!(!creates(&again, &role(3, "c")).await);
}

#[tokio::test]
async fn a_store_that_older_builds_share_gets_no_record_of_quotas() {
    let state = state().await;
    assert!(creates(&state, &role(1, "a")).await);
    assert!(state.current().account_quotas(account()).is_none());
    let raised = state.raise_feature_level(FeatureLevel::NEWEST);
    raised.await.unwrap();
    assert!(creates(&state, &role(2, "b")).await);
    assert!(state.current().account_quotas(account()).is_some());
}

/// An eighth of a MiB.
const EIGHTH: usize = 128 * 1024;

/// A managed policy whose document has so many bytes.
fn sized(number: usize, bytes: usize) -> entity::ManagedPolicy {
    let mut policy = policy(number, &format!("p-{number}"));
    let document = &mut policy.versions[0].document;
    *document = format!("{document}{}", " ".repeat(bytes - document.len()));
    policy
}

async fn resize(state: &IdentityState, number: usize, bytes: usize) -> bool {
    let name = format!("p-{number}");
    let updated = state.update(|index| {
        let stored = index.policy_by_name(account(), &name).unwrap();
        let policy = sized(number, bytes);
        Ok::<_, ()>((Transaction::new().update(&policy, stored.revision), ()))
    });
    match updated.await {
        Ok(()) => true,
        Err(UpdateError::Quota(exceeded)) => {
            assert_eq!(exceeded.quota, Quota::Documents);
            false
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn documents_count_together_and_only_growth_is_refused() {
    let state = leveled().await;
    allow(&state, Quota::Documents, 1).await;
    for number in 0..8 {
        assert!(creates(&state, &sized(number, EIGHTH)).await, "{number}");
    }
    assert_eq!(
        state.current().quota_used(account(), Quota::Documents),
        Some(1)
    );
    assert!(!creates(&state, &sized(8, 1_000)).await);
    // Neither a record without documents is refused, nor one that stays as large or shrinks.
    assert!(creates(&state, &bucket("data", account())).await);
    assert!(creates(&state, &user(1, "ann")).await);
    assert!(resize(&state, 0, EIGHTH).await);
    assert!(resize(&state, 0, EIGHTH - 2_000).await);
    assert!(!resize(&state, 1, EIGHTH + 2_001).await);
    assert!(resize(&state, 0, EIGHTH - 1_000).await);
    assert!(creates(&state, &sized(8, 1_000)).await);
    assert!(!resize(&state, 8, 1_001).await);
    // Other accounts have quotas of their own.
    let role = entity::Role {
        account: other(),
        ..role(1, "a")
    };
    assert!(creates(&state, &role).await);
    let delete = state.update(|index| {
        let stored = index.policy_by_name(account(), "p-1").unwrap();
        let transaction = Transaction::new().delete(&*stored.record, stored.revision);
        Ok::<_, ()>((transaction, ()))
    });
    delete.await.unwrap();
    assert!(resize(&state, 8, EIGHTH).await);
}

#[tokio::test]
async fn no_race_exceeds_the_quota_of_documents() {
    let state = leveled().await;
    allow(&state, Quota::Documents, 1).await;
    for number in 0..32 {
        assert!(creates(&state, &sized(number, 1_000)).await);
    }
    let all = (0..32).map(|number| resize(&state, number, 100_000));
    let grown = futures_util::future::join_all(all).await;
    // 32,000 bytes, and 99,000 more for each.
    assert_eq!(grown.iter().filter(|grown| **grown).count(), 10);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(32))]

    #[test]
    fn counts_after_many_changes_are_those_of_a_new_start(
        changes in proptest::collection::vec((0..6_usize, 0..4_usize, 100..5_000_usize), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
            let state = start(&store).await;
            state.raise_feature_level(FeatureLevel::NEWEST).await.unwrap();
            for (kind, number, bytes) in changes {
                change(&state, kind, number, bytes).await;
            }
            let again = start(&store).await;
            let (index, again) = (state.current(), again.current());
            for quota in Quota::ALL {
                let used = |index: &Index| index.quota_used(account(), *quota);
                assert_eq!(used(&index), used(&again), "{quota:?}");
            }
            let exact = index.users(account(), None, None).map(|user| user.record.document_bytes()).sum::<usize>()
                + index.policies(account(), None, None).map(|policy| policy.record.document_bytes()).sum::<usize>()
                + index.all_tables().map(|table| table.record.document_bytes()).sum::<usize>();
            assert_eq!(index.document_bytes(account()), exact);
            assert_eq!(again.document_bytes(account()), exact);
            assert_eq!(index.quota_used(account(), Quota::Users), Some(index.users(account(), None, None).count()));
            assert_eq!(index.table_count(account(), "us-east-1"), index.tables(account(), "us-east-1", None).count());
        });
    }
}

/// Creates, changes or deletes one of a few users, policies and tables.
async fn change(state: &IdentityState, kind: usize, number: usize, bytes: usize) {
    let name = format!("p-{number}");
    let ann = {
        let mut user = user(number, &name);
        let document = format!("{ALLOW}{}", " ".repeat(bytes));
        user.permissions.inline.insert("p".to_owned(), document);
        user
    };
    let tagged = {
        let mut table = table(&name, "us-east-1");
        table.tags.insert("tag".to_owned(), "v".repeat(bytes % 256));
        table
    };
    let changed = state.update(|index| {
        let new = Transaction::new();
        Ok::<_, ()>((
            match (
                kind,
                index.user(account(), &name),
                index.policy_by_name(account(), &name),
                index.table(account(), "us-east-1", &name),
            ) {
                (0, None, _, _) => new.create(&ann),
                (0, Some(stored), _, _) => new.update(&ann, stored.revision),
                (1, Some(stored), _, _) => new.delete(&*stored.record, stored.revision),
                (2, _, None, _) => new.create(&sized(number, bytes)),
                (2, _, Some(stored), _) => new.update(&sized(number, bytes), stored.revision),
                (3, _, Some(stored), _) => new.delete(&*stored.record, stored.revision),
                (4, _, _, None) => new.create(&tagged),
                (4, _, _, Some(stored)) => new.update(&tagged, stored.revision),
                (5, _, _, Some(stored)) => new.delete(&*stored.record, stored.revision),
                _ => new,
            },
            (),
        ))
    });
    changed.await.unwrap();
}
