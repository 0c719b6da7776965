//! Records of buckets, step by step, with other requests in between and after interrupted steps.

use bowline_aws::sigv4::ContentSha256;

use super::{
    super::{
        S3Error,
        testing::{TestGateway, TestRequest, account},
    },
    *,
};
use crate::{
    identity::{
        entity::{FeatureLevel, Lease, ServerId, lease::LEASE_DURATION},
        index::BucketEntry,
    },
    upstream::{EMBEDDED, objects::ListQuery},
};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

impl TestGateway {
    /// The first step of a `CreateBucket`.
    async fn reserve(&self, bucket: &Bucket) -> Result<(), Code> {
        let reserved = update(&self.state, |index| reserve_name(index, bucket)).await;
        reserved.map_err(|error| error.code())
    }

    /// Stores the record of a bucket in this state.
    async fn with(&self, state: BucketState) -> Bucket {
        let bucket = Bucket { state, ..bucket(1) };
        let transaction = Transaction::new().create(&bucket);
        self.state.commit(transaction).await.unwrap();
        bucket
    }

    fn now(&self) -> Option<BucketState> {
        let index = self.state.current();
        index.bucket("insights").map(|bucket| bucket.record.state)
    }

    /// Puts an object into the bucket's folder.
    fn leave_an_object(&self) {
        let folder = self.bucket_folder();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("a"), "x").unwrap();
    }

    fn bucket_folder(&self) -> std::path::PathBuf {
        self.folder
            .path()
            .join("buckets")
            .join(bucket(1).id.as_str())
    }
}

/// The record that a request at this time writes.
fn bucket(nanosecond: i64) -> Bucket {
    Bucket {
        name: "insights".to_owned(),
        id: format!("insights.{nanosecond}").parse().unwrap(),
        owner: account(),
        region: "us-east-1".to_owned(),
        upstream: EMBEDDED.to_owned(),
        upstream_bucket: None,
        state: BucketState::Creating,
        created: Timestamp::from_nanosecond(nanosecond.into()).unwrap(),
        lease: None,
    }
}

fn code(result: Result<(), AwsError>) -> Result<(), Code> {
    result.map_err(|error| error.code())
}

#[tokio::test]
async fn a_name_of_another_account_is_a_conflict() {
    let world = TestGateway::new().await;
    world.reserve(&bucket(1)).await.unwrap();
    let other = Bucket {
        owner: "111122223333".parse().unwrap(),
        ..bucket(2)
    };
    assert_eq!(world.reserve(&other).await, Err(Code::BucketAlreadyExists));
}

#[tokio::test]
async fn of_two_creations_the_last_to_reserve_the_name_completes() {
    let world = TestGateway::new().await;
    let (first, second) = (bucket(1), bucket(2));
    world.reserve(&first).await.unwrap();
    world.reserve(&second).await.unwrap();
    let late = activate(&world.state, &first).await;
    assert_eq!(code(late), Err(Code::OperationAborted));
    assert_eq!(world.now(), Some(BucketState::Creating));
    activate(&world.state, &second).await.unwrap();
    let late = delete(&world.state, &first).await;
    assert_eq!(code(late), Err(Code::OperationAborted));
    assert_eq!(world.now(), Some(BucketState::Active));
}

#[tokio::test]
async fn a_late_creation_does_not_restore_a_bucket_that_is_being_deleted() {
    let world = TestGateway::new().await;
    let made = bucket(1);
    world.reserve(&made).await.unwrap();
    activate(&world.state, &made).await.unwrap();
    let active = Bucket {
        state: BucketState::Active,
        ..made.clone()
    };
    begin_delete(&world.state, &active, NOW).await.unwrap();
    let late = activate(&world.state, &made).await;
    assert_eq!(code(late), Err(Code::OperationAborted));
    assert_eq!(world.now(), Some(BucketState::Deleting));
}

