//! The embedded store against a map, against hostile files, and across crashes.

use std::collections::BTreeMap;

use bowline_aws::error::{AwsError, Code};
use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::upstream::objects::{ListPosition, ListedEntry, Piece};

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

/// What a listing should be, said plainly.
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
    fn it_lists_as_a_sorted_map_does(
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
fn a_body_that_does_not_end_well_stores_nothing() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = fresh(folder.path()).await;
        put(&store, "a", "old").await;
        let refused = || Err(AwsError::new(Code::BadDigest, "no"));
        let bodies: [Vec<Result<Piece, AwsError>>; 3] = [
            vec![Ok(Piece::Data(Bytes::from_static(b"new"))), refused()],
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
fn what_a_crash_left_is_gone_after_a_start() {
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
            max: 2,
            ..ListQuery::default()
        };
        for delimiter in ["", "/"] {
            let page = store.list(&bucket(), all(delimiter)).await.unwrap();
            let listed = (vec!["a".to_owned(), "e".to_owned()], false);
            assert_eq!(shown(&page), listed);
        }
        let read = store.open(&bucket(), &key("b")).await;
        assert!(matches!(read, Err(ObjectError::Damaged)), "{read:?}");
        // Nothing is given up by itself: a bucket with what is left of objects is not empty.
        let removed = store.delete_bucket(&bucket()).await;
        assert!(
            matches!(removed, Err(ObjectError::BucketNotEmpty)),
            "{removed:?}"
        );
        put(&store, "b", "mended").await;
        store.delete(&bucket(), &key("c/d")).await.unwrap();
        assert_eq!(get(&store, "b").await.as_deref(), Some("mended"));
        let page = store.list(&bucket(), all("")).await.unwrap();
        assert_eq!(shown(&page), (vec!["a".to_owned(), "b".to_owned()], true));
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
        assert_eq!(get(&store, "link").await, None);
        assert_eq!(get(&store, "link/b").await, None);
        let put = store
            .put(&bucket(), &key("link/c"), object(false), body("x"))
            .await;
        assert!(put.is_err(), "{put:?}");
        assert!(!root.join("da/fc").exists());
    });
}

/// A body that is still being sent while `meanwhile` happens.
fn body_during(meanwhile: impl Future<Output = ()> + Send + 'static) -> UploadStream {
    // Whoever asks for a piece has begun.
    let data = stream::once(async { Ok(Piece::Data(Bytes::from_static(b"secret"))) });
    let end = stream::once(async {
        meanwhile.await;
        Ok(Piece::End { checksum: None })
    });
    Box::pin(data.chain(end))
}

/// Puts to `name` while `meanwhile` happens to the store.
async fn put_during<F>(
    store: &EmbeddedObjects,
    name: &str,
    only_if_absent: bool,
    meanwhile: impl FnOnce(EmbeddedObjects) -> F,
) -> Result<ObjectInfo, ObjectError>
where
    F: Future<Output = ()> + Send + 'static,
{
    let body = body_during(meanwhile(store.clone()));
    store
        .put(&bucket(), &key(name), object(only_if_absent), body)
        .await
}

fn entries(path: &Path) -> usize {
    std::fs::read_dir(path).unwrap().count()
}

#[test]
fn an_upload_does_not_end_in_a_later_bucket_of_the_same_name() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = fresh(folder.path()).await;
        for name in ["a", "a/b", "a/b/c"] {
            for only_if_absent in [false, true] {
                let put = put_during(
                    &store,
                    name,
                    only_if_absent,
                    async |store: EmbeddedObjects| {
                        store.delete_bucket(&bucket()).await.unwrap();
                        store.create_bucket(&bucket()).await.unwrap();
                    },
                )
                .await;
                assert!(matches!(put, Err(ObjectError::NoSuchBucket)), "{put:?}");
                assert_eq!(get(&store, name).await, None);
                assert_eq!(entries(&folder.path().join("buckets/insights")), 0);
                assert_eq!(entries(&folder.path().join("uploads")), 0);
            }
        }
    });
}

#[test]
fn an_upload_does_not_use_the_folders_of_a_later_bucket() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = fresh(folder.path()).await;
        put(&store, "a/b", "old").await;
        let upload = put_during(&store, "a/b", false, async |store: EmbeddedObjects| {
            store.delete(&bucket(), &key("a/b")).await.unwrap();
            store.delete_bucket(&bucket()).await.unwrap();
            store.create_bucket(&bucket()).await.unwrap();
            put(&store, "a/b", "theirs").await;
        })
        .await;
        assert!(
            matches!(upload, Err(ObjectError::NoSuchBucket)),
            "{upload:?}"
        );
        assert_eq!(get(&store, "a/b").await.as_deref(), Some("theirs"));
    });
}

