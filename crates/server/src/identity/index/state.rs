//! The identity state of this server: the store and the current index.
//!
//! [`IdentityState`] owns the store. A task follows the store's watch and swaps the index; readers
//! take the current one without waiting. A [commit](IdentityState::commit) returns once this
//! server's index contains it, so a client reads its own writes.

use std::sync::Arc;

use arc_swap::ArcSwap;
use bowline_iam::account::AccountId;
use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::{OwnedMutexGuard, watch},
    task::JoinHandle,
};

use super::{Index, IndexError, account_locks::AccountLocks, quotas::QuotaExceeded};
use crate::{
    crypto::{
        keyring::{Keyring, KeyringRecord},
        master_key::MasterKey,
        seal::SealError,
    },
    identity::{
        entity::{FeatureLevel, Lease, ServerId},
        store::{
            CommitError, Revision, Store, StoreError, Transaction, Watch, WatchError,
            transaction::InvalidTransaction,
        },
    },
};

/// How often an update is tried when other transactions come first.
const MAX_ATTEMPTS: usize = 16;

/// The store, the index that it feeds, and the task between them.
#[derive(Debug)]
pub struct IdentityState {
    shared: Arc<Shared>,
    follower: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    store: Arc<dyn Store>,
    master_key: Arc<MasterKey>,
    server: ServerId,
    index: ArcSwap<Index>,
    account_locks: AccountLocks,
    /// The revision of the index, and whether it is still updated.
    progress: watch::Sender<Progress>,
}

#[derive(Clone, Copy, Debug)]
struct Progress {
    revision: Revision,
    live: bool,
}

