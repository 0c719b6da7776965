//! Records of buckets, step by step, with others in between and after steps that were cut short.

use bowline_aws::{
    s3::{S3Target, decode_query},
    sigv4::ContentSha256,
};
use jiff::Timestamp;

use super::*;
use crate::{
    crypto::master_key::MasterKey,
    identity::{
        entity::{Account, BucketId, ServerId},
        store::MemoryStore,
    },
    upstream::objects::{ListQuery, embedded::EmbeddedObjects},
};

struct World {
    folder: tempfile::TempDir,
    objects: EmbeddedObjects,
    state: IdentityState,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let objects = EmbeddedObjects::open(folder.path()).unwrap();
        let master_key = Arc::new(MasterKey::generate().unwrap());
        let state = IdentityState::start(
            Arc::new(MemoryStore::new()),
            master_key,
            ServerId::new([0; 16]),
        )
        .await
        .unwrap();
        let account = Account {
            id: bucket(1).owner,
            management: true,
            created: Timestamp::UNIX_EPOCH,
        };
        let transaction = Transaction::new().create(&account);
        state.commit(transaction).await.unwrap();
        Self {
            folder,
            objects,
            state,
        }
    }

    /// What a `CreateBucket` does first.
    async fn take(&self, bucket: &entity::Bucket) -> Result<(), Code> {
        let taken = update(&self.state, |index| take_name(index, bucket)).await;
        taken.map_err(|error| error.code())
    }

    /// A bucket whose record is in this state.
    async fn with(&self, state: BucketState) -> entity::Bucket {
        let bucket = entity::Bucket { state, ..bucket(1) };
        let transaction = Transaction::new().create(&bucket);
        self.state.commit(transaction).await.unwrap();
        bucket
    }

    fn upstreams(&self) -> Upstreams {
        Upstreams::default().with_objects(EMBEDDED, Arc::new(self.objects.clone()))
    }

    fn now(&self) -> Option<BucketState> {
        let index = self.state.current();
        index.bucket("insights").map(|bucket| bucket.record.state)
    }

    /// Puts an object where the store keeps those of the bucket.
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

