//! Tests of the embedded store, beside those of the contract.

use super::*;
use crate::identity::store::WatchError;

fn create(folder: &Path) -> SqliteStore {
    SqliteStore::create(folder, &folder.join("revision")).unwrap()
}

fn open(folder: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(folder, &folder.join("revision"))
}

#[test]
fn a_folder_that_is_unknown_cannot_be_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let open_store = create(folder.path());
    let second = open(folder.path());
    assert!(matches!(second, Err(StoreError::Locked(_))), "{second:?}");
    drop(open_store);
    open(folder.path()).unwrap();
}

#[test]
fn a_newer_schema_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    drop(create(folder.path()));
    Connection::open(folder.path().join("bowline.db"))
        .unwrap()
        .execute("UPDATE store SET schema_version = 7", [])
        .unwrap();
    insta::assert_snapshot!(
        open(folder.path()).unwrap_err(),
        @"the data has schema version 7, this version of bowline reads up to 2"
    );
}

#[test]
fn a_commit_is_on_disk_before_it_returns() {
    let folder = tempfile::tempdir().unwrap();
    let (connection, _) = open::create(&folder.path().join("bowline.db")).unwrap();
    let journal: String = connection
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .unwrap();
    assert_eq!(journal, "wal");
    let synchronous: i64 = connection
        .pragma_query_value(None, "synchronous", |row| row.get(0))
        .unwrap();
    assert_eq!(synchronous, 2, "FULL");
}

#[tokio::test]
async fn a_commit_with_unknown_outcome_closes_the_store() {
    let folder = tempfile::tempdir().unwrap();
    drop(create(folder.path()));
    // The constraint is deferred, so it fails when the transaction ends.
    let trap = "CREATE TABLE there (id INTEGER PRIMARY KEY);
        CREATE TABLE here (id INTEGER REFERENCES there DEFERRABLE INITIALLY DEFERRED);
        CREATE TRIGGER trap AFTER INSERT ON record WHEN NEW.key LIKE 'trap/%'
        BEGIN INSERT INTO here VALUES (1); END;";
    Connection::open(folder.path().join("bowline.db"))
        .unwrap()
        .execute_batch(trap)
        .unwrap();
    let store = open(folder.path()).unwrap();
    let mut watch = store.watch(Revision::EMPTY).await.unwrap();
    let put = |key: &str| {
        let key = RecordKey::from_stored(key);
        store.commit(Transaction::new().put(key, b"{}".as_slice().into()))
    };
    put("good/1").await.unwrap();
    assert_eq!(
        watch.next().await.unwrap().revision,
        Revision::from_number(1)
    );
    put("trap/1").await.unwrap_err();
    assert_eq!(watch.next().await, Err(WatchError::Closed));
    let late = put("good/2").await;
    assert!(
        matches!(late, Err(CommitError::Store(StoreError::Closed))),
        "{late:?}"
    );
}

#[test]
fn a_new_database_has_the_current_schema_version() {
    let folder = tempfile::tempdir().unwrap();
    drop(create(folder.path()));
    let version: i64 = Connection::open(folder.path().join("bowline.db"))
        .unwrap()
        .query_row("SELECT schema_version FROM store", [], |row| row.get(0))
        .unwrap();
    assert_eq!(version, open::SCHEMA_VERSION);
}

/// A store with some records, as a killed process leaves it: its last commits are in the log.
async fn killed(folder: &Path) -> (Vec<u8>, Vec<u8>) {
    let store = create(folder);
    for number in 0..40 {
        let key = RecordKey::from_stored(&format!("user/{number}"));
        let put = Transaction::new().put(key, vec![b'x'; 500].as_slice().into());
        store.commit(put).await.unwrap();
    }
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let files = (read("bowline.db"), read("bowline.db-wal"));
    drop(store);
    std::fs::write(folder.join("bowline.db"), &files.0).unwrap();
    std::fs::write(folder.join("bowline.db-wal"), &files.1).unwrap();
    files
}

#[tokio::test]
async fn a_log_that_was_cut_flipped_or_removed_is_refused_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (database, log) = killed(folder.path()).await;
    let [database_path, log_path] =
        ["bowline.db", "bowline.db-wal"].map(|name| folder.path().join(name));
    let mut flipped = log.clone();
    flipped[log.len() / 2] ^= 1;
    for damaged in [&log[..log.len() / 2], &[], &flipped, &vec![0; log.len()]] {
        std::fs::write(&log_path, damaged).unwrap();
        let opened = open(folder.path());
        assert!(
            matches!(
                opened,
                Err(StoreError::Older { .. } | StoreError::Damaged(_))
            ),
            "{opened:?}"
        );
        assert_eq!(std::fs::read(&log_path).unwrap(), damaged);
        assert_eq!(std::fs::read(&database_path).unwrap(), database);
    }
    std::fs::write(&log_path, &log).unwrap();
    let store = open(folder.path()).unwrap();
    assert_eq!(store.snapshot().await.unwrap().records.len(), 40);
}

#[tokio::test]
async fn any_flipped_byte_of_the_database_is_refused_or_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (_, _) = killed(folder.path()).await;
    // All of it is in the database.
    let store = open(folder.path()).unwrap();
    let before = store.snapshot().await.unwrap();
    drop(store);
    let path = folder.path().join("bowline.db");
    let whole = std::fs::read(&path).unwrap();
    let mut refused = 0;
    for at in (0..whole.len()).step_by(37) {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x04;
        std::fs::write(&path, &flipped).unwrap();
        match open(folder.path()) {
            Ok(store) => assert_eq!(store.snapshot().await.unwrap(), before, "{at}"),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > whole.len() / 37 / 3, "{refused}");
}

#[tokio::test]
async fn an_empty_file_in_place_of_the_database_is_refused_and_its_log_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (_, log) = killed(folder.path()).await;
    std::fs::write(folder.path().join("bowline.db"), "").unwrap();
    insta::assert_snapshot!(
        open(folder.path()).unwrap_err().to_string().replace(folder.path().to_str().unwrap(), "[folder]"),
        @"the store is damaged"
    );
    assert_eq!(
        std::fs::read(folder.path().join("bowline.db-wal")).unwrap(),
        log
    );
}

#[tokio::test]
async fn an_older_store_and_another_one_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bowline.db");
    drop(create(folder.path()));
    let older = std::fs::read(&path).unwrap();
    let store = open(folder.path()).unwrap();
    let put = Transaction::new().put(RecordKey::from_stored("user/1"), b"{}".as_slice().into());
    store.commit(put).await.unwrap();
    drop(store);
    std::fs::write(&path, older).unwrap();
    insta::assert_snapshot!(open(folder.path()).unwrap_err(), @"the store is at revision 0, and revision 1 was acknowledged: the commits after it are lost");
    let other = tempfile::tempdir().unwrap();
    drop(create(other.path()));
    std::fs::copy(other.path().join("bowline.db"), &path).unwrap();
    insta::assert_snapshot!(open(folder.path()).unwrap_err(), @"the store is that of another server");
}
