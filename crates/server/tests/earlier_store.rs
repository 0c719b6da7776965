//! Stores and sessions of earlier builds open unchanged.
//!
//! `data/store_format_2.sql` is the store of a build that had neither leases nor feature levels.
//! Its master key is 32 zero bytes, and the same build sealed [`TOKEN`].
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first thing that is not as it says"
)]

use std::{path::Path, sync::Arc};

use bowline_aws::credentials::SessionToken;
use bowline_server::{
    clock::Clock,
    config::{AuditLimits, AuditTo, Config, FetchRates, FirstStart, Limits, StoreKind, Tls},
    crypto::{keyring::KeyringRecord, master_key::MasterKey},
    identity::{
        entity::{
            AccessKey, Account, Bucket, Entity, FeatureLevel, InstanceProfile, ManagedPolicy,
            OidcProvider, Role, ServerId, Table, User,
        },
        index::{IdentityState, Index},
        session,
        store::{SqliteStore, Store, StoredRecord, record},
    },
    server::Server,
    trusted_files::PermissionChecks,
};
use jiff::Timestamp;
use tempfile::TempDir;

const STORE: &str = include_str!("data/store_format_2.sql");
const MASTER_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const ACCOUNT: &str = "307077517094";
/// The time of the session's first minute.
const NOW: &str = "2026-11-30T20:01:45Z";
const TOKEN: &str = "ARKxlnuXWltbfUBVkK517qMqQ10d2W9uAliIdfLOfAgEzeDTelP6cNjMADCfgFXQyBXou6_Oss-JxngzM8dOI8NR8rNUkICVEcVZFUQ2KwXT_0PlLrgp1GvmIm6JY9ZsAj0PqUlTVhXcuGW0VY_nLL11WiEhp-_KD5Zj5fF_HlG7IkhZaLHUmM3EYWyyCy7OhnZMc4FGVFpxVTbz1mkpv_4BQhRdTmwNaTX-kIVWKYueGzXt";

fn earlier_store() -> (TempDir, Arc<dyn Store>) {
    let folder = tempfile::tempdir().unwrap();
    let connection = rusqlite::Connection::open(folder.path().join("bowline.db")).unwrap();
    connection.execute_batch(STORE).unwrap();
    connection.close().unwrap();
    let store = SqliteStore::open(folder.path(), &folder.path().join("revision")).unwrap();
    (folder, Arc::new(store))
}

async fn start(store: &Arc<dyn Store>) -> IdentityState {
    let master_key = Arc::new(MasterKey::from_text(MASTER_KEY).unwrap());
    IdentityState::start(Arc::clone(store), master_key, ServerId::new([1; 16]))
        .await
        .unwrap()
}

fn assert_complete(index: &Index) {
    let account = ACCOUNT.parse().unwrap();
    assert_eq!(index.skipped().next(), None);
    assert!(index.account(account).unwrap().record.management);
    let alice = index.user(account, "alice").unwrap();
    assert_eq!(index.access_keys_of(&alice.record.id).count(), 1);
    assert_eq!(index.root_access_keys(account).count(), 1);
    let reader = index.role(account, "reader").unwrap();
    assert!(reader.trust.get().is_some());
    assert!(reader.inline["inline"].get().is_some());
    assert_eq!(reader.record.trust.principals[0].id, alice.record.id);
    let policy = index.policy_by_name(account, "everything-in-s3").unwrap();
    assert_eq!(index.attachment_count(&policy.arn), 1);
    let profiles: Vec<_> = index.instance_profiles_of(&reader.record, None).collect();
    assert_eq!(profiles[0].record.name, "web");
    assert_eq!(index.providers(account).count(), 1);
    let bucket = &index.bucket("insights").unwrap().record;
    assert_eq!(bucket.lease, None);
    let table = &index.table(account, "us-east-1", "orders").unwrap().record;
    assert_eq!(table.partition_key.as_deref(), Some("pk"));
    assert_eq!(table.lease, None);
}

#[tokio::test]
async fn a_store_of_an_earlier_build_opens_unchanged() {
    let (_folder, store) = earlier_store();
    let before = store.snapshot().await.unwrap();
    let state = start(&store).await;
    assert_complete(&state.current());
    state.ensure_keyring(NOW.parse().unwrap()).await.unwrap();
    assert_eq!(state.current().feature_level(), FeatureLevel::EARLIEST);
    assert_eq!(state.lease(NOW.parse().unwrap()), None);
    assert_eq!(store.snapshot().await.unwrap(), before);
}

