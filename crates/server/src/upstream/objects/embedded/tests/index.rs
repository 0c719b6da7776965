//! Files that are lost or older than they must be, rows that a crash lost, and the index itself.

use std::{fs, path::PathBuf};

use super::*;
use crate::upstream::objects::embedded::{check, index::row::Row};

/// A snapshot, as a backup takes it.
fn snapshot(store: &EmbeddedObjects) -> io::Result<snapshot::ObjectSnapshot> {
    let mut snapshot = store.begin_snapshot()?;
    snapshot.fix()?;
    snapshot.check()?;
    Ok(snapshot)
}

fn file_of(folder: &Path, key: &str) -> PathBuf {
    folder
        .join("buckets")
        .join(name::object_path("insights", key))
}

async fn listed(store: &EmbeddedObjects) -> Vec<String> {
    let query = ListQuery {
        max: 1000,
        ..ListQuery::default()
    };
    shown(&store.list(&bucket(), query).await.unwrap()).0
}

fn generation(store: &EmbeddedObjects, key: &str) -> Option<u64> {
    let row = store.0.index.rows().get("insights", key).unwrap();
    row.map(|row| row.generation)
}

/// A store as a killed process leaves it: nothing is closed.
fn kill(store: EmbeddedObjects, folder: &Path) -> tempfile::TempDir {
    let killed = copy_of(folder);
    drop(store);
    killed
}

fn copy_of(folder: &Path) -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let to = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                copy(&entry.path(), &to);
            } else if !entry.path().to_string_lossy().ends_with("-shm") {
                fs::copy(entry.path(), &to).unwrap();
            }
        }
    }
    let copied = tempfile::tempdir().unwrap();
    copy(folder, copied.path());
    copied
}

fn assert_damaged<T: std::fmt::Debug>(result: &Result<T, ObjectError>) {
    assert!(matches!(result, Err(ObjectError::Damaged)), "{result:?}");
}

#[test]
fn an_object_that_lost_its_file_is_damaged_until_it_is_stored_or_deleted() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = fresh(folder.path()).await;
        for name in ["a/b", "a/c", "kept"] {
            put(&store, name, "data").await;
        }
        for name in ["a/b", "a/c"] {
            fs::remove_file(file_of(folder.path(), name)).unwrap();
        }
        // The folder too, as a repair of the file system does.
        fs::remove_dir(folder.path().join("buckets/insights/da")).unwrap();
        let killed = kill(store.clone(), folder.path());
        let restarted = EmbeddedObjects::open(killed.path()).unwrap();
        for store in [&store, &restarted] {
            assert_damaged(&store.open(&bucket(), &key("a/b")).await);
            assert_damaged(&store.info(&bucket(), &key("a/c")).await);
            assert_eq!(listed(store).await, ["a/b", "a/c", "kept"]);
            assert_eq!(get(store, "never").await, None);
            assert_eq!(store.damage(), 2);
        }
        assert!(snapshot(&store).is_err());
        let absent = object(true);
        let created = store
            .put(&bucket(), &key("a/b"), absent, body("other"))
            .await;
        assert!(matches!(created, Err(ObjectError::AlreadyExists)));
        put(&store, "a/b", "again").await;
        store.delete(&bucket(), &key("a/c")).await.unwrap();
        assert_eq!(get(&store, "a/b").await.as_deref(), Some("again"));
        assert_eq!(get(&store, "a/c").await, None);
        assert_eq!(listed(&store).await, ["a/b", "kept"]);
        snapshot(&store).unwrap();
    });
}

#[test]
fn a_bucket_whose_objects_lost_their_files_is_not_empty() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = fresh(folder.path()).await;
        put(&store, "a", "data").await;
        fs::remove_file(file_of(folder.path(), "a")).unwrap();
        for result in [
            store.delete_bucket(&bucket()).await,
            store.create_bucket(&bucket()).await,
        ] {
            assert!(matches!(result, Err(ObjectError::BucketNotEmpty)));
        }
        store.delete(&bucket(), &key("a")).await.unwrap();
        store.delete_bucket(&bucket()).await.unwrap();
    });
}

