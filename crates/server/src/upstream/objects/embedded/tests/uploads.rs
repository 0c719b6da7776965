//! Uploads while other requests change the store, and slow clients.

use super::*;

/// A body that is still streaming while `meanwhile` runs.
fn body_during(meanwhile: impl Future<Output = ()> + Send + 'static) -> UploadStream {
    // An upload that polls for data has begun.
    let data = stream::once(async { Ok(Piece::Data(Bytes::from_static(b"secret"))) });
    let end = stream::once(async {
        meanwhile.await;
        Ok(Piece::End { checksum: None })
    });
    Box::pin(data.chain(end))
}

/// Puts to `name` while `meanwhile` changes the store.
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

#[test]
fn an_upload_is_not_stored_in_a_later_bucket_of_the_same_name() {
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
fn an_upload_is_stored_nowhere_once_its_bucket_is_deleted() {
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
fn an_upload_survives_the_pruning_of_its_folder() {
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
fn uploads_succeed_while_deletes_prune_their_folders() {
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
fn an_upload_of_many_pieces_is_stored_in_order() {
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
fn slow_clients_block_no_thread() {
    let folder = tempfile::tempdir().unwrap();
    // Many more slow clients than threads.
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
