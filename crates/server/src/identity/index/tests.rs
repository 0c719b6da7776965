use std::sync::Arc;

use jiff::Timestamp;

use super::*;
use crate::{
    crypto::master_key::MasterKey,
    identity::{
        entity::{BucketState, Entity, Lease, Permissions, ServerId, TrustDocument},
        store::{
            Change, CommitError, MemoryStore, Precondition, RecordKey, Store, Transaction,
            gaps::GapStore, record,
        },
    },
};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

const ALLOW: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;

fn master_key() -> Arc<MasterKey> {
    let text = format!("{}=", "A".repeat(43));
    Arc::new(MasterKey::from_text(&text).unwrap())
}

async fn start(store: &Arc<dyn Store>) -> IdentityState {
    IdentityState::start(Arc::clone(store), master_key(), ServerId::new([0; 16]))
        .await
        .unwrap()
}

async fn state() -> IdentityState {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    start(&store).await
}

fn account() -> AccountId {
    "432797229265".parse().unwrap()
}

fn other() -> AccountId {
    "111122223333".parse().unwrap()
}

fn id(prefix: &str, number: usize) -> UniqueId {
    format!("{prefix}{number:017}").parse().unwrap()
}

fn role(number: usize, name: &str) -> entity::Role {
    entity::Role {
        id: id("AROA", number),
        account: account(),
        name: name.to_owned(),
        path: "/".to_owned(),
        description: None,
        max_session_duration: 3_600,
        trust: trusting("{\"Service\":\"lambda.amazonaws.com\"}"),
        permissions: Permissions::default(),
        created: NOW,
    }
}

fn trusting(principal: &str) -> TrustDocument {
    TrustDocument {
        text: format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"}}]}}"#
        ),
        principals: Vec::new(),
    }
}

fn user(number: usize, name: &str) -> entity::User {
    entity::User {
        id: id("AIDA", number),
        account: account(),
        name: name.to_owned(),
        path: "/".to_owned(),
        permissions: Permissions::default(),
        created: NOW,
    }
}

fn policy(number: usize, name: &str) -> entity::ManagedPolicy {
    entity::ManagedPolicy {
        id: id("ANPA", number),
        account: account(),
        name: name.to_owned(),
        path: "/".to_owned(),
        description: None,
        versions: vec![entity::PolicyVersion {
            number: 1,
            document: ALLOW.to_owned(),
            created: NOW,
        }],
        default_version: 1,
        created: NOW,
        updated: NOW,
    }
}

fn provider(number: usize, url: &str) -> entity::OidcProvider {
    entity::OidcProvider {
        id: id("OIDC", number),
        account: account(),
        url: url.to_owned(),
        issuer_override: None,
        client_ids: Vec::new(),
        thumbprints: Vec::new(),
        jwks: None,
        ca_bundle: None,
        created: NOW,
    }
}

fn bucket(name: &str, owner: AccountId) -> entity::Bucket {
    entity::Bucket {
        id: format!("{name}.1").parse().unwrap(),
        name: name.to_owned(),
        owner,
        region: "us-east-1".to_owned(),
        upstream: "folder".to_owned(),
        upstream_bucket: None,
        state: BucketState::Active,
        created: NOW,
        lease: None,
    }
}

async fn create<E: Entity + Sync>(state: &IdentityState, entity: &E) {
    let transaction = Transaction::new().create(entity);
    state.commit(transaction).await.unwrap();
}

fn names<'a>(roles: impl Iterator<Item = &'a Arc<RoleEntry>>) -> Vec<&'a str> {
    roles.map(|role| role.record.name.as_str()).collect()
}

#[tokio::test]
async fn whoever_wrote_reads_what_it_wrote() {
    let state = state().await;
    let before = state.current();
    create(&state, &role(1, "Bot-Builder")).await;
    let index = state.current();
    let found = index.role(account(), "bot-BUILDER").unwrap();
    assert_eq!(&*found.arn, "arn:aws:iam::432797229265:role/Bot-Builder");
    assert_eq!(found.revision, index.revision());
    assert!(Arc::ptr_eq(
        found,
        index.role_by_id(id("AROA", 1).as_str()).unwrap()
    ));
    assert!(
        before.role(account(), "Bot-Builder").is_none(),
        "an index never changes"
    );
}