#[test]
fn an_older_file_of_the_same_object_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = fresh(folder.path()).await;
        let path = file_of(folder.path(), "a");
        put(&store, "a", "first").await;
        let older = fs::read(&path).unwrap();
        put(&store, "a", "other").await;
        let taken = snapshot(&store).unwrap();
        drop(taken);
        fs::write(&path, &older).unwrap();
        assert_damaged(&store.open(&bucket(), &key("a")).await);
        let taken = snapshot(&store).unwrap();
        let read = taken.visit(|_, file| file.read(false, |_| Ok::<_, ObjectError>(())));
        assert_damaged(&read);
        drop(taken);
        // Neither does a restart take it, in order or not.
        let killed = kill(store, folder.path());
        for folder in [folder.path(), killed.path()] {
            let store = EmbeddedObjects::open(folder).unwrap();
            assert_damaged(&store.open(&bucket(), &key("a")).await);
            assert_eq!(store.damage(), 1);
            put(&store, "a", "third").await;
            assert_eq!(get(&store, "a").await.as_deref(), Some("third"));
        }
    });
}

#[test]
fn a_snapshot_takes_no_object_that_was_stored_later_for_damage() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = fresh(folder.path()).await;
        put(&store, "a", "first").await;
        let taken = snapshot(&store).unwrap();
        put(&store, "a", "other").await;
        taken
            .visit(|_, file| file.read(false, |_| Ok::<_, ObjectError>(())))
            .unwrap();
    });
}

#[test]
fn rows_that_a_kill_lost_are_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = fresh(folder.path()).await;
        for name in ["new", "replaced", "kept"] {
            put(&store, name, "first").await;
        }
        let rows: Vec<Row> = ["new", "replaced"]
            .map(|key| store.0.index.rows().get("insights", key).unwrap().unwrap())
            .into();
        put(&store, "replaced", "other one").await;
        let last = generation(&store, "replaced");
        // The two moments between a file and its row: of a put and of a delete alike.
        store.0.index.delete("insights", "new").unwrap();
        store
            .0
            .index
            .put("insights", "replaced", rows[1].clone())
            .unwrap();
        let killed = kill(store.clone(), folder.path());
        // A read writes them, and so does a start.
        let started = EmbeddedObjects::open(killed.path()).unwrap();
        for (store, is_started) in [(store, false), (started, true)] {
            if is_started {
                assert_eq!(listed(&store).await, ["kept", "new", "replaced"]);
                assert_eq!(generation(&store, "replaced"), last);
            }
            assert_eq!(get(&store, "new").await.as_deref(), Some("first"));
            assert_eq!(get(&store, "replaced").await.as_deref(), Some("other one"));
            assert_eq!(store.damage(), 0);
            assert_eq!(listed(&store).await, ["kept", "new", "replaced"]);
            assert_eq!(generation(&store, "replaced"), last);
            assert_eq!(generation(&store, "new"), Some(rows[0].generation));
            put(&store, "new", "later").await;
            assert!(generation(&store, "new") > last);
        }
    });
}

#[test]
fn writers_of_one_key_never_leave_a_file_and_a_row_that_differ() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = fresh(folder.path()).await;
        let writers = (0..12).map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for n in 0..8 {
                    if (writer + n) % 5 == 0 {
                        store.delete(&bucket(), &key("a/b")).await.unwrap();
                    } else {
                        put(&store, "a/b", &format!("{writer} {n}")).await;
                    }
                    get(&store, "a/b").await;
                    listed(&store).await;
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        let exists = get(&store, "a/b").await.is_some();
        assert_eq!(listed(&store).await.len(), usize::from(exists));
        assert_eq!(store.damage(), 0);
    });
}