#[tokio::test]
async fn an_interrupted_deletion_is_resumed() {
    let world = TestGateway::new().await;
    // Each request has a lease of its own time.
    let raised = world.state.raise_feature_level(FeatureLevel::LEASES);
    raised.await.unwrap();
    let known = world.with(BucketState::Deleting).await;
    assert!(may_resume_delete(&known, known.owner));
    assert!(!may_resume_delete(&known, "111122223333".parse().unwrap()));
    assert!(!may_resume_delete(&bucket(1), known.owner));
    let first = begin_delete(&world.state, &known, NOW).await.unwrap();
    let later = NOW + jiff::SignedDuration::from_secs(1);
    let second = begin_delete(&world.state, &known, later).await.unwrap();
    assert_ne!(first.lease, second.lease);
    delete(&world.state, &first).await.unwrap();
    assert_eq!(world.now(), None);
    // Two requests that complete it both succeed.
    delete(&world.state, &second).await.unwrap();
    // A third finds another bucket and leaves it alone.
    world.reserve(&bucket(2)).await.unwrap();
    let late = delete(&world.state, &second).await;
    assert_eq!(code(late), Err(Code::OperationAborted));
    let late = begin_delete(&world.state, &known, NOW).await.map(drop);
    assert_eq!(code(late), Err(Code::OperationAborted));
    assert_eq!(world.now(), Some(BucketState::Creating));
}

#[tokio::test]
async fn a_start_leaves_alone_what_another_server_works_on() {
    let world = TestGateway::new().await;
    let raised = world.state.raise_feature_level(FeatureLevel::LEASES);
    raised.await.unwrap();
    let server = ServerId::new([1; 16]);
    let leased = Bucket {
        lease: Some(Lease::new(server, NOW)),
        ..bucket(1)
    };
    let transaction = Transaction::new().create(&leased);
    world.state.commit(transaction).await.unwrap();
    recover(&world.state, &world.upstreams, NOW).await.unwrap();
    assert_eq!(world.now(), Some(BucketState::Creating));
    let expired = NOW + LEASE_DURATION;
    recover(&world.state, &world.upstreams, expired)
        .await
        .unwrap();
    assert_eq!(world.now(), Some(BucketState::Active));
}

#[tokio::test]
async fn a_start_completes_interrupted_operations() {
    let world = TestGateway::new().await;
    world.with(BucketState::Creating).await;
    recover(&world.state, &world.upstreams, NOW).await.unwrap();
    assert_eq!(world.now(), Some(BucketState::Active));
    assert!(world.bucket_folder().exists());

    let world = TestGateway::new().await;
    world.with(BucketState::Deleting).await;
    recover(&world.state, &world.upstreams, NOW).await.unwrap();
    assert_eq!(world.now(), None);

    let world = TestGateway::new().await;
    world.with(BucketState::Deleting).await;
    world.leave_an_object();
    recover(&world.state, &world.upstreams, NOW).await.unwrap();
    assert_eq!(world.now(), Some(BucketState::Active));
}

#[tokio::test]
async fn a_start_leaves_a_bucket_of_an_unknown_upstream_as_it_is() {
    let world = TestGateway::new().await;
    let elsewhere = Bucket {
        upstream: "minio".to_owned(),
        ..bucket(1)
    };
    let transaction = Transaction::new().create(&elsewhere);
    world.state.commit(transaction).await.unwrap();
    recover(&world.state, &world.upstreams, NOW).await.unwrap();
    assert_eq!(world.now(), Some(BucketState::Creating));
    let unknown = world.upstreams.for_bucket(&elsewhere).map(drop);
    insta::assert_snapshot!(unknown.unwrap_err(), @"`arn:aws:s3:::insights` is stored in the upstream `minio`, which is not configured: configure a store of objects with that name");
}

#[tokio::test]
async fn a_request_for_a_bucket_of_an_unknown_upstream_is_an_internal_error() {
    let world = TestGateway::new().await;
    let elsewhere = Bucket {
        upstream: "minio".to_owned(),
        state: BucketState::Active,
        ..bucket(1)
    };
    let transaction = Transaction::new().create(&elsewhere);
    world.state.commit(transaction).await.unwrap();
    let request = TestRequest {
        method: "GET",
        target: "/insights/a",
        headers: &[],
        body: "",
        content: ContentSha256::Unsigned,
    };
    let Err(S3Error::Request(error)) = world.handle(request).await else {
        panic!("the request succeeded");
    };
    assert_eq!(error.client.status(Protocol::S3), 500);
    insta::assert_snapshot!(error.internal.unwrap(), @"`arn:aws:s3:::insights` is stored in the upstream `minio`, which is not configured: configure a store of objects with that name");
}

#[tokio::test]
async fn a_start_frees_a_name_whose_folder_has_objects_of_another_bucket() {
    let world = TestGateway::new().await;
    world.with(BucketState::Creating).await;
    world.leave_an_object();
    recover(&world.state, &world.upstreams, NOW).await.unwrap();
    assert_eq!(world.now(), None);
    assert!(world.bucket_folder().join("a").exists());
}