#[tokio::test]
async fn a_store_of_an_earlier_build_can_be_raised_to_the_newest_feature_level() {
    let (_folder, store) = earlier_store();
    let state = start(&store).await;
    let raised = state.raise_feature_level(FeatureLevel::NEWEST).await;
    raised.unwrap();
    state.close().await;
    let index = start(&store).await.current();
    assert_eq!(index.feature_level(), FeatureLevel::NEWEST);
    assert_complete(&index);
}

/// Decodes a record and encodes it again.
fn encode_again<E: Entity>(stored: &StoredRecord) -> String {
    let entity: E = record::decode(&stored.key, &stored.value).unwrap();
    String::from_utf8_lossy(&record::encode(&entity).unwrap()).into_owned()
}

#[tokio::test]
async fn a_server_raises_the_feature_level_of_its_embedded_store() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let store = data.join("store");
    // The first start creates the folder; the store in it is then replaced by the earlier one.
    let start = || Server::start(config(&data), Clock::system());
    start().await.unwrap().stop().await;
    std::fs::remove_dir_all(&store).unwrap();
    std::fs::remove_file(data.join("store-revision")).unwrap();
    std::fs::create_dir(&store).unwrap();
    let connection = rusqlite::Connection::open(store.join("bowline.db")).unwrap();
    connection.execute_batch(STORE).unwrap();
    connection.close().unwrap();
    start().await.unwrap().stop().await;

    let store: Arc<dyn Store> =
        Arc::new(SqliteStore::open(&store, &data.join("store-revision")).unwrap());
    let state = self::start(&store).await;
    assert_eq!(state.current().feature_level(), FeatureLevel::NEWEST);
    assert_complete(&state.current());
}

fn config(data: &Path) -> Config {
    Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        ops_listen: "127.0.0.1:0".parse().unwrap(),
        tls: Tls::None,
        trusted_proxies: Vec::new(),
        data: data.to_owned(),
        first_start: FirstStart::Allowed,
        permissions: PermissionChecks::On,
        store: StoreKind::Sqlite,
        master_key: Some(MasterKey::from_text(MASTER_KEY).unwrap()),
        base_domains: Vec::new(),
        allow_networks: Vec::new(),
        allow_loopback_issuers: false,
        fetch_rates: FetchRates::default(),
        accounts: Vec::new(),
        audit: AuditTo::DataFolder,
        log_refusals: false,
        limits: Limits::default(),
        audit_limits: AuditLimits::default(),
    }
}

#[tokio::test]
async fn an_earlier_build_can_read_what_this_one_writes_at_the_earliest_level() {
    let (_folder, store) = earlier_store();
    for stored in &store.snapshot().await.unwrap().records {
        let written = match stored.key.kind() {
            "access-key" => encode_again::<AccessKey>(stored),
            "account" => encode_again::<Account>(stored),
            "bucket" => encode_again::<Bucket>(stored),
            "instance-profile" => encode_again::<InstanceProfile>(stored),
            "keyring" => encode_again::<KeyringRecord>(stored),
            "policy" => encode_again::<ManagedPolicy>(stored),
            "provider" => encode_again::<OidcProvider>(stored),
            "role" => encode_again::<Role>(stored),
            "table" => encode_again::<Table>(stored),
            "user" => encode_again::<User>(stored),
            lookup => {
                assert!(
                    lookup.ends_with("-name") || lookup == "provider-url",
                    "{lookup}"
                );
                continue;
            }
        };
        assert_eq!(written.as_bytes(), &*stored.value, "{}", stored.key);
    }
}

#[tokio::test]
async fn a_session_of_an_earlier_build_opens() {
    let (_folder, store) = earlier_store();
    let index = start(&store).await.current();
    let token = SessionToken::new(TOKEN.to_owned()).unwrap();
    let access_key_id = "ASIAUO7Z7B4TOY5WQAHK".parse().unwrap();
    let now: Timestamp = NOW.parse().unwrap();
    let session = session::open(&token, &access_key_id, index.keyring(), now).unwrap();
    assert_eq!(session.session_name, "before");
    assert!(index.role_by_id(session.role_id.as_str()).is_some());
    let secret = session.secret_access_key.expose();
    assert_eq!(secret, "DMwxOnzejtGvvHv6HHqS7F3k/pyliZcpCm91plSC");
}