#[test]
fn a_store_without_an_index_gets_one_and_a_lost_index_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = fresh(folder.path()).await;
        for name in ["a", "b/c"] {
            put(&store, name, "data").await;
        }
        drop(store);
        let remove_index = || ObjectIndex::remove(folder.path()).unwrap();
        let files = || {
            let mut names: Vec<_> = fs::read_dir(folder.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name())
                .collect();
            names.sort();
            names
        };
        remove_index();
        let before = files();
        for _ in 0..2 {
            let refused = EmbeddedObjects::open(folder.path()).unwrap_err();
            assert!(refused.to_string().contains("--repair-index"), "{refused}");
            assert_eq!(files(), before);
        }
        check::rebuild_index(folder.path()).unwrap();
        let store = EmbeddedObjects::open(folder.path()).unwrap();
        assert_eq!(listed(&store).await, ["a", "b/c"]);
        put(&store, "a", "later").await;
        assert_eq!(get(&store, "a").await.as_deref(), Some("later"));
        drop(store);
        // As an earlier version stored them.
        for name in ["a", "b/c"] {
            let path = file_of(folder.path(), name);
            let name = footer::Name {
                bucket: "insights",
                key: name,
            };
            footer::tests::as_format_2(&path, name);
        }
        remove_index();
        let store = EmbeddedObjects::open(folder.path()).unwrap();
        assert_eq!(listed(&store).await, ["a", "b/c"]);
        assert_eq!(generation(&store, "a"), Some(0));
        assert_eq!(get(&store, "a").await.as_deref(), Some("later"));
        // From now on, the index knows them.
        fs::copy(file_of(folder.path(), "a"), folder.path().join("older")).unwrap();
        put(&store, "a", "newest").await;
        fs::rename(folder.path().join("older"), file_of(folder.path(), "a")).unwrap();
        assert_damaged(&store.open(&bucket(), &key("a")).await);
    });
}

#[test]
fn a_damaged_index_is_refused_or_serves_everything() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = fresh(folder.path()).await;
        for n in 0..40 {
            put(&store, &format!("key {n}"), "data").await;
        }
        let killed = kill(store, folder.path());
        let path = killed.path().join("index.db-wal");
        let whole = fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(whole.len() / 60) {
            let trial = copy_of(killed.path());
            let mut flipped = whole.clone();
            flipped[at] ^= 0x20;
            fs::write(trial.path().join("index.db-wal"), flipped).unwrap();
            let Ok(store) = EmbeddedObjects::open(trial.path()) else {
                continue;
            };
            assert_eq!(listed(&store).await.len(), 40);
            for n in 0..40 {
                assert!(get(&store, &format!("key {n}")).await.is_some());
            }
        }
    });
}

#[test]
fn the_check_names_lost_and_older_files_and_a_new_index_accepts_them() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = fresh(folder.path()).await;
        for name in ["kept", "lost", "older", "flipped"] {
            put(&store, name, "first").await;
        }
        let older = fs::read(file_of(folder.path(), "older")).unwrap();
        put(&store, "older", "other").await;
        drop(store);
        fs::remove_file(file_of(folder.path(), "lost")).unwrap();
        fs::write(file_of(folder.path(), "older"), older).unwrap();
        let mut flipped = fs::read(file_of(folder.path(), "flipped")).unwrap();
        flipped[0] ^= 1;
        fs::write(file_of(folder.path(), "flipped"), flipped).unwrap();
        let check = || {
            let mut told = Vec::new();
            let objects = check::check(folder.path(), &mut |what| match what {
                check::Told::Read(_) => {}
                check::Told::Damaged(path, _) => told.push((path.to_owned(), false)),
                check::Told::Lost(path, _) => told.push((path.to_owned(), true)),
            });
            told.sort();
            (objects.unwrap(), told)
        };
        let found = |names: &[(&str, bool)]| {
            let mut all: Vec<_> = names
                .iter()
                .map(|(name, lost)| (file_of(folder.path(), name), *lost))
                .collect();
            all.sort();
            all
        };
        let expected = found(&[("flipped", false), ("lost", true), ("older", true)]);
        assert_eq!(check(), (3, expected));
        check::rebuild_index(folder.path()).unwrap();
        assert_eq!(check(), (3, found(&[("flipped", false)])));
        let store = EmbeddedObjects::open(folder.path()).unwrap();
        assert_eq!(get(&store, "lost").await, None);
        assert_eq!(get(&store, "older").await.as_deref(), Some("first"));
        assert_eq!(listed(&store).await, ["flipped", "kept", "older"]);
    });
}