#[tokio::test]
async fn a_failed_creation_leaves_the_name_free_and_nothing_in_the_store() {
    let world = TestGateway::new().await;
    let made = bucket(1);
    world.reserve(&made).await.unwrap();
    world
        .objects
        .create_bucket(&made.upstream_bucket())
        .await
        .unwrap();
    roll_back_create(&world.state, &world.objects, &made).await;
    assert_eq!(world.now(), None);
    assert!(!world.bucket_folder().exists());
}

#[tokio::test]
async fn a_failed_creation_leaves_alone_the_one_that_resumed_it() {
    let world = TestGateway::new().await;
    let (first, second) = (bucket(1), bucket(2));
    world.reserve(&first).await.unwrap();
    world
        .objects
        .create_bucket(&first.upstream_bucket())
        .await
        .unwrap();
    world.reserve(&second).await.unwrap();
    world
        .objects
        .create_bucket(&second.upstream_bucket())
        .await
        .unwrap();
    activate(&world.state, &second).await.unwrap();
    roll_back_create(&world.state, &world.objects, &first).await;
    assert_eq!(world.now(), Some(BucketState::Active));
    assert!(!world.bucket_folder().exists());
    let query = ListQuery::default();
    world
        .objects
        .list(&second.upstream_bucket(), query)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_request_permitted_for_a_bucket_does_nothing_to_the_next_of_its_name() {
    let world = TestGateway::new().await;
    let store = &world.objects;
    world.with(BucketState::Active).await;
    let index = world.state.current();
    let before = index.bucket("insights").unwrap();
    let after = BucketEntry {
        record: Arc::new(Bucket {
            state: BucketState::Active,
            ..bucket(2)
        }),
        revision: before.revision,
    };
    let stored = |entry: &BucketEntry| entry.record.upstream_bucket();
    store.create_bucket(&stored(before)).await.unwrap();
    // All of these are permitted now, and handled once the store has another bucket.
    store.delete_bucket(&stored(before)).await.unwrap();
    store.create_bucket(&stored(&after)).await.unwrap();
    let late = async |method, target| handle_late(&world, method, target, before).await;
    // The bucket is gone, so its deletion succeeds.
    assert_eq!(late("DELETE", "/insights").await, Ok(()));
    assert_eq!(late("PUT", "/insights/a").await, Err(Code::NoSuchBucket));
    assert_eq!(late("GET", "/insights/a").await, Err(Code::NoSuchBucket));
    assert_eq!(late("DELETE", "/insights/a").await, Err(Code::NoSuchBucket));
    let list = late("GET", "/insights?list-type=2").await;
    assert_eq!(list, Err(Code::NoSuchBucket));

    let twin = handle_late(&world, "GET", "/insights/a", &after).await;
    assert_eq!(twin, Err(Code::NoSuchKey));
    let twin = handle_late(&world, "PUT", "/insights/a", &after).await;
    assert_eq!(twin, Ok(()));
}

#[tokio::test]
async fn a_bucket_that_its_store_has_lost_is_an_error_and_not_missing() {
    let world = TestGateway::new().await;
    world.with(BucketState::Active).await;
    let index = world.state.current();
    let lost = index.bucket("insights").unwrap();
    for (method, target) in [
        ("GET", "/insights/a"),
        ("PUT", "/insights/a"),
        ("GET", "/insights?list-type=2"),
    ] {
        let handled = handle_late(&world, method, target, lost).await;
        assert_eq!(handled, Err(Code::InternalFailure), "{method} {target}");
    }
}

/// Handles a request that was permitted for this bucket.
async fn handle_late(
    world: &TestGateway,
    method: &str,
    target: &str,
    bucket: &BucketEntry,
) -> Result<(), Code> {
    let request = TestRequest {
        method,
        target,
        headers: &[],
        body: if method == "PUT" { "x" } else { "" },
        content: ContentSha256::Unsigned,
    };
    let bucket = Arc::new(bucket.clone());
    match world.handle_permitted(request, bucket).await {
        Ok(_) => Ok(()),
        Err(S3Error::NoSuchKey(_)) => Err(Code::NoSuchKey),
        Err(S3Error::Request(error)) => Err(error.client.code()),
    }
}