#[test]
fn an_upload_ends_nowhere_once_its_bucket_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = fresh(folder.path()).await;
        let put = put_during(&store, "a/b", false, async |store: EmbeddedObjects| {
            store.delete_bucket(&bucket()).await.unwrap();
        })
        .await;
        assert!(matches!(put, Err(ObjectError::NoSuchBucket)), "{put:?}");
        assert_eq!(entries(&folder.path().join("buckets")), 0);
    });
}

#[test]
fn an_upload_outlives_that_its_folder_is_pruned() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = fresh(folder.path()).await;
        put(&store, "a/b", "old").await;
        put_during(&store, "a/c", false, async |store: EmbeddedObjects| {
            store.delete(&bucket(), &key("a/b")).await.unwrap();
        })
        .await
        .unwrap();
        assert_eq!(get(&store, "a/c").await, Some("secret".to_owned()));
    });
}

#[test]
fn a_new_bucket_does_not_take_over_what_lies_in_its_folder() {
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
            // Refused, not cleared away: it is somebody's.
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
fn a_creation_that_a_crash_cut_short_is_taken_up() {
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

#[test]
fn uploads_end_well_while_deletes_prune_their_folders() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = fresh(folder.path()).await;
        let work = async |name: &str| {
            for _ in 0..50 {
                put(&store, name, "data").await;
                store.delete(&bucket(), &key(name)).await.unwrap();
            }
        };
        tokio::join!(work("a/b/c"), work("a/b/d"), work("a/e"));
        store.delete_bucket(&bucket()).await.unwrap();
    });
}

#[test]
fn an_upload_of_many_pieces_is_put_together_in_order() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = fresh(folder.path()).await;
        let letters = (0..600_000u64).map(|at| b'a' + u8::try_from(at * at / 7 % 26).unwrap());
        let data: String = letters.map(char::from).collect();
        let pieces: Vec<_> = data
            .as_bytes()
            .chunks(10_007)
            .map(|piece| Ok(Piece::Data(Bytes::copy_from_slice(piece))))
            .chain([Ok(Piece::End { checksum: None })])
            .collect();
        assert_eq!(data.len() as u64 / JOB_BYTES, 9);
        let body: UploadStream = Box::pin(stream::iter(pieces));
        let info = store
            .put(&bucket(), &key("a"), object(false), body)
            .await
            .unwrap();
        assert_eq!(
            info.etag.as_str(),
            format!("{:x}", <md5::Md5 as md5::Digest>::digest(&data))
        );
        assert_eq!(get(&store, "a").await, Some(data));
    });
}

#[test]
fn clients_that_are_slow_hold_no_thread() {
    let folder = tempfile::tempdir().unwrap();
    // As if there were one slow client more than threads, many times over.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(1)
        .enable_time()
        .build()
        .unwrap();
    let served = async {
        let store = fresh(folder.path()).await;
        let large = "x".repeat(usize::try_from(4 * JOB_BYTES).unwrap());
        put(&store, "large", &large).await;
        let mut slow = Vec::new();
        for number in 0..32 {
            let store = store.clone();
            let (begun, waits) = tokio::sync::oneshot::channel();
            let upload = tokio::spawn(async move {
                let data = stream::once(async { Ok(Piece::Data(Bytes::from_static(b"x"))) });
                let silence = stream::once(async {
                    begun.send(()).unwrap();
                    std::future::pending().await
                });
                let body: UploadStream = Box::pin(data.chain(silence));
                let key = key(&format!("slow/{number}"));
                store.put(&bucket(), &key, object(false), body).await
            });
            waits.await.unwrap();
            slow.push(upload);
        }
        let mut half_read = Vec::new();
        for _ in 0..32 {
            let open = store.open(&bucket(), &key("large")).await.unwrap();
            let mut data = (open.read)(0..open.info.length);
            data.next().await.unwrap().unwrap();
            half_read.push(data);
        }
        put(&store, "quick", "x").await;
        assert_eq!(get(&store, "quick").await.as_deref(), Some("x"));
        assert!(slow.iter().all(|upload| !upload.is_finished()));
        for data in half_read {
            let rest: Vec<Bytes> = data.try_collect().await.unwrap();
            assert_eq!(rest.concat().len() as u64, 3 * JOB_BYTES);
        }
    };
    let bound = std::time::Duration::from_mins(1);
    runtime
        .block_on(async { tokio::time::timeout(bound, served).await })
        .unwrap();
}
