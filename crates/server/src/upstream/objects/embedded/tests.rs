//! The embedded store against a map, against hostile files, and across crashes.

use std::collections::BTreeMap;

use bowline_aws::{
    error::{AwsError, Code},
    s3::Preconditions,
};
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::upstream::objects::{
    CopyMetadata, CopySource, ListPosition, ListedEntry, Piece, Unsupported,
};

mod index;
mod uploads;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
}

fn bucket() -> UpstreamBucket {
    "insights".parse().unwrap()
}

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

fn object(only_if_absent: bool) -> NewObject {
    NewObject {
        headers: BTreeMap::new(),
        user: BTreeMap::new(),
        modified: Timestamp::UNIX_EPOCH,
        only_if_absent,
    }
}

fn body(data: &str) -> UploadStream {
    let pieces = [
        Ok(Piece::Data(Bytes::from(data.to_owned()))),
        Ok(Piece::End { checksum: None }),
    ];
    Box::pin(stream::iter(pieces))
}

async fn put(store: &EmbeddedObjects, name: &str, data: &str) {
    store
        .put(&bucket(), &key(name), object(false), body(data))
        .await
        .unwrap();
}

async fn get(store: &EmbeddedObjects, name: &str) -> Option<String> {
    let open = match store.open(&bucket(), &key(name)).await {
        Ok(open) => open,
        Err(ObjectError::NoSuchKey) => return None,
        Err(error) => panic!("{error:?}"),
    };
    let data: Vec<Bytes> = (open.read)(0..open.info.length)
        .try_collect()
        .await
        .unwrap();
    Some(String::from_utf8(data.concat()).unwrap())
}

async fn fresh(root: &Path) -> EmbeddedObjects {
    let store = EmbeddedObjects::open(root).unwrap();
    store.create_bucket(&bucket()).await.unwrap();
    store
}

fn entries(path: &Path) -> usize {
    std::fs::read_dir(path).unwrap().count()
}

/// The listing of a sorted map.
fn model(keys: &BTreeMap<String, String>, query: &ListQuery) -> (Vec<String>, bool) {
    let mut out: Vec<String> = Vec::new();
    for key in keys.keys() {
        let past = match &query.after {
            None => true,
            Some(ListPosition::AfterKey(mark)) => key > mark,
            Some(ListPosition::AfterPrefix(mark)) => key > mark && !key.starts_with(mark),
        };
        let Some(rest) = key.strip_prefix(&query.prefix).filter(|_| past) else {
            continue;
        };
        let shown = match rest
            .find(&query.delimiter)
            .filter(|_| !query.delimiter.is_empty())
        {
            Some(at) => format!(
                "{}*",
                key.split_at(query.prefix.len() + at + query.delimiter.len())
                    .0
            ),
            None => key.clone(),
        };
        if out.last() != Some(&shown) {
            out.push(shown);
        }
    }
    let truncated = query.max > 0 && out.len() > query.max;
    out.truncate(query.max);
    (out, truncated)
}

fn shown(page: &ListPage) -> (Vec<String>, bool) {
    let entries = page.entries.iter().map(|entry| match entry {
        ListedEntry::Object(key, _) => key.clone(),
        ListedEntry::CommonPrefix(prefix) => format!("{prefix}*"),
    });
    (entries.collect(), page.truncated)
}

fn any_key() -> impl Strategy<Value = String> {
    "(([a-b.]|A|%61|ü|-|0|~|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?){0,3}/){0,3}[ab.-]{0,2}"
        .prop_filter("a key", |text| ObjectKey::new(text.as_str()).is_ok())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_listing_is_that_of_a_sorted_map(
        keys in proptest::collection::vec((any_key(), any::<bool>()), 1..14),
        prefix in "[ab./]{0,2}", delimiter in "(|/|a|b/)", after in proptest::option::of((any_key(), any::<bool>())), max in 0usize..6,
    ) {
        let folder = tempfile::tempdir().unwrap();
        runtime().block_on(async {
            let store = fresh(folder.path()).await;
            let mut map = BTreeMap::new();
            for (n, (name, keep)) in keys.iter().enumerate() {
                put(&store, name, &n.to_string()).await;
                map.insert(name.clone(), n.to_string());
                if !keep {
                    store.delete(&bucket(), &key(name)).await.unwrap();
                    map.remove(name);
                }
            }
            for (name, _) in &keys {
                prop_assert_eq!(get(&store, name).await, map.get(name).cloned());
            }
            let after = after.map(|(mark, whole)| if whole { ListPosition::AfterPrefix(mark) } else { ListPosition::AfterKey(mark) });
            let query = ListQuery { prefix, delimiter, after, max };
            let page = store.list(&bucket(), query.clone()).await.unwrap();
            prop_assert_eq!(shown(&page), model(&map, &query));
            for name in map.keys() {
                prop_assert!(matches!(store.delete_bucket(&bucket()).await, Err(ObjectError::BucketNotEmpty)));
                store.delete(&bucket(), &key(name)).await.unwrap();
            }
            store.delete_bucket(&bucket()).await.unwrap();
            Ok(())
        })?;
    }
}