/// Why there is no [`IdentityState`].
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The store cannot be read.
    #[error("reading the store")]
    Store(#[from] StoreError),
    /// This build must not read the records, or the master key is another one.
    #[error("reading the records")]
    Index(#[from] IndexError),
}

/// Why an [update](IdentityState::update) did not happen.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError<E> {
    /// The decision was to refuse it.
    #[error("the update was refused")]
    Refused(E),
    /// It creates more than an account may have.
    #[error(transparent)]
    Quota(QuotaExceeded),
    /// Other transactions came first, every time.
    #[error("the records were changed by others {MAX_ATTEMPTS} times in a row")]
    Busy,
    /// No store accepts the transaction.
    #[error(transparent)]
    Invalid(InvalidTransaction),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

/// This build does not know a feature level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this version of bowline does not know the feature level")]
pub struct UnknownFeatureLevel;

impl IdentityState {
    /// Reads the store and follows it. Call it on a runtime.
    ///
    /// # Errors
    /// [`LoadError`] if the store cannot be read, or this build must not read it.
    pub async fn start(
        store: Arc<dyn Store>,
        master_key: Arc<MasterKey>,
        server: ServerId,
    ) -> Result<Self, LoadError> {
        let snapshot = store.snapshot().await?;
        let index = Index::build(&snapshot, &master_key)?;
        log_new_kinds(&Index::default(), &index);
        let revision = index.revision();
        let watch = store.watch(revision).await?;
        let live = true;
        let shared = Arc::new(Shared {
            store,
            master_key,
            server,
            index: ArcSwap::from_pointee(index),
            account_locks: AccountLocks::default(),
            progress: watch::Sender::new(Progress { revision, live }),
        });
        let follower = tokio::spawn(follow(Arc::clone(&shared), watch));
        Ok(Self { shared, follower })
    }

    /// The current index. Wait-free. A request takes it once and uses only that one.
    pub fn current(&self) -> Arc<Index> {
        self.shared.index.load_full()
    }

    /// Whether the index is still updated. Once it is not, the server is not ready until a restart.
    pub fn is_live(&self) -> bool {
        self.shared.progress.borrow().live
    }

    /// The store.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.shared.store)
    }

    /// This server's id.
    pub(crate) fn server(&self) -> ServerId {
        self.shared.server
    }

    /// What is wrong with the store although it works, for its operator.
    pub fn problem(&self) -> Option<&'static str> {
        self.shared.store.problem()
    }

    /// The key that long-term secrets are sealed under.
    pub fn master_key(&self) -> &Arc<MasterKey> {
        &self.shared.master_key
    }

    /// A lease for work on a bucket or table that this server begins at `now`. None while the
    /// store's feature level is older than leases.
    pub fn lease(&self, now: Timestamp) -> Option<Lease> {
        let allowed = self.current().feature_level() >= FeatureLevel::LEASES;
        allowed.then(|| Lease::new(self.shared.server, now))
    }

    /// Whether another server is at work under this lease, so that this one must leave the record
    /// alone. A start reconciles only records for which this is false.
    pub fn is_leased_elsewhere(&self, lease: Option<&Lease>, now: Timestamp) -> bool {
        Lease::excludes(lease, self.shared.server, now)
    }

    /// Commits, and returns once the current index contains the commit. An empty transaction
    /// changes nothing.
    ///
    /// # Errors
    /// [`CommitError`]. After [`CommitError::Conflict`] the current index contains the transaction
    /// that came first, so it is worth deciding again. After [`CommitError::Store`] it is unknown
    /// whether the transaction was applied.
    pub async fn commit(&self, transaction: Transaction) -> Result<Revision, CommitError> {
        let format = transaction.newest_format();
        if format > self.current().feature_level().record_format() {
            return Err(InvalidTransaction::FormatNotEnabled { format }.into());
        }
        let level = transaction.required_level();
        if level > self.current().feature_level().number() {
            return Err(InvalidTransaction::KindNotEnabled { level }.into());
        }
        match self.shared.store.commit(transaction).await {
            Ok(revision) => {
                self.reach(revision).await?;
                Ok(revision)
            }
            Err(error) => {
                if let CommitError::Conflict(_) = error {
                    self.catch_up().await?;
                }
                Err(error)
            }
        }
    }

    /// Decides on the current index and commits; decides again if another transaction came first.
    /// New records count against the quotas of their accounts.
    ///
    /// # Errors
    /// [`UpdateError`].
    pub async fn update<T, E>(
        &self,
        decide: impl FnMut(&Index) -> Result<(Transaction, T), E>,
    ) -> Result<T, UpdateError<E>> {
        self.update_locked(None, decide).await
    }

    /// The same for a transaction that changes an account's quotas. It conflicts with all that
    /// count against them, so it does not run beside them.
    ///
    /// # Errors
    /// [`UpdateError`].
    pub async fn update_quotas<T, E>(
        &self,
        account: AccountId,
        decide: impl FnMut(&Index) -> Result<(Transaction, T), E>,
    ) -> Result<T, UpdateError<E>> {
        let lock = self.shared.account_locks.lock(account).await;
        self.update_locked(Some(lock), decide).await
    }

    async fn update_locked<T, E>(
        &self,
        mut lock: Option<OwnedMutexGuard<()>>,
        mut decide: impl FnMut(&Index) -> Result<(Transaction, T), E>,
    ) -> Result<T, UpdateError<E>> {
        for _ in 0..MAX_ATTEMPTS {
            let mut index = self.current();
            let (mut transaction, mut outcome) = decide(&index).map_err(UpdateError::Refused)?;
            if let (None, Some(account)) = (&lock, index.charged(&transaction)) {
                lock = Some(self.shared.account_locks.lock(account).await);
                // Others may have committed while this one waited.
                let now = self.current();
                if now.revision() != index.revision() {
                    index = now;
                    (transaction, outcome) = decide(&index).map_err(UpdateError::Refused)?;
                }
            }
            let transaction = index.admit(transaction).map_err(UpdateError::Quota)?;
            match self.commit(transaction).await {
                Ok(_) => return Ok(outcome),
                Err(CommitError::Conflict(_)) => {}
                Err(CommitError::Invalid(error)) => return Err(UpdateError::Invalid(error)),
                Err(CommitError::Store(error)) => return Err(UpdateError::Store(error)),
            }
        }
        Err(UpdateError::Busy)
    }

    /// Returns once the current index contains every commit before the call, of any server.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        let latest = self.shared.store.latest().await?;
        self.reach(latest).await
    }

    /// Creates a keyring if there is none. A store without one is new, so it also gets the newest
    /// feature level.
    ///
    /// # Errors
    /// [`UpdateError`].
    pub async fn ensure_keyring(&self, now: Timestamp) -> Result<(), UpdateError<SealError>> {
        self.update(|index| {
            if index.keyring_record().is_some() {
                return Ok((Transaction::new(), ()));
            }
            let record = KeyringRecord::generate(&self.shared.master_key, now)?;
            let mut transaction = Transaction::new().create(&record);
            if index.feature_level() == FeatureLevel::EARLIEST {
                transaction = transaction.create(&FeatureLevel::NEWEST);
            }
            Ok((transaction, ()))
        })
        .await
    }

    /// Raises the store's feature level. Call it once every server of the store runs a build that
    /// knows `level`; older builds then refuse the store. A level that is not higher changes
    /// nothing.
    ///
    /// # Errors
    /// [`UpdateError`]. This build refuses levels that it does not know.
    pub async fn raise_feature_level(
        &self,
        level: FeatureLevel,
    ) -> Result<(), UpdateError<UnknownFeatureLevel>> {
        self.update(|index| {
            if level > FeatureLevel::NEWEST {
                return Err(UnknownFeatureLevel);
            }
            let transaction = match &index.feature_level {
                _ if level <= index.feature_level() => Transaction::new(),
                Some(stored) => Transaction::new().update(&level, stored.revision),
                None => Transaction::new().create(&level),
            };
            Ok((transaction, ()))
        })
        .await
    }

    /// Adds a key to the keyring, which seals after `publish_for`. With `revoke`, all earlier keys
    /// are dropped at once, and every session with them. Returns the new keyring.
    ///
    /// # Errors
    /// [`UpdateError`].
    pub async fn rotate_keyring(
        &self,
        revoke: bool,
        publish_for: SignedDuration,
        now: Timestamp,
    ) -> Result<Arc<Keyring>, UpdateError<SealError>> {
        let master_key = &self.shared.master_key;
        self.update(|index| match index.keyring_record() {
            Some(stored) if !revoke => {
                let record = stored.record.rotate(master_key, now, publish_for)?;
                Ok((Transaction::new().update(&record, stored.revision), ()))
            }
            Some(stored) => {
                let record = KeyringRecord::generate(master_key, now)?;
                Ok((Transaction::new().update(&record, stored.revision), ()))
            }
            None => {
                let record = KeyringRecord::generate(master_key, now)?;
                Ok((Transaction::new().create(&record), ()))
            }
        })
        .await?;
        Ok(Arc::clone(self.current().keyring()))
    }

    /// Waits until the current index is at `revision` or later.
    async fn reach(&self, revision: Revision) -> Result<(), StoreError> {
        let mut progress = self.shared.progress.subscribe();
        let reached = progress
            .wait_for(|progress| progress.revision >= revision || !progress.live)
            .await
            .map_err(|_| StoreError::Closed)?;
        if reached.revision >= revision {
            Ok(())
        } else {
            Err(StoreError::Closed)
        }
    }
}

