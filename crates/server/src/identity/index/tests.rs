use std::sync::Arc;

use jiff::Timestamp;

use super::*;
use crate::{
    crypto::master_key::MasterKey,
    identity::{
        entity::{BucketState, Entity, Lease, ServerId, TrustDocument},
        store::{
            Change, CommitError, MemoryStore, Precondition, RecordKey, Store, Transaction,
            gaps::GapStore, record,
        },
    },
};

mod attachments;
mod quotas;
mod records;

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
    entity::Role::new(
        id("AROA", number),
        account(),
        name.to_owned(),
        trusting("{\"Service\":\"lambda.amazonaws.com\"}"),
        NOW,
    )
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
    entity::User::new(id("AIDA", number), account(), name.to_owned(), NOW)
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
async fn a_commit_is_in_the_index_when_it_returns() {
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
async fn a_deleted_entity_is_found_by_neither_name_nor_id() {
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
async fn a_list_continues_after_its_marker_in_one_account_and_path() {
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
async fn access_keys_are_listed_by_owner() {
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
                .seal(RecordKey::access_key(&id), &secret)
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
async fn an_update_fails_after_repeated_conflicts() {
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
