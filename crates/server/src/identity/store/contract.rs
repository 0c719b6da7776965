//! The contract of every store, as tests that run against each of them.
//!
//! A new store is a function in the `contract` macro below. [`GapStore`] stands for stores whose
//! revisions have gaps.

use std::path::Path;

use proptest::prelude::*;

use super::{
    Batch, Change, CommitError, EncodedRecord, MemoryStore, Precondition, RecordKey, Revision,
    SqliteStore, Store, Transaction, Watch, WatchError, gaps::GapStore, transaction::MAX_CHANGES,
};

/// Runs a test against each store.
macro_rules! contract {
    ($($(#[$meta:meta])* async fn $name:ident($store:ident: &dyn Store) $body:block)*) => {$(
        mod $name {
            use super::*;

            $(#[$meta])*
            async fn test($store: &dyn Store) $body

            #[tokio::test]
            async fn in_memory() {
                test(&MemoryStore::new()).await;
            }

            #[tokio::test]
            async fn in_sqlite() {
                let folder = tempfile::tempdir().unwrap();
                test(&sqlite(folder.path())).await;
            }

            #[tokio::test]
            async fn with_gaps() {
                test(&GapStore::new()).await;
            }
        }
    )*};
}

fn sqlite(folder: &Path) -> SqliteStore {
    SqliteStore::create(folder, &folder.join("revision")).unwrap()
}

fn key(name: &str) -> RecordKey {
    RecordKey::from_stored(&format!("bucket/{name}"))
}

fn value(text: &str) -> EncodedRecord {
    text.as_bytes().into()
}

fn put(name: &str, text: &str) -> Transaction {
    Transaction::new().put(key(name), value(text))
}

/// Every record, as `key=value`, and its revision.
async fn content(store: &dyn Store) -> Vec<(String, Revision)> {
    let snapshot = store.snapshot().await.unwrap();
    let records = snapshot.records.iter().map(|record| {
        let text = String::from_utf8_lossy(&record.value);
        (format!("{}={text}", record.key), record.revision)
    });
    records.collect()
}

fn record(text: &str, revision: Revision) -> (String, Revision) {
    (text.to_owned(), revision)
}

/// The next batch that has changes.
async fn next_commit(watch: &mut Box<dyn Watch>) -> Batch {
    loop {
        let batch = watch.next().await.unwrap();
        if !batch.changes.is_empty() {
            return batch;
        }
    }
}

contract! {
    async fn an_empty_store_has_no_records(store: &dyn Store) {
        let snapshot = store.snapshot().await.unwrap();
        assert_eq!(snapshot.revision, store.latest().await.unwrap());
        assert!(snapshot.records.is_empty());
    }

    async fn each_commit_has_one_later_revision_that_stamps_its_records(store: &dyn Store) {
        let empty = store.latest().await.unwrap();
        let first = store.commit(put("b", "1").put(key("a"), value("1"))).await.unwrap();
        let second = store.commit(put("b", "2")).await.unwrap();
        assert!(empty < first && first < second && second <= store.latest().await.unwrap());
        assert_eq!(
            content(store).await,
            [record("bucket/a=1", first), record("bucket/b=2", second)]
        );
    }

    async fn an_empty_transaction_makes_no_revision(store: &dyn Store) {
        let before = store.commit(put("a", "1")).await.unwrap();
        assert_eq!(store.commit(Transaction::new()).await.unwrap(), before);
        let check = Transaction::new().require(Precondition::Absent(key("a")));
        assert!(matches!(store.commit(check).await, Err(CommitError::Conflict(_))));
    }

    async fn a_name_is_taken_once(store: &dyn Store) {
        let create = || put("a", "1").require(Precondition::Absent(key("a")));
        store.commit(create()).await.unwrap();
        let second = store.commit(create()).await.unwrap_err();
        assert_eq!(second.to_string(), "record `bucket/a` has changed");
    }

    async fn a_deleted_name_can_be_taken_again(store: &dyn Store) {
        store.commit(put("a", "1")).await.unwrap();
        store.commit(Transaction::new().remove(key("a"))).await.unwrap();
        let create = put("a", "2").require(Precondition::Absent(key("a")));
        let created = store.commit(create).await.unwrap();
        assert_eq!(content(store).await, [record("bucket/a=2", created)]);
    }

    async fn an_update_conflicts_if_the_record_has_changed_since_it_was_read(store: &dyn Store) {
        let read = store.commit(put("a", "1")).await.unwrap();
        let update = || put("a", "2").require(Precondition::At(key("a"), read));
        store.commit(update()).await.unwrap();
        assert!(matches!(store.commit(update()).await, Err(CommitError::Conflict(_))));
        let deleted = put("c", "1").require(Precondition::Present(key("b")));
        assert!(matches!(store.commit(deleted).await, Err(CommitError::Conflict(_))));
    }

    async fn a_precondition_needs_the_exact_revision(store: &dyn Store) {
        store.commit(put("a", "1")).await.unwrap();
        let latest = store.commit(put("b", "1")).await.unwrap();
        let update = put("a", "2").require(Precondition::At(key("a"), latest));
        assert!(matches!(store.commit(update).await, Err(CommitError::Conflict(_))));
    }

    async fn a_transaction_with_a_failed_precondition_changes_nothing(store: &dyn Store) {
        let created = store.commit(put("a", "1")).await.unwrap();
        let transaction = put("b", "1")
            .remove(key("a"))
            .require(Precondition::Present(key("a")))
            .require(Precondition::Present(key("missing")));
        store.commit(transaction).await.unwrap_err();
        assert_eq!(content(store).await, [record("bucket/a=1", created)]);
    }

    async fn preconditions_see_the_store_before_the_transaction(store: &dyn Store) {
        let both = put("a", "1").require(Precondition::Present(key("a")));
        assert!(store.commit(both).await.is_err());
    }

    async fn a_transaction_has_at_most_a_hundred_changes(store: &dyn Store) {
        let of = |count: usize| (0..count).fold(Transaction::new(), |transaction, n| {
            transaction.put(key(&n.to_string()), value("1"))
        });
        store.commit(of(MAX_CHANGES)).await.unwrap();
        let refused = store.commit(of(MAX_CHANGES + 1)).await.unwrap_err();
        assert_eq!(refused.to_string(), "a transaction of 101 parts is over the limit of 100");
    }

    async fn a_transaction_changes_a_record_once(store: &dyn Store) {
        let twice = store.commit(put("a", "1").remove(key("a"))).await.unwrap_err();
        assert_eq!(twice.to_string(), "record `bucket/a` is changed twice in one transaction");
    }

    async fn a_watch_reports_every_later_commit_in_order(store: &dyn Store) {
        let from = store.commit(put("a", "1")).await.unwrap();
        let mut watch = store.watch(from).await.unwrap();
        let put_b = store.commit(put("b", "1")).await.unwrap();
        let delete_a = store.commit(Transaction::new().remove(key("a"))).await.unwrap();
        let (first, second) = (next_commit(&mut watch).await, next_commit(&mut watch).await);
        assert_eq!(first.changes.as_ref(), [Change::Put(key("b"), value("1"))]);
        assert_eq!(second.changes.as_ref(), [Change::Delete(key("a"))]);
        assert_eq!((first.revision, second.revision), (put_b, delete_a));
    }

    async fn a_watch_from_a_snapshot_misses_and_repeats_nothing(store: &dyn Store) {
        store.commit(put("a", "1")).await.unwrap();
        let snapshot = store.snapshot().await.unwrap();
        let mut watch = store.watch(snapshot.revision).await.unwrap();
        let later = store.commit(put("b", "1")).await.unwrap();
        assert_eq!(next_commit(&mut watch).await.revision, later);
    }

    async fn a_watch_reaches_the_latest_revision(store: &dyn Store) {
        let from = store.commit(put("a", "1")).await.unwrap();
        let mut watch = store.watch(from).await.unwrap();
        store.commit(put("b", "1")).await.unwrap();
        let latest = store.latest().await.unwrap();
        let mut seen = from;
        while seen < latest {
            let batch = watch.next().await.unwrap();
            assert!(seen < batch.revision);
            seen = batch.revision;
        }
    }

    async fn a_watch_wakes_for_a_later_commit(store: &dyn Store) {
        let mut watch = store.watch(Revision::EMPTY).await.unwrap();
        let (batch, revision) = tokio::join!(next_commit(&mut watch), store.commit(put("a", "1")));
        assert_eq!(batch.revision, revision.unwrap());
    }

    async fn a_watch_that_fell_behind_ends(store: &dyn Store) {
        let mut watch = store.watch(Revision::EMPTY).await.unwrap();
        let first = store.commit(put("a", "1")).await.unwrap();
        let second = store.commit(put("a", "1")).await.unwrap();
        for _ in 2..1025 {
            store.commit(put("a", "1")).await.unwrap();
        }
        let ended = loop {
            match watch.next().await {
                Ok(batch) => assert!(batch.changes.is_empty()),
                Err(error) => break error,
            }
        };
        assert!(matches!(ended, WatchError::Compacted(seen) if seen < first), "{ended:?}");
        let mut watch = store.watch(first).await.unwrap();
        assert_eq!(next_commit(&mut watch).await.revision, second);
    }
}

#[tokio::test]
async fn the_embedded_stores_count_their_commits() {
    let folder = tempfile::tempdir().unwrap();
    let stores: [&dyn Store; 2] = [&MemoryStore::new(), &sqlite(folder.path())];
    for store in stores {
        assert_eq!(store.latest().await.unwrap(), Revision::EMPTY);
        assert_eq!(store.snapshot().await.unwrap().revision, Revision::EMPTY);
        let mut watch = store.watch(Revision::EMPTY).await.unwrap();
        for number in 1..3 {
            let revision = store.commit(put("a", "1")).await.unwrap();
            assert_eq!(revision, Revision::from_number(number));
            assert_eq!(store.latest().await.unwrap(), revision);
            assert_eq!(watch.next().await.unwrap().revision, revision);
        }
    }
}

#[tokio::test]
async fn a_watch_ends_with_its_store() {
    let store = MemoryStore::new();
    let mut watch = store.watch(Revision::EMPTY).await.unwrap();
    drop(store);
    assert_eq!(watch.next().await, Err(WatchError::Closed));
}

#[tokio::test]
async fn sqlite_keeps_committed_records() {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(folder.path());
    let first = store.commit(put("a", "1")).await.unwrap();
    let second = store.commit(put("b", "1")).await.unwrap();
    drop(store);
    let store = SqliteStore::open(folder.path(), &folder.path().join("revision")).unwrap();
    assert_eq!(
        content(&store).await,
        [record("bucket/a=1", first), record("bucket/b=1", second)]
    );
    // The commits of an earlier process are in the snapshot only.
    let mut watch = store.watch(Revision::EMPTY).await.unwrap();
    assert_eq!(
        watch.next().await,
        Err(WatchError::Compacted(Revision::EMPTY))
    );
}

/// One step of the comparison, over few keys so that conditions meet records.
fn arbitrary_transaction() -> impl Strategy<Value = (Vec<Precondition>, Vec<Change>)> {
    let key = || (0..5u8).prop_map(|n| key(&n.to_string()));
    let condition = prop_oneof![
        key().prop_map(Precondition::Absent),
        key().prop_map(Precondition::Present),
        (key(), 0..12u64).prop_map(|(key, at)| Precondition::At(key, Revision::from_number(at))),
    ];
    let change = prop_oneof![
        (key(), "[a-z]{0,3}").prop_map(|(key, text)| Change::Put(key, value(&text))),
        key().prop_map(Change::Delete),
    ];
    (
        prop::collection::vec(condition, 0..2),
        prop::collection::vec(change, 0..4),
    )
}

fn transaction((conditions, changes): &(Vec<Precondition>, Vec<Change>)) -> Transaction {
    let transaction = conditions
        .iter()
        .cloned()
        .fold(Transaction::new(), Transaction::require);
    changes
        .iter()
        .fold(transaction, |transaction, change| match change {
            Change::Put(key, value) => transaction.put(key.clone(), EncodedRecord::clone(value)),
            Change::Delete(key) => transaction.remove(key.clone()),
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn memory_and_sqlite_agree(steps in prop::collection::vec(arbitrary_transaction(), 1..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let (memory, sqlite) = (MemoryStore::new(), sqlite(folder.path()));
            for step in &steps {
                let expected = memory.commit(transaction(step)).await;
                let actual = sqlite.commit(transaction(step)).await;
                prop_assert_eq!(format!("{expected:?}"), format!("{actual:?}"));
            }
            prop_assert_eq!(memory.snapshot().await.unwrap(), sqlite.snapshot().await.unwrap());
            Ok(())
        })?;
    }
}