#[tokio::test]
async fn a_name_is_unique_in_its_account_ignoring_case() {
    let state = state().await;
    create(&state, &role(1, "Reader")).await;
    let again = Transaction::new().create(&role(2, "READER"));
    assert!(matches!(
        state.commit(again).await,
        Err(CommitError::Conflict(_))
    ));
    let mut elsewhere = role(3, "reader");
    elsewhere.account = other();
    create(&state, &elsewhere).await;
    create(&state, &user(1, "reader")).await;
}

#[tokio::test]
async fn a_deleted_name_leads_nowhere_and_its_id_neither() {
    let state = state().await;
    create(&state, &role(1, "reader")).await;
    let index = state.current();
    let stored = index.role(account(), "reader").unwrap();
    let transaction = Transaction::new().delete(&*stored.record, stored.revision);
    state.commit(transaction).await.unwrap();
    create(&state, &role(2, "reader")).await;
    let index = state.current();
    assert!(index.role_by_id(id("AROA", 1).as_str()).is_none());
    assert_eq!(
        index.role(account(), "reader").unwrap().record.id,
        id("AROA", 2)
    );
    assert_eq!(index.role_count(), 1);
}

#[tokio::test]
async fn a_list_goes_on_after_its_marker_and_keeps_to_account_and_path() {
    let state = state().await;
    for (number, name) in ["Delta", "alpha", "Charlie", "bravo"].iter().enumerate() {
        create(&state, &role(number, name)).await;
    }
    let mut elsewhere = role(9, "bravo");
    elsewhere.account = other();
    create(&state, &elsewhere).await;
    let mut pathed = role(10, "echo");
    pathed.path = "/team/".to_owned();
    create(&state, &pathed).await;

    let index = state.current();
    let all = names(index.roles(account(), None, None));
    assert_eq!(all, ["alpha", "bravo", "Charlie", "Delta", "echo"]);
    let after = names(index.roles(account(), None, Some("BRAVO")));
    assert_eq!(after, ["Charlie", "Delta", "echo"]);
    let deleted_marker = names(index.roles(account(), None, Some("bz")));
    assert_eq!(deleted_marker, ["Charlie", "Delta", "echo"]);
    assert_eq!(names(index.roles(account(), Some("/team"), None)), ["echo"]);
    assert_eq!(names(index.roles(other(), None, None)), ["bravo"]);
}

#[tokio::test]
async fn attachments_are_counted_while_they_last() {
    let state = state().await;
    let policy = policy(1, "reading");
    create(&state, &policy).await;
    for number in 0..2 {
        let mut role = role(number, &format!("role-{number}"));
        role.permissions.attached.insert(policy.arn());
        create(&state, &role).await;
    }
    let index = state.current();
    assert_eq!(index.attachment_count(&policy.arn()), 2);
    assert_eq!(index.attached_to(&policy.arn()).count(), 2);
    let stored = index.role(account(), "role-0").unwrap();
    let mut detached = entity::Role::clone(&stored.record);
    detached.permissions.attached.clear();
    let update = Transaction::new().update(&detached, stored.revision);
    state.commit(update).await.unwrap();
    let stored = state.current().role(account(), "role-1").cloned().unwrap();
    let delete = Transaction::new().delete(&*stored.record, stored.revision);
    assert_eq!(state.current().attachment_count(&policy.arn()), 1);
    state.commit(delete).await.unwrap();
    assert_eq!(state.current().attachment_count(&policy.arn()), 0);
}

#[tokio::test]
async fn an_attachment_and_a_deletion_of_one_policy_cannot_both_happen() {
    let state = state().await;
    create(&state, &policy(1, "reading")).await;
    create(&state, &role(1, "reader")).await;
    let index = state.current();
    let policy = index.policy_by_name(account(), "reading").unwrap();
    let stored = index.role(account(), "reader").unwrap();
    let mut attached = entity::Role::clone(&stored.record);
    attached.permissions.attached.insert(policy.arn.to_string());
    let attach = Transaction::new()
        .update(&attached, stored.revision)
        .touch(&*policy.record, policy.revision);
    let delete = Transaction::new().delete(&*policy.record, policy.revision);
    state.commit(attach).await.unwrap();
    assert!(matches!(
        state.commit(delete).await,
        Err(CommitError::Conflict(_))
    ));
}

fn service_attachment(resource: &str, role: &entity::Role) -> entity::ServiceAttachment {
    entity::ServiceAttachment {
        account: account(),
        resource: format!("arn:aws:lambda:us-east-1:432797229265:function:{resource}")
            .parse()
            .unwrap(),
        role: role.id.clone(),
        created: NOW,
    }
}

