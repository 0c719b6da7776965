//! Records of other builds and damaged ones, feature levels, and stores whose revisions have gaps.

use super::*;

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

#[derive(serde::Serialize, serde::Deserialize)]
struct LaterKind;

impl Entity for LaterKind {
    const KIND: &'static str = "later-kind";
    const LEVEL: u32 = 1;

    fn key(&self) -> RecordKey {
        RecordKey::from_stored("later-kind/one")
    }

    fn counted(&self) -> Option<entity::Counted> {
        None
    }

    fn validate(&self) -> Result<(), entity::InvalidEntity> {
        Ok(())
    }
}

#[tokio::test]
async fn a_later_kind_of_record_is_written_only_after_the_feature_level_was_raised() {
    let state = state().await;
    let create = || Transaction::new().create(&LaterKind);
    let error = state.commit(create()).await.unwrap_err();
    insta::assert_snapshot!(error, @"a record of the transaction needs feature level 1 of the store");
    let raised = state.raise_feature_level(FeatureLevel::LEASES);
    raised.await.unwrap();
    state.commit(create()).await.unwrap();
}

#[tokio::test]
async fn an_unknown_feature_level_stops_the_index() {
    let record = |level: &str| format!(r#"{{"format":2,"kind":"feature-level","record":{level}}}"#);
    for (level, live) in [
        (r#"{"level":1}"#, true),
        (r#"{"level":2}"#, true),
        (r#"{"level":3}"#, false),
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

#[tokio::test]
async fn a_damaged_record_stops_the_index_and_is_named() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let state = start(&store).await;
    create(&state, &role(1, "reader")).await;
    let damaged =
        Transaction::new().put(role(1, "reader").key(), b"{\"format\":1".as_slice().into());
    assert!(state.commit(damaged).await.is_err());
    assert!(!state.is_live());
    state.close().await;
    let error = IdentityState::start(store, master_key(), ServerId::new([0; 16])).await;
    let LoadError::Index(IndexError::Damaged(error)) = error.unwrap_err() else {
        panic!("another error");
    };
    insta::assert_snapshot!(error, @"record `role/432797229265/AROA00000000000000001` does not parse");
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

#[test]
fn a_change_names_its_record() {
    let key = RecordKey::bucket("data");
    assert_eq!(Change::Delete(key.clone()).key(), &key);
}