#[test]
fn every_key_is_an_object_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = fresh(folder.path()).await;
        let (long, deep) = ("n".repeat(1024), "/".repeat(1024));
        let keys = [
            "a", "a/", "/a", "//a", "a//b", "./a", "b/./a", "b/../a", "b/..", "A", "%61",
            ".hidden", "\0", "a\\b", "ü", &long, &deep,
        ];
        for name in keys {
            put(&store, name, name).await;
        }
        for name in keys {
            assert_eq!(get(&store, name).await.as_deref(), Some(name));
        }
        let page = store
            .list(
                &bucket(),
                ListQuery {
                    max: 1000,
                    ..ListQuery::default()
                },
            )
            .await
            .unwrap();
        assert_eq!(page.entries.len(), keys.len());
    });
}

#[test]
fn a_body_without_an_end_stores_nothing() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = fresh(folder.path()).await;
        put(&store, "a", "old").await;
        let rejected = || Err(AwsError::new(Code::BadDigest, "no"));
        let bodies: [Vec<Result<Piece, AwsError>>; 3] = [
            vec![Ok(Piece::Data(Bytes::from_static(b"new"))), rejected()],
            vec![Ok(Piece::Data(Bytes::from_static(b"new")))],
            vec![],
        ];
        for pieces in bodies {
            let put = store
                .put(
                    &bucket(),
                    &key("a"),
                    object(false),
                    Box::pin(stream::iter(pieces)),
                )
                .await;
            assert!(put.is_err());
            assert_eq!(get(&store, "a").await.as_deref(), Some("old"));
        }
        assert_eq!(
            std::fs::read_dir(folder.path().join("uploads"))
                .unwrap()
                .count(),
            0
        );
        let absent = store
            .put(&bucket(), &key("a"), object(true), body("new"))
            .await;
        assert!(
            matches!(absent, Err(ObjectError::AlreadyExists)),
            "{absent:?}"
        );
        assert_eq!(get(&store, "a").await.as_deref(), Some("old"));
    });
}

#[test]
fn a_start_removes_the_uploads_that_a_crash_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = fresh(folder.path()).await;
        put(&store, "a/b", "kept").await;
        drop(store);
        std::fs::write(folder.path().join("uploads/7"), "half").unwrap();
        std::fs::create_dir_all(folder.path().join("buckets/insights/dx/dy")).unwrap();
        let store = EmbeddedObjects::open(folder.path()).unwrap();
        assert_eq!(
            std::fs::read_dir(folder.path().join("uploads"))
                .unwrap()
                .count(),
            0
        );
        assert_eq!(get(&store, "a/b").await.as_deref(), Some("kept"));
        store.delete(&bucket(), &key("a/b")).await.unwrap();
        store.delete_bucket(&bucket()).await.unwrap();
        assert!(matches!(
            store.open(&bucket(), &key("a")).await,
            Err(ObjectError::NoSuchBucket)
        ));
        let put = store
            .put(&bucket(), &key("a"), object(false), body("x"))
            .await;
        assert!(matches!(put, Err(ObjectError::NoSuchBucket)), "{put:?}");
    });
}