#[tokio::test]
async fn a_role_is_attached_to_services_as_long_as_one_attachment_lasts() {
    let state = state().await;
    let role = role(1, "on-lambda");
    create(&state, &role).await;
    let names = ["report", "Report"];
    for name in names {
        create(&state, &service_attachment(name, &role)).await;
    }
    let again = Transaction::new().create(&service_attachment("report", &role));
    assert!(matches!(
        state.commit(again).await,
        Err(CommitError::Conflict(_))
    ));
    for left in [true, false] {
        assert!(state.current().is_attached_to_service(&role.id));
        let index = state.current();
        let found = index.service_attachments(account(), None).next().unwrap();
        let delete = Transaction::new().delete(&*found.record, found.revision);
        state.commit(delete).await.unwrap();
        assert_eq!(state.current().is_attached_to_service(&role.id), left);
    }
}

#[tokio::test]
async fn attachments_of_services_keep_to_their_account_and_their_case() {
    let state = state().await;
    let role = role(1, "on-lambda");
    for name in ["b", "a", "A"] {
        create(&state, &service_attachment(name, &role)).await;
    }
    let index = state.current();
    let list = |account, marker: Option<&str>| {
        let found = index.service_attachments(account, marker);
        let names = found.map(|found| found.record.resource.session_name().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(list(account(), None), ["A", "a", "b"]);
    let a = service_attachment("a", &role).resource;
    assert_eq!(list(account(), Some(a.as_str())), ["b"]);
    assert!(list(other(), None).is_empty());
    let found = index.service_attachment(account(), a.as_str()).unwrap();
    assert_eq!(found.record.resource, a);
    assert!(index.service_attachment(other(), a.as_str()).is_none());
}

#[tokio::test]
async fn an_attachment_to_a_service_and_a_deletion_of_its_role_cannot_both_happen() {
    let state = state().await;
    create(&state, &role(1, "on-lambda")).await;
    let index = state.current();
    let stored = index.role(account(), "on-lambda").unwrap();
    let attach = Transaction::new()
        .touch(&*stored.record, stored.revision)
        .create(&service_attachment("report", &stored.record));
    let delete = Transaction::new().delete(&*stored.record, stored.revision);
    state.commit(attach).await.unwrap();
    assert!(matches!(
        state.commit(delete).await,
        Err(CommitError::Conflict(_))
    ));
}

#[tokio::test]
async fn an_attachment_of_another_accounts_resource_is_no_record() {
    let state = state().await;
    let mut attachment = service_attachment("report", &role(1, "on-lambda"));
    attachment.account = other();
    let create = Transaction::new().create(&attachment);
    assert!(matches!(
        state.commit(create).await,
        Err(CommitError::Invalid(_))
    ));
}

#[tokio::test]
async fn instance_profiles_are_found_by_name_and_by_their_role() {
    let state = state().await;
    let role = role(1, "on-ec2");
    create(&state, &role).await;
    for (number, name) in ["Web", "batch", "empty"].into_iter().enumerate() {
        let profile = entity::InstanceProfile {
            id: id("AIPA", number),
            account: account(),
            name: name.to_owned(),
            path: "/".to_owned(),
            role: (name != "empty").then(|| role.id.clone()),
            created: NOW,
        };
        create(&state, &profile).await;
    }
    let index = state.current();
    let found = index.instance_profile(account(), "WEB").unwrap();
    assert_eq!(
        found.record.arn(),
        "arn:aws:iam::432797229265:instance-profile/Web"
    );
    let of_role = |marker| index.instance_profiles_of(&role, marker).count();
    assert_eq!((of_role(None), of_role(Some("batch"))), (2, 1));
    assert_eq!(index.instance_profiles(other(), None, None).count(), 0);
    let delete = Transaction::new().delete(&*found.record, found.revision);
    state.commit(delete).await.unwrap();
    assert!(state.current().instance_profile(account(), "Web").is_none());
}

#[tokio::test]
async fn providers_that_share_an_issuer_are_found_by_it() {
    let state = state().await;
    for number in 0..2 {
        let mut provider = provider(number, &format!("https://oidc.example/{number}"));
        provider.issuer_override = Some("https://kubernetes.default.svc".to_owned());
        create(&state, &provider).await;
    }
    create(&state, &provider(2, "https://oidc.example/2")).await;
    let index = state.current();
    let found = |issuer: &str| index.providers_of_issuer(account(), issuer).len();
    assert_eq!(found("https://kubernetes.default.svc"), 2);
    assert_eq!(found("https://oidc.example/2"), 1);
    assert_eq!(found("https://OIDC.example/2"), 0, "`iss` has case");
    assert!(
        index
            .providers_of_issuer(other(), "https://oidc.example/2")
            .is_empty()
    );
    let arn = "arn:aws:iam::432797229265:oidc-provider/oidc.example/0";
    let stored = index.provider(arn).unwrap();
    assert_eq!(stored.condition_prefix(), "oidc.example/0");

    let mut own = entity::OidcProvider::clone(&stored.record);
    own.issuer_override = None;
    let update = Transaction::new().update(&own, stored.revision);
    state.commit(update).await.unwrap();
    let index = state.current();
    assert_eq!(
        index
            .providers_of_issuer(account(), "https://kubernetes.default.svc")
            .len(),
        1
    );
    assert_eq!(
        index
            .providers_of_issuer(account(), "https://oidc.example/0")
            .len(),
        1
    );
}

#[tokio::test]
async fn access_keys_stand_by_their_owner() {
    let state = state().await;
    let (alice, bob) = (user(1, "alice"), user(2, "bob"));
    create(&state, &alice).await;
    create(&state, &bob).await;
    let secret = bowline_aws::credentials::SecretAccessKey::new("secret").unwrap();
    for (number, owner) in [&alice, &alice, &bob].into_iter().enumerate() {
        let id = format!("AKIA{number:016}");
        let key = entity::AccessKey {
            secret: state
                .master_key()
                .seal(&RecordKey::access_key(&id), &secret)
                .unwrap(),
            id: id.parse().unwrap(),
            account: account(),
            owner: AccessKeyOwner::User(owner.id.clone()),
            status: entity::AccessKeyStatus::Active,
            created: NOW,
        };
        create(&state, &key).await;
    }
    let index = state.current();
    assert_eq!(index.access_keys_of(&alice.id).count(), 2);
    assert_eq!(index.access_keys_of(&bob.id).count(), 1);
    assert_eq!(index.root_access_keys(account()).count(), 0);
    let key = index.access_key("AKIA0000000000000002").unwrap();
    assert!(key.is_active());
    let KeyOwner::User(owner) = index.owner_of(key).unwrap() else {
        panic!("a user's key");
    };
    assert_eq!(owner.record.name, "bob");
}

#[tokio::test]
async fn buckets_are_unique_on_the_server_and_listed_by_account() {
    let state = state().await;
    create(&state, &bucket("data", account())).await;
    create(&state, &bucket("more", other())).await;
    let taken = Transaction::new().create(&bucket("data", other()));
    assert!(state.commit(taken).await.is_err());
    let index = state.current();
    assert_eq!(index.bucket("data").unwrap().record.owner, account());
    assert_eq!(index.buckets(other(), None).count(), 1);
}

#[tokio::test]
async fn an_update_that_lost_a_race_decides_again() {
    let state = state().await;
    create(&state, &role(1, "reader")).await;
    let mut calls = 0;
    let before = state.current();
    let renamed = |stored: &RoleEntry, text: &str| {
        let mut role = entity::Role::clone(&stored.record);
        role.description = Some(text.to_owned());
        Transaction::new().update(&role, stored.revision)
    };
    let first = renamed(before.role(account(), "reader").unwrap(), "first");
    state.commit(first).await.unwrap();
    let outcome: Result<(), UpdateError<()>> = state
        .update(|index| {
            calls += 1;
            let seen = if calls == 1 { &before } else { index };
            Ok((
                renamed(seen.role(account(), "reader").unwrap(), "second"),
                (),
            ))
        })
        .await;
    outcome.unwrap();
    assert_eq!(calls, 2);
    let index = state.current();
    let role = index.role(account(), "reader").unwrap();
    assert_eq!(role.record.description.as_deref(), Some("second"));
}

#[tokio::test]
async fn an_update_gives_up_at_last() {
    let state = state().await;
    let outcome: Result<(), UpdateError<()>> = state
        .update(|_| {
            Ok((
                Transaction::new().require(Precondition::Present(RecordKey::bucket("missing"))),
                (),
            ))
        })
        .await;
    assert!(matches!(outcome, Err(UpdateError::Busy)));
}

#[tokio::test]
async fn a_restart_reads_the_same_index() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let master_key = Arc::new(MasterKey::generate().unwrap());
    let state = IdentityState::start(
        Arc::clone(&store),
        Arc::clone(&master_key),
        ServerId::new([0; 16]),
    )
    .await
    .unwrap();
    state.ensure_keyring(NOW).await.unwrap();
    create(&state, &role(1, "reader")).await;
    let before = state.current().revision();
    state.close().await;
    let state = IdentityState::start(Arc::clone(&store), master_key, ServerId::new([0; 16]))
        .await
        .unwrap();
    assert_eq!(state.current().revision(), before);
    assert!(state.current().role(account(), "reader").is_some());
    state.close().await;

    let other_key = Arc::new(MasterKey::generate().unwrap());
    let error = IdentityState::start(store, other_key, ServerId::new([0; 16]))
        .await
        .unwrap_err();
    assert!(
        matches!(error, LoadError::Index(IndexError::Keyring(_))),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_revoking_rotation_leaves_only_the_new_key() {
    let state = state().await;
    state.ensure_keyring(NOW).await.unwrap();
    let overlap = state
        .rotate_keyring(false, jiff::SignedDuration::ZERO, NOW)
        .await
        .unwrap();
    assert_eq!(overlap.status(NOW).len(), 2);
    let revoked = state
        .rotate_keyring(true, jiff::SignedDuration::ZERO, NOW)
        .await
        .unwrap();
    assert_eq!(revoked.status(NOW).len(), 1);
}

#[tokio::test]
async fn a_damaged_record_is_absent_and_harms_no_other() {
    let state = state().await;
    create(&state, &role(1, "reader")).await;
    let damaged =
        Transaction::new().put(role(1, "reader").key(), b"{\"format\":1".as_slice().into());
    state.commit(damaged).await.unwrap();
    create(&state, &role(2, "writer")).await;
    let index = state.current();
    assert!(index.role(account(), "reader").is_none());
    assert!(index.role(account(), "writer").is_some());
    assert!(state.is_live());
}

#[tokio::test]
async fn a_known_kind_in_a_newer_format_stops_the_index() {
    let state = state().await;
    let newer = r#"{"format":4,"kind":"role","record":{}}"#;
    let newer = Transaction::new().put(role(1, "reader").key(), newer.as_bytes().into());
    assert!(state.commit(newer).await.is_err());
    assert!(!state.is_live());
}

#[tokio::test]
async fn records_of_unknown_kinds_are_skipped_and_counted() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let state = start(&store).await;
    let unknown = |number: usize| {
        let key = RecordKey::from_stored(&format!("organisation/{number}"));
        let value = r#"{"format":9,"kind":"organisation","record":{}}"#;
        Transaction::new().put(key, value.as_bytes().into())
    };
    state.commit(unknown(1)).await.unwrap();
    state.commit(unknown(2)).await.unwrap();
    create(&state, &role(1, "reader")).await;
    let skipped: Vec<_> = state
        .current()
        .skipped()
        .map(|(kind, count)| (kind.to_owned(), count))
        .collect();
    assert_eq!(skipped, [("organisation".to_owned(), 2)]);
    assert!(state.is_live());
    state.close().await;

    let index = start(&store).await.current();
    assert_eq!(index.skipped().next(), Some(("organisation", 2)));
    assert!(index.role(account(), "reader").is_some());
}

#[tokio::test]
async fn a_new_store_has_the_newest_feature_level_and_an_old_one_keeps_its_own() {
    let state = state().await;
    assert_eq!(state.current().feature_level(), FeatureLevel::EARLIEST);
    state.ensure_keyring(NOW).await.unwrap();
    assert_eq!(state.current().feature_level(), FeatureLevel::NEWEST);

    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let keyring = KeyringRecord::generate(&master_key(), NOW).unwrap();
    let old = Transaction::new().create(&keyring);
    store.commit(old).await.unwrap();
    let state = start(&store).await;
    state.ensure_keyring(NOW).await.unwrap();
    assert_eq!(state.current().feature_level(), FeatureLevel::EARLIEST);
}

#[tokio::test]
async fn a_lease_is_written_only_after_the_feature_level_was_raised() {
    let state = state().await;
    assert_eq!(state.lease(NOW), None);
    let leased = entity::Bucket {
        lease: Some(Lease::new(ServerId::new([0; 16]), NOW)),
        ..bucket("data", account())
    };
    let create_leased = || Transaction::new().create(&leased);
    let refused = state.commit(create_leased()).await.unwrap_err();
    insta::assert_snapshot!(refused, @"record format 3 needs a higher feature level of the store");

    let raise = || state.raise_feature_level(FeatureLevel::LEASES);
    raise().await.unwrap();
    raise().await.unwrap();
    assert_eq!(state.lease(NOW), leased.lease);
    state.commit(create_leased()).await.unwrap();
    let index = state.current();
    assert_eq!(index.bucket("data").unwrap().record.lease, leased.lease);
    assert!(!state.is_leased_elsewhere(leased.lease.as_ref(), NOW));
}

#[tokio::test]
async fn an_unknown_feature_level_stops_the_index() {
    let record = |level: &str| format!(r#"{{"format":2,"kind":"feature-level","record":{level}}}"#);
    for (level, live) in [
        (r#"{"level":1}"#, true),
        (r#"{"level":2}"#, false),
        ("{}", false),
    ] {
        let state = state().await;
        let level = record(level);
        let put = Transaction::new().put(RecordKey::feature_level(), level.as_bytes().into());
        assert_eq!(state.commit(put).await.is_ok(), live, "{level}");
        assert_eq!(state.is_live(), live, "{level}");
    }
}

#[test]
fn a_record_is_written_in_the_oldest_format_that_can_hold_it() {
    let plain = bucket("data", account());
    let leased = entity::Bucket {
        lease: Some(Lease::new(ServerId::new([0; 16]), NOW)),
        ..plain.clone()
    };
    for (bucket, start) in [(plain, "{\"format\":2,"), (leased, "{\"format\":3,")] {
        let encoded = record::encode(&bucket).unwrap();
        assert!(encoded.starts_with(start.as_bytes()), "{start}");
        let decoded: entity::Bucket = record::decode(&bucket.key(), &encoded).unwrap();
        assert_eq!(decoded, bucket);
    }
}

#[test]
fn a_newer_record_is_refused_by_name() {
    let key = role(1, "reader").key();
    let newer = br#"{"format":7,"kind":"role","record":{}}"#;
    insta::assert_snapshot!(
        record::decode::<entity::Role>(&key, newer).unwrap_err(),
        @"record `role/432797229265/AROA00000000000000001` has format 7, this version of bowline reads up to 3"
    );
}

#[test]
fn a_record_that_was_moved_is_refused() {
    let value = record::encode(&role(1, "reader")).unwrap();
    insta::assert_snapshot!(
        record::decode::<entity::Role>(&role(2, "reader").key(), &value).unwrap_err(),
        @"record `role/432797229265/AROA00000000000000002` belongs under `role/432797229265/AROA00000000000000001`"
    );
}

#[test]
fn a_record_that_breaks_a_rule_is_neither_written_nor_read() {
    let mut wrong = role(1, "reader");
    wrong.max_session_duration = 1;
    assert!(record::encode(&wrong).is_err());
    let value = record::encode(&role(1, "reader")).unwrap();
    let text = String::from_utf8_lossy(&value).replace("3600", "1");
    let error = record::decode::<entity::Role>(&wrong.key(), text.as_bytes()).unwrap_err();
    insta::assert_snapshot!(std::error::Error::source(&error).unwrap(), @"maximum session duration is not between one and twelve hours");
}

#[test]
fn a_change_names_its_record() {
    let key = RecordKey::bucket("data");
    assert_eq!(Change::Delete(key.clone()).key(), &key);
}

#[tokio::test]
async fn policies_are_compiled_and_a_damaged_one_stays_in_its_place() {
    let state = state().await;
    create(&state, &policy(1, "reading")).await;
    let mut reader = role(1, "reader");
    let permissions = &mut reader.permissions;
    permissions
        .inline
        .insert("good".to_owned(), ALLOW.to_owned());
    permissions.inline.insert("odd".to_owned(), "{}".to_owned());
    permissions.attached.insert(policy(1, "reading").arn());
    permissions.attached.insert(policy(2, "gone").arn());
    create(&state, &reader).await;
    let index = state.current();
    let role = index.role(account(), "reader").unwrap();
    assert!(role.trust.get().is_some());
    let applied = index.role_policies(role);
    let shown: Vec<_> = applied
        .iter()
        .map(|a| (a.name, a.arn.is_some(), a.policy.is_some()))
        .collect();
    assert_eq!(
        shown,
        [
            ("good", false, true),
            ("odd", false, false),
            ("gone", true, false),
            ("reading", true, true)
        ]
    );
}

#[tokio::test]
async fn a_trust_policy_means_whom_it_meant_when_it_was_saved() {
    let state = state().await;
    let mut trusting_ann = role(1, "reader");
    trusting_ann.trust = trusting(r#"{"AWS":"arn:aws:iam::432797229265:user/ann"}"#);
    create(&state, &trusting_ann).await;
    let index = state.current();
    assert!(
        index
            .role(account(), "reader")
            .unwrap()
            .trust
            .get()
            .is_none(),
        "nobody is meant"
    );
    let mut resolved = role(2, "writer");
    resolved.trust = trusting_ann.trust.clone();
    resolved.trust.principals.push(entity::ResolvedPrincipal {
        arn: "arn:aws:iam::432797229265:user/ann".to_owned(),
        id: id("AIDA", 1),
    });
    create(&state, &resolved).await;
    let index = state.current();
    let role = index.role(account(), "writer").unwrap();
    assert!(role.trust.get().is_some());
    assert!(
        index
            .render_trust(&role.record)
            .contains("\"AIDA00000000000000001\"")
    );
}

#[tokio::test]
async fn a_principal_that_is_gone_is_shown_by_its_id_where_it_is_a_principal_alone() {
    let state = state().await;
    let mut reader = role(1, "reader");
    reader.trust = TrustDocument {
        text: r#"{"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":["arn:aws:iam::432797229265:user\/ann", "arn:aws:iam::432797229265:user/bob"]},
             "Precondition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::432797229265:user/ann"}}},
            {"Effect":"Deny","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::432797229265:user/ann"}}]}"#.to_owned(),
        principals: [("ann", 1), ("bob", 2)]
            .map(|(name, number)| entity::ResolvedPrincipal {
                arn: format!("arn:aws:iam::432797229265:user/{name}"),
                id: id("AIDA", number),
            })
            .to_vec(),
    };
    create(&state, &reader).await;
    create(&state, &user(2, "bob")).await;
    let index = state.current();
    let role = index.role(account(), "reader").unwrap();
    let ann = r#""arn:aws:iam::432797229265:user/ann""#;
    let gone = r#""AIDA00000000000000001""#;
    let expected = reader
        .trust
        .text
        .replace(&ann.replace("r/", r"r\/"), gone)
        .replace(
            &format!(r#""Principal":{{"AWS":{ann}"#),
            &format!(r#""Principal":{{"AWS":{gone}"#),
        );
    assert_eq!(expected.matches(gone).count(), 2);
    assert_eq!(index.render_trust(&role.record), expected);
}

#[tokio::test]
async fn the_index_follows_a_store_whose_revisions_have_gaps() {
    let store: Arc<dyn Store> = Arc::new(GapStore::new());
    let state = start(&store).await;
    state.ensure_keyring(NOW).await.unwrap();
    create(&state, &role(1, "reader")).await;
    state.catch_up().await.unwrap();
    assert_eq!(state.current().revision(), store.latest().await.unwrap());

    let renamed = |index: &Index| {
        let stored = index.role_by_id(id("AROA", 1).as_str()).ok_or(())?;
        let mut record = entity::Role::clone(&stored.record);
        record.description = Some("renamed".to_owned());
        Ok((Transaction::new().update(&record, stored.revision), ()))
    };
    state.update::<_, ()>(renamed).await.unwrap();
    state.close().await;

    let index = start(&store).await.current();
    let reader = index.role(account(), "reader").unwrap();
    assert_eq!(reader.record.description.as_deref(), Some("renamed"));
}

#[tokio::test]
async fn an_index_that_fell_behind_reads_the_store_again() {
    for store in [
        Arc::new(MemoryStore::new()) as Arc<dyn Store>,
        Arc::new(GapStore::new()),
    ] {
        let state = start(&store).await;
        for number in 0..1100 {
            let name = format!("role-{number}");
            let create = Transaction::new().create(&role(number, &name));
            // Directly, so that the task that follows the store does not run meanwhile.
            store.commit(create).await.unwrap();
        }
        state.catch_up().await.unwrap();
        assert_eq!(state.current().role_count(), 1100);
        assert!(state.is_live());
    }
}