/// What a request at this time would make.
fn bucket(nanosecond: i64) -> entity::Bucket {
    entity::Bucket {
        name: "insights".to_owned(),
        id: format!("insights.{nanosecond}").parse().unwrap(),
        owner: "432797229265".parse().unwrap(),
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
    let world = World::new().await;
    world.take(&bucket(1)).await.unwrap();
    let other = entity::Bucket {
        owner: "111122223333".parse().unwrap(),
        ..bucket(2)
    };
    assert_eq!(world.take(&other).await, Err(Code::BucketAlreadyExists));
}

#[tokio::test]
async fn of_two_that_make_a_bucket_the_last_to_take_its_name_ends() {
    let world = World::new().await;
    let (first, second) = (bucket(1), bucket(2));
    world.take(&first).await.unwrap();
    world.take(&second).await.unwrap();
    let late = activate(&world.state, &first).await;
    assert_eq!(code(late), Err(Code::OperationAborted));
    assert_eq!(world.now(), Some(BucketState::Creating));
    activate(&world.state, &second).await.unwrap();
    let late = give_name_up(&world.state, &first).await;
    assert_eq!(code(late), Err(Code::OperationAborted));
    assert_eq!(world.now(), Some(BucketState::Active));
}

#[tokio::test]
async fn a_bucket_that_is_being_removed_is_not_brought_back_by_who_made_it() {
    let world = World::new().await;
    let made = bucket(1);
    world.take(&made).await.unwrap();
    activate(&world.state, &made).await.unwrap();
    let active = entity::Bucket {
        state: BucketState::Active,
        ..made.clone()
    };
    begin_deleting(&world.state, &active).await.unwrap();
    let late = activate(&world.state, &made).await;
    assert_eq!(code(late), Err(Code::OperationAborted));
    assert_eq!(world.now(), Some(BucketState::Deleting));
}

#[tokio::test]
async fn a_removal_that_was_cut_short_is_taken_up() {
    let world = World::new().await;
    let known = world.with(BucketState::Deleting).await;
    assert!(may_end(&known, known.owner));
    assert!(!may_end(&known, "111122223333".parse().unwrap()));
    assert!(!may_end(&bucket(1), known.owner));
    let first = begin_deleting(&world.state, &known).await.unwrap();
    let second = begin_deleting(&world.state, &known).await.unwrap();
    give_name_up(&world.state, &first).await.unwrap();
    assert_eq!(world.now(), None);
    // Two that end it both have.
    give_name_up(&world.state, &second).await.unwrap();
    // A third finds another bucket, and leaves it alone.
    world.take(&bucket(2)).await.unwrap();
    let late = give_name_up(&world.state, &second).await;
    assert_eq!(code(late), Err(Code::OperationAborted));
    let late = begin_deleting(&world.state, &known).await.map(drop);
    assert_eq!(code(late), Err(Code::OperationAborted));
    assert_eq!(world.now(), Some(BucketState::Creating));
}

#[tokio::test]
async fn a_start_ends_what_was_under_way() {
    let world = World::new().await;
    world.with(BucketState::Creating).await;
    recover(&world.state, &world.upstreams()).await.unwrap();
    assert_eq!(world.now(), Some(BucketState::Active));
    assert!(world.bucket_folder().exists());

    let world = World::new().await;
    world.with(BucketState::Deleting).await;
    recover(&world.state, &world.upstreams()).await.unwrap();
    assert_eq!(world.now(), None);

    let world = World::new().await;
    world.with(BucketState::Deleting).await;
    world.leave_an_object();
    recover(&world.state, &world.upstreams()).await.unwrap();
    assert_eq!(world.now(), Some(BucketState::Active));
}

#[tokio::test]
async fn a_start_leaves_a_bucket_of_an_unknown_upstream_as_it_is() {
    let world = World::new().await;
    let elsewhere = entity::Bucket {
        upstream: "minio".to_owned(),
        ..bucket(1)
    };
    let transaction = Transaction::new().create(&elsewhere);
    world.state.commit(transaction).await.unwrap();
    recover(&world.state, &world.upstreams()).await.unwrap();
    assert_eq!(world.now(), Some(BucketState::Creating));
    let unknown = world.upstreams().for_bucket(&elsewhere).map(drop);
    insta::assert_snapshot!(unknown.unwrap_err(), @"`arn:aws:s3:::insights` is stored in the upstream `minio`, which is not configured: configure a store of objects with that name");
}

#[tokio::test]
async fn a_start_gives_up_a_name_whose_folder_holds_objects_of_another() {
    let world = World::new().await;
    world.with(BucketState::Creating).await;
    world.leave_an_object();
    recover(&world.state, &world.upstreams()).await.unwrap();
    assert_eq!(world.now(), None);
    assert!(world.bucket_folder().join("a").exists());
}

#[tokio::test]
async fn a_creation_that_failed_leaves_the_name_free_and_nothing_in_the_store() {
    let world = World::new().await;
    let made = bucket(1);
    world.take(&made).await.unwrap();
    world
        .objects
        .create_bucket(&made.upstream_bucket())
        .await
        .unwrap();
    give_up(&world.state, &world.objects, &made).await;
    assert_eq!(world.now(), None);
    assert!(!world.bucket_folder().exists());
}

#[tokio::test]
async fn a_creation_that_failed_leaves_alone_who_took_the_name_over() {
    let world = World::new().await;
    let (first, second) = (bucket(1), bucket(2));
    world.take(&first).await.unwrap();
    world
        .objects
        .create_bucket(&first.upstream_bucket())
        .await
        .unwrap();
    world.take(&second).await.unwrap();
    world
        .objects
        .create_bucket(&second.upstream_bucket())
        .await
        .unwrap();
    activate(&world.state, &second).await.unwrap();
    give_up(&world.state, &world.objects, &first).await;
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
async fn what_was_permitted_for_a_bucket_does_nothing_to_the_next_of_its_name() {
    let world = World::new().await;
    let (before, after) = (bucket(1), bucket(2));
    world
        .objects
        .create_bucket(&before.upstream_bucket())
        .await
        .unwrap();
    // All of these are permitted now, and carried out once the name has gone to somebody else.
    world
        .objects
        .delete_bucket(&before.upstream_bucket())
        .await
        .unwrap();
    world
        .objects
        .create_bucket(&after.upstream_bucket())
        .await
        .unwrap();
    let late = |method: &'static str, target: &'static str| {
        let objects = &world.objects;
        let id = before.id.clone();
        async move { carried_out(objects, method, target, id).await }
    };
    assert_eq!(late("PUT", "/insights/a").await, Err(Code::NoSuchBucket));
    assert_eq!(late("GET", "/insights/a").await, Err(Code::NoSuchBucket));
    assert_eq!(late("DELETE", "/insights/a").await, Err(Code::NoSuchBucket));
    let list = late("GET", "/insights?list-type=2").await;
    assert_eq!(list, Err(Code::NoSuchBucket));
    // As good as done: it is gone.
    assert_eq!(late("DELETE", "/insights").await, Ok(()));

    let twin = carried_out(&world.objects, "GET", "/insights/a", after.id.clone()).await;
    assert_eq!(twin, Err(Code::NoSuchKey));
    let twin = carried_out(&world.objects, "PUT", "/insights/a", after.id.clone()).await;
    assert_eq!(twin, Ok(()));
}

/// Carries out a request that was permitted for the bucket with this id.
async fn carried_out(
    objects: &EmbeddedObjects,
    method: &str,
    target: &str,
    id: BucketId,
) -> Result<(), Code> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let request = bowline_aws::s3::OperationRequest {
        method,
        query: &decode_query(query).unwrap(),
        headers: &[("content-length", b"1")],
    };
    let target = S3Target::parse("127.0.0.1", path, &["localhost"]).unwrap();
    let bound = AuthorizedS3Operation {
        operation: Operation::parse(target, &request).unwrap(),
        bucket: Some(id),
    };
    let context = execute::Context {
        now: Timestamp::UNIX_EPOCH,
        content: ContentSha256::Unsigned,
        chunk_chain: None,
        owner: String::new(),
        region: "us-east-1",
        buckets: &[],
    };
    let body = http_body_util::Full::new(bytes::Bytes::from_static(b"x"));
    let done = execute::run(bound, objects, body, &context).await;
    done.map(drop).map_err(|error| error.code())
}