#[test]
fn a_damaged_object_does_not_hide_the_others() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = fresh(folder.path()).await;
        for name in ["a", "b", "c/d", "e"] {
            put(&store, name, "kept").await;
        }
        let root = folder.path().join("buckets/insights");
        for file in ["fb", "dc/fd"] {
            std::fs::write(root.join(file), "half of an obj").unwrap();
        }
        let all = |delimiter: &str| ListQuery {
            delimiter: delimiter.to_owned(),
            max: 4,
            ..ListQuery::default()
        };
        // They are listed: a damaged object exists.
        for (delimiter, third) in [("", "c/d"), ("/", "c/*")] {
            let page = store.list(&bucket(), all(delimiter)).await.unwrap();
            let listed = ["a", "b", third, "e"].map(str::to_owned).to_vec();
            assert_eq!(shown(&page), (listed, false));
        }
        let read = store.open(&bucket(), &key("b")).await;
        assert!(matches!(read, Err(ObjectError::Damaged)), "{read:?}");
        // A damaged object is not deleted by itself, so its bucket is not empty.
        let removed = store.delete_bucket(&bucket()).await;
        assert!(
            matches!(removed, Err(ObjectError::BucketNotEmpty)),
            "{removed:?}"
        );
        put(&store, "b", "mended").await;
        store.delete(&bucket(), &key("c/d")).await.unwrap();
        assert_eq!(get(&store, "b").await.as_deref(), Some("mended"));
        let page = store.list(&bucket(), all("")).await.unwrap();
        assert_eq!(shown(&page).0, ["a", "b", "e"]);
        assert!(store.damage() > 0);
    });
}

/// What a whole read gives: the bytes before the end, and whether it ended in an error.
async fn read_whole(store: &EmbeddedObjects, name: &str) -> Result<(usize, bool), ObjectError> {
    let open = store.open(&bucket(), &key(name)).await?;
    let mut data = (open.read)(0..open.info.length);
    let mut bytes = 0;
    while let Some(piece) = data.next().await {
        match piece {
            Ok(piece) => bytes += piece.len(),
            Err(ObjectError::Damaged) => return Ok((bytes, false)),
            Err(error) => panic!("{error:?}"),
        }
    }
    Ok((bytes, true))
}

#[test]
fn a_whole_read_never_ends_well_if_a_byte_of_the_file_is_another() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = fresh(folder.path()).await;
        for (name, length) in [("small", 1_000), ("large", 200_000)] {
            put(&store, name, &"data ".repeat(length / 5)).await;
            let path = folder.path().join(format!("buckets/insights/f{name}"));
            let whole = std::fs::read(&path).unwrap();
            for at in (0..whole.len())
                .step_by(whole.len() / 40)
                .chain(length..whole.len())
            {
                let mut flipped = whole.clone();
                flipped[at] ^= 0x40;
                std::fs::write(&path, flipped).unwrap();
                match read_whole(&store, name).await {
                    Ok((bytes, whole)) => assert!(!whole && bytes < length, "{name} {at} {bytes}"),
                    Err(ObjectError::Damaged) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
            std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
            let cut = read_whole(&store, name).await;
            assert!(matches!(cut, Err(ObjectError::Damaged)), "{cut:?}");
            std::fs::write(&path, &whole).unwrap();
            assert_eq!(read_whole(&store, name).await.unwrap(), (length, true));
        }
        // The file of another object is not this one's.
        let root = folder.path().join("buckets/insights");
        std::fs::copy(root.join("flarge"), root.join("fsmall")).unwrap();
        let swapped = read_whole(&store, "small").await;
        assert!(matches!(swapped, Err(ObjectError::Damaged)), "{swapped:?}");
    });
}

