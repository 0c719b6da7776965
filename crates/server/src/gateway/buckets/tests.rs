//! Records of buckets, step by step, with others in between and after steps that were cut short.

use jiff::Timestamp;

use super::*;
use crate::{
    entity::Account, gateway::upstream::folder::FolderStore, master_key::MasterKey,
    store::MemoryStore,
};

struct World {
    folder: tempfile::TempDir,
    objects: FolderStore,
    state: State,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let objects = FolderStore::open(folder.path()).unwrap();
        let master_key = Arc::new(MasterKey::generate().unwrap());
        let state = State::start(Arc::new(MemoryStore::new()), master_key)
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
        self.folder.path().join("buckets/insights")
    }
}

/// What a request at this time would make.
fn bucket(nanosecond: i64) -> entity::Bucket {
    entity::Bucket {
        name: "insights".to_owned(),
        owner: "432797229265".parse().unwrap(),
        region: "us-east-1".to_owned(),
        upstream: EMBEDDED.to_owned(),
        state: BucketState::Creating,
        created: Timestamp::from_nanosecond(nanosecond.into()).unwrap(),
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
    assert_eq!(world.take(&first).await, Err(Code::OperationAborted));
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
async fn what_the_slower_removal_took_from_a_new_bucket_is_given_back() {
    let world = World::new().await;
    let name = "insights".parse().unwrap();
    restore(&world.state, &world.objects, &name).await;
    assert!(!world.bucket_folder().exists());
    world.with(BucketState::Active).await;
    restore(&world.state, &world.objects, &name).await;
    assert!(world.bucket_folder().exists());
}

#[tokio::test]
async fn a_start_ends_what_was_under_way() {
    let world = World::new().await;
    world.with(BucketState::Creating).await;
    recover(&world.state, &world.objects).await.unwrap();
    assert_eq!(world.now(), Some(BucketState::Active));
    assert!(world.bucket_folder().exists());

    let world = World::new().await;
    world.with(BucketState::Deleting).await;
    recover(&world.state, &world.objects).await.unwrap();
    assert_eq!(world.now(), None);

    let world = World::new().await;
    world.with(BucketState::Deleting).await;
    world.leave_an_object();
    recover(&world.state, &world.objects).await.unwrap();
    assert_eq!(world.now(), Some(BucketState::Active));
}

#[tokio::test]
async fn a_start_gives_up_a_name_whose_folder_holds_objects_of_another() {
    let world = World::new().await;
    world.with(BucketState::Creating).await;
    world.leave_an_object();
    recover(&world.state, &world.objects).await.unwrap();
    assert_eq!(world.now(), None);
    assert!(world.bucket_folder().join("a").exists());
}