impl IdentityState {
    /// Stops following the store, and closes it.
    pub async fn close(mut self) {
        self.follower.abort();
        // Cancelled, or ended before that.
        let _ = (&mut self.follower).await;
    }
}

impl Drop for IdentityState {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

/// Applies each commit to the index, until one cannot be applied.
async fn follow(shared: Arc<Shared>, mut watch: Box<dyn Watch>) {
    loop {
        let next = match watch.next().await {
            Ok(batch) => {
                let current = shared.index.load_full();
                current.after(&batch, &shared.master_key)
            }
            Err(WatchError::Compacted(_)) => match reread(&shared, &mut watch).await {
                Ok(index) => Ok(index),
                Err(LoadError::Index(error)) => Err(error),
                Err(LoadError::Store(error)) => {
                    tracing::error!(%error, "The store cannot be read; the index is no longer updated");
                    break;
                }
            },
            Err(WatchError::Closed) => break,
        };
        match next {
            Ok(index) => {
                log_new_kinds(&shared.index.load(), &index);
                shared.publish(index);
            }
            Err(error) => {
                tracing::error!(%error, "A commit cannot be read; the index is no longer updated");
                break;
            }
        }
    }
    shared
        .progress
        .send_modify(|progress| progress.live = false);
}

/// Starts over from a snapshot after the watch fell behind.
async fn reread(shared: &Shared, watch: &mut Box<dyn Watch>) -> Result<Index, LoadError> {
    let snapshot = shared.store.snapshot().await?;
    let index = Index::build(&snapshot, &shared.master_key)?;
    *watch = shared.store.watch(index.revision()).await?;
    Ok(index)
}

/// Logs the unknown kinds of records that `after` skips and `before` did not.
fn log_new_kinds(before: &Index, after: &Index) {
    for (kind, _) in after.skipped() {
        if !before.skipped.contains_key(kind) {
            tracing::warn!(
                record.kind = kind,
                "Records of kind `{kind}` are skipped: this version of bowline does not know them"
            );
        }
    }
}

impl Shared {
    fn publish(&self, index: Index) {
        let revision = index.revision();
        self.index.store(Arc::new(index));
        self.progress
            .send_modify(|progress| progress.revision = revision);
    }
}