#[test]
fn a_snapshot_has_the_objects_of_its_moment_and_no_damaged_one() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = fresh(folder.path()).await;
        put(&store, "a/large", &"data ".repeat(40_000)).await;
        put(&store, "b", "at first").await;
        put(&store, "old", "data").await;
        let mut snapshot = store.begin_snapshot().unwrap();
        // Written before the moment, and linked by it.
        put(&store, "b", "before it").await;
        put(&store, "d/e", "new").await;
        put(&store, "gone", "new").await;
        store.delete(&bucket(), &key("gone")).await.unwrap();
        store.delete(&bucket(), &key("old")).await.unwrap();
        snapshot.fix().unwrap();
        put(&store, "b", "after").await;
        put(&store, "c", "later").await;
        store.delete(&bucket(), &key("d/e")).await.unwrap();
        snapshot.check().unwrap();
        let read = || {
            let mut files = BTreeMap::new();
            let visited = snapshot.visit(|path, file| {
                let mut bytes = Vec::new();
                file.read(false, |piece| {
                    bytes.extend_from_slice(piece);
                    Ok::<_, ObjectError>(())
                })?;
                assert_eq!(bytes.len() as u64, file.length()?);
                files.insert(path, bytes);
                Ok::<_, ObjectError>(())
            });
            visited.map(|()| files)
        };
        let files = read().unwrap();
        let paths: Vec<_> = files.keys().collect();
        let all = ["da/flarge", "dd/fe", "fb"].map(|path| format!("buckets/insights/{path}"));
        assert_eq!(paths, all.each_ref());
        assert!(files["buckets/insights/fb"].starts_with(b"before it"));
        let path = folder.path().join("buckets/insights/da/flarge");
        let mut flipped = std::fs::read(&path).unwrap();
        flipped[70_000] ^= 1;
        std::fs::write(&path, flipped).unwrap();
        assert!(matches!(read(), Err(ObjectError::Damaged)));
        drop(snapshot);
        assert!(!folder.path().join("snapshot").exists());
    });
}

#[test]
fn multipart_uploads_copies_and_tags_are_unsupported() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = fresh(folder.path()).await;
        put(&store, "a", "kept").await;
        let source = CopySource {
            bucket: bucket(),
            key: key("a"),
            preconditions: Preconditions::default(),
        };
        let (bucket, b) = (bucket(), key("b"));
        let copied = store.copy(source, &bucket, &b, CopyMetadata::Keep).await;
        let begun = store.create_upload(&bucket, &b, object(false)).await;
        let tagged = store.set_tags(&bucket, &key("a"), BTreeMap::new()).await;
        for (result, what) in [
            (copied.map(drop), Unsupported::Copies),
            (begun.map(drop), Unsupported::MultipartUploads),
            (tagged, Unsupported::Tags),
        ] {
            assert!(matches!(result, Err(ObjectError::Unsupported(found)) if found == what));
        }
        assert_eq!(get(&store, "b").await, None);
    });
}

#[test]
fn links_are_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = fresh(folder.path()).await;
        put(&store, "a/b", "inside").await;
        let root = folder.path().join("buckets/insights");
        std::os::unix::fs::symlink(root.join("da/fb"), root.join("flink")).unwrap();
        std::os::unix::fs::symlink(root.join("da"), root.join("dlink")).unwrap();
        for name in ["link", "link/b"] {
            let read = store.open(&bucket(), &key(name)).await;
            assert!(
                matches!(read, Err(ObjectError::Damaged)),
                "{name}: {read:?}"
            );
        }
        let put = store
            .put(&bucket(), &key("link/c"), object(false), body("x"))
            .await;
        assert!(put.is_err(), "{put:?}");
        assert!(!root.join("da/fc").exists());
    });
}

#[test]
fn a_new_bucket_does_not_take_over_the_content_of_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let root = folder.path().join("buckets/insights");
        for name in ["a", "a/b", "a/b/c"] {
            let store = fresh(folder.path()).await;
            put(&store, name, "secret").await;
            let created = store.create_bucket(&bucket()).await;
            assert!(
                matches!(created, Err(ObjectError::BucketNotEmpty)),
                "{created:?}"
            );
            // The content may belong to another account, so it stays.
            assert_eq!(get(&store, name).await.as_deref(), Some("secret"));
            store.delete(&bucket(), &key(name)).await.unwrap();
        }
        let store = fresh(folder.path()).await;
        std::fs::write(root.join("no key makes this"), "secret").unwrap();
        let created = store.create_bucket(&bucket()).await;
        assert!(
            matches!(created, Err(ObjectError::BucketNotEmpty)),
            "{created:?}"
        );
    });
}

#[test]
fn an_interrupted_creation_is_resumed() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = EmbeddedObjects::open(folder.path()).unwrap();
        let root = folder.path().join("buckets/insights");
        std::fs::create_dir_all(root.join("dx/dy")).unwrap();
        store.create_bucket(&bucket()).await.unwrap();
        assert_eq!(entries(&root), 0);
        put(&store, "x/y", "kept").await;
        assert_eq!(get(&store, "x/y").await.as_deref(), Some("kept"));
    });
}
